"""
C2: fields match convolutional filters
======================================

A convolutional net is told what the fully-connected one has to find out: that inputs are
translation-invariant. Trained on the same task, its filters are what the localized fields have
become, at some place and sign.

The numbers below are at full size, or, with ``--quick``, of smaller nets or shorter training.
"""

# %%
# Every quantity with what is expected of it. It holds if the number of every seed is as
# expected.

import sys

import matplotlib.pyplot as plt

from rfsk.claims import reproduce

found = reproduce("C2", quick="--quick" in sys.argv)
print(found.table())

# %%
# A field of median match laid over its filter, on the ring (left) and on the torus (middle), and
# the best match of every unit of all seeds with any of the filters (right). Smooth fields match
# one another at some shift whatever they are, and waves match waves: the bars show what 95 % of
# populations with the same spectra and random phases do not exceed. Localized fields are well
# above, the others are not. The filter on the ring has spikes at the ends of its window.

found.draw("C2")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
