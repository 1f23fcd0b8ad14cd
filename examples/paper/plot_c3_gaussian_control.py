"""
C3: a Gaussian control does not localize
========================================

What triggers localization? Draw Gaussian inputs with the mean and the covariance of each class, and
train the same net on them: all second-order statistics are there, and nothing else. Fields become
waves.

The numbers below are at the paper's size, or, with ``--quick``, at a small one.
"""

# %%
# Every quantity with what is expected of it. It holds if the number of every seed is as
# expected.

import sys

import matplotlib.pyplot as plt

from rfsk.claims import reproduce

found = reproduce("C3", quick="--quick" in sys.argv)
print(found.table())

# %%
# Left: fields of units with b > 0 on the inputs and on their clone, on one scale of colours.
# Then their spectra: on the clone nearly all power is in one or two modes, a bump takes several.
# Right: the IPR of all units and seeds. On the clone no unit exceeds noise, on the NLGP half of
# them do.

found.draw("C3")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
