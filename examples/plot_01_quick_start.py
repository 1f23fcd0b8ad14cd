"""
Quick start: fields that find their place
=========================================

A fully-connected net knows nothing of space: shuffle its inputs and it would not notice. Yet
trained to tell short-ranged from long-ranged inputs, each of its units settles on one place.
It takes inputs that are not Gaussian: on a control of the same covariance no unit does.
"""

# %%
# Draw two classes of saturated, translation-invariant inputs, and train.

import rfsk
from rfsk.plotting import InputDisplay, ReceptiveFieldDisplay

X, y = rfsk.make_nlgp(random_state=0)
net = rfsk.FCNet(random_state=0).fit(X, y)
control = rfsk.FCNet(random_state=0).fit(*rfsk.make_gp(random_state=0))

# %%
# The inverse participation ratio is the inverse of the number of sites a field lives on. Units
# whose bias started positive, the first half, are the ones to localize.

for name, fitted in (("NLGP", net), ("Gaussian clone", control)):
    print(f"{name}: mean IPR {rfsk.ipr(fitted.receptive_fields_[:32]).mean():.3f}")

# %%
# One bump a unit, and together they tile the ring; the control's fields oscillate.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for ax, fitted, title in zip(axes, (net, control), ("NLGP", "Gaussian clone"), strict=True):
    fields = fitted.receptive_fields_[:32]
    display = ReceptiveFieldDisplay.from_fields(fields, ax=ax)
    figure.colorbar(display.image_, ax=ax, label="weight")
    ax.set_title(f"fields of a net trained on the {title}")

# %%
# What the nets saw: both classes have zero mean and unit variance, and differ in how far
# neighbouring sites go together.

InputDisplay.from_task(rfsk.make_nlgp(2, return_X_y=False).task, random_state=0)
plt.show()
