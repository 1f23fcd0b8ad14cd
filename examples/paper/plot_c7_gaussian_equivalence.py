"""
C7: Gaussian equivalence breaks when fields form
================================================

The loss of a net depends on its inputs through the local fields w.x alone. As long as these are
Gaussian to good approximation, a net does as well on the Gaussian clone as on its inputs, and a
formula predicts the loss. This breaks when fields form, and not before.

The numbers below are at the paper's size, or, with ``--quick``, at a small one.
"""

# %%
# Every quantity with what is expected of it. It holds if the number of every seed is as
# expected.

import sys

import matplotlib.pyplot as plt

from rfsk.claims import reproduce

found = reproduce("C7", quick="--quick" in sys.argv)
print(found.table())

# %%
# Left: the loss on the inputs, on the clone, and the prediction for Gaussian local fields, which
# is right for the clone all along and for the inputs only at the start. Middle: gap and IPR as
# shares of their rise: they go together. Right: why: local fields of the units with b > 0 become
# non-Gaussian, since a localized unit sums few correlated sites; those of a net on the clone
# stay Gaussian.

found.draw("C7")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
