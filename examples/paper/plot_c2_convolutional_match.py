"""
C2: fields match convolutional filters
======================================

A convolutional net is told what the fully-connected one has to find out: that inputs are
translation-invariant. Trained on the same task, its filters are what the localized fields have
become, at some place and sign.

The numbers below are at the paper's size, or, with ``--quick``, at a small one.
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
# the best match of every unit of all seeds (right): the half of the units that localizes
# matches, the other does not. Smooth bumps match one another by chance as well; the table
# therefore says by how much the match exceeds that of fields with the same spectrum and random
# phases. The spikes at the ends of the filter on the ring stand in for the surround that its
# window cuts off.

found.draw("C2")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
