"""
C3: a Gaussian control does not localize
========================================

What triggers localization? Draw Gaussian inputs with the mean and the covariance of each class, and
train the same net on them: all second-order statistics are there, and nothing else. Fields become
waves.

The numbers below are at full size, or, with ``--quick``, of smaller nets or shorter training.
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
# Then their spectra: on the clone nearly all power is in two modes, one of which may be the
# constant; a bump takes several. Right: the IPR of all units and seeds. On the clone hardly a
# unit exceeds noise, on the NLGP half of them do. The table has the other gains too: the IPR
# grows from that of the clone as the inputs depart from Gaussian ones.

found.draw("C3")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
