"""
C1: fields localize and tile
============================

A fully-connected net that learns to tell apart two classes of translation-invariant inputs grows
localized receptive fields, which tile space: on a ring of 100 sites and on a torus. Nothing in the
net knows of space.

The numbers below are at the paper's size, or, with ``--quick``, at a small one.
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
# Left and middle: the fields of the units whose bias starts positive, each one bump, and
# together all around the lattice. A coverage over that of random places above one, and a
# Rayleigh test that finds no preferred place, say that they tile. Right: how the IPR grows from
# that of noise, 3/D; the band is the range over seeds. The other units stay below noise: they
# oscillate.

found.draw("C1")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
