"""
C1: fields localize and tile
============================

A fully-connected net that learns to tell apart two classes of translation-invariant inputs grows
localized receptive fields, which tile space: on a ring of 100 sites and on a torus. Nothing in the
net knows of space.

The numbers below are at full size, or, with ``--quick``, of smaller nets or shorter training.
"""

# %%
# Every quantity with what is expected of it. It holds if the number of every seed is as
# expected.

import sys

import matplotlib.pyplot as plt

from rfsk.claims import reproduce

found = reproduce("C1", quick="--quick" in sys.argv)
print(found.table())

# %%
# Left and middle: fields of the units whose bias starts positive, one net on each lattice (of
# the torus at most 25 of them). On the ring each is one bump, and they sit all around it: they
# cover more sites than bumps at random places would, and Rayleigh's test finds no preferred
# place. Right: how the IPR grows from that of noise, 3/D; the band is the range over seeds. The
# other units stay below noise: they oscillate.

found.draw("C1")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
