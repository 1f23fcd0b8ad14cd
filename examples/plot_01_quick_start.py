"""
Quick start: localized receptive fields
=======================================

Does a fully-connected network develop localized receptive fields, although it has no information
about which sites are neighbours? If the network learns to distinguish short-range from long-range
inputs that are not Gaussian, its fields become bumps at different places. On the control, Gaussian
inputs with the same mean and covariance, no field localizes.
"""

# %%
# Draw two classes of inputs on a ring of 100 sites. Each input is a smooth Gaussian field that an
# error function saturates. The classes differ only in their correlation length, 5 and 10 sites.
# Train the same network on these inputs and on the control.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt

import rfsk
from rfsk.plotting import InputDisplay, ReceptiveFieldDisplay
from rfsk.plotting.style import color_bar, limit

X, y = rfsk.make_nlgp(random_state=0)
nets = {
    "inputs": rfsk.FCNet(random_state=0).fit(X, y),
    "control": rfsk.FCNet(random_state=0).fit(*rfsk.make_gp(random_state=0)),
}

# %%
# The inverse participation ratio (:func:`rfsk.ipr`) is one over the number of sites that a field
# occupies. On 100 sites the ratio is 0.015 for a Fourier mode and 0.03 for white noise. Take the
# first half of the units, whose initial bias b is positive. On NLGP inputs, only units with a
# positive initial bias localize.

fields = {name: net.receptive_fields_[:32] for name, net in nets.items()}
for name, of_net in fields.items():
    print(f"{name}: mean IPR {rfsk.ipr(of_net).mean():.3f}")

# %%
# Each row shows the field of one unit, and rows are ordered by the centres of the fields. On the
# inputs each field is one bump, positive or negative, and the bumps together cover the ring. On
# the control the weights vary slowly around the whole ring.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), sharey=True, layout="constrained")
for ax, (name, of_net) in zip(axes, fields.items(), strict=True):
    ReceptiveFieldDisplay.from_fields(of_net, ax=ax, bound=limit(*fields.values()))
    ax.set_title(f"fields on the {name}, b > 0")
axes[1].set_ylabel("")
color_bar(axes, "weight", pad=0.01)

# %%
# The next figure shows the inputs: one sample of each class on the left, the covariance of two
# sites as a function of their distance in the middle, and the spectrum of the inputs on the right.
# The control has the same covariance. The long-range class has more power at low frequencies, and
# the localized fields consist of these low frequencies.

InputDisplay.from_task(rfsk.make_nlgp(2, return_X_y=False).task, random_state=0)
plt.show()
