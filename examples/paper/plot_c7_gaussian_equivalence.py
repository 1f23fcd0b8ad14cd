"""
C7: Gaussian equivalence breaks when fields form
================================================

The loss of a net depends on its inputs through the local fields w.x alone. If these were Gaussian,
a net would do as well on the Gaussian clone as on its inputs, and a formula would predict the
loss. Early in training this holds well, though the local fields are not quite Gaussian: small
weights see little but second-order statistics. It breaks when receptive fields form.

The numbers below are at full size, or, with ``--quick``, of smaller nets or shorter training.
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
# shares of their rise: they go together. Right: the local fields of the units with b > 0, which
# are never quite Gaussian on the inputs and depart further as each unit comes to sum a few sites
# that go together; those of a net on the clone are Gaussian. That the gap is due to where
# weights sit, and not to their spectrum, is told by the table: the same net with random phases
# has about a third of it.

found.draw("C7")
plt.show()

# %%
# A claim that does not hold stops this script here, below its table and figure.

assert found.holds
