"""
C6: it holds for other units and inputs
=======================================

Neither the activation nor the NLGP matters: tanh and rectified units localize, and so do fields on
Ising spins and phi^4 fields. On the latter two both groups of units localize; each is compared with
the same group on the clone.

The numbers below are at full size, or, with ``--quick``, of smaller nets or shorter training.
"""

# %%
# Every quantity with what is expected of it. It holds if the number of every seed is as
# expected.

import sys

import matplotlib.pyplot as plt

from rfsk.claims import reproduce

found = reproduce("C6", quick="--quick" in sys.argv)
print(found.table())

# %%
# Above: the fields of all 40 units of one net each, scaled to their largest weight. Below: D x
# IPR of all units and seeds, on the inputs and on their Gaussian clone: 1.5 is a wave, 3 is
# noise. On spins and on the phi^4 field most units with b < 0 localize as well, others of them
# stay waves; how far they come differs from seed to seed.

found.draw("C6")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
