"""
Pruning leaves local fields, whatever the inputs
================================================

Prune a net by taking out its smallest weights, train it again, and repeat: what is left are local
fields, as has been found on natural images. It is tempting to conclude that the inputs have local
structure beyond their covariance. This example shows that the conclusion does not follow: on the
Gaussian clone, on which no dense net localizes, pruning leaves fields just as local. It is the
locality before pruning that tells the two apart.
"""

# sphinx_gallery_thumbnail_number = 1

# %%
# Prune in four rounds on 10,000 samples. Each round removes 41 % of the remaining weights, the
# smallest ones of all units, resets the others to their initial values and trains again.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.experiments import iterative_magnitude_pruning
from rfsk.plotting import ReceptiveFieldDisplay

makers = {"NLGP": rfsk.make_nlgp, "Gaussian clone": rfsk.make_gp}
nets = {}
for law, make in makers.items():
    start = rfsk.FCNet(40, max_epochs=60, random_state=0)
    X, y = make(10_000, random_state=0)
    nets[law] = iterative_magnitude_pruning(start, X, y, n_rounds=4, fraction=0.41)

# %%
# The fields of the units whose bias starts positive, ordered by centre and scaled to unit length:
# dense above, and with 12 % of the weights left below.

figure, axes = plt.subplots(2, 2, figsize=(8, 5.4), sharex=True, sharey=True, layout="constrained")
for column, (law, rounds) in zip(axes.T, nets.items(), strict=True):
    for ax, net in zip(column, (rounds[0], rounds[-1]), strict=True):
        fields = net.receptive_fields_[:20]
        fields = fields / np.linalg.norm(fields, axis=1, keepdims=True)
        display = ReceptiveFieldDisplay.from_fields(fields, ax=ax)
        display.image_.set_clim(-0.5, 0.5)
        left = (net.receptive_fields_ != 0).mean()
        ax.set_title(f"{law}, {left:.0%} of weights", fontsize=10)
        ax.label_outer()
figure.colorbar(display.image_, ax=axes, label="weight, fields of unit length", extend="both")

# %%
# Over the rounds: IPR of both groups of units, and accuracy.

figure, axes = plt.subplots(1, 3, figsize=(10, 3.3), layout="constrained")
styles = {"NLGP": ("#0072B2", "o-"), "Gaussian clone": ("#D55E00", "s--")}
print("law             weights  IPR b > 0  IPR b < 0  accuracy")
for law, rounds in nets.items():
    color, style = styles[law]
    X, y = makers[law](10_000, random_state=1)
    course = np.array(
        [
            (
                (net.receptive_fields_ != 0).mean(),
                *rfsk.ipr(net.receptive_fields_).reshape(2, 20).mean(axis=1),
                net.score(X, y),
            )
            for net in rounds
        ]
    )
    for ax, values in zip(axes, course.T[1:], strict=True):
        ax.plot(course[:, 0], values, style, color=color, markersize=5, label=law)
    for row in course:
        print(f"{law:15}" + "{:7.0%} {:10.3f} {:10.3f} {:9.3f}".format(*row))
for ax, label in zip(axes, ("mean IPR, b > 0", "mean IPR, b < 0", "accuracy"), strict=True):
    ax.set(xscale="log", xlim=(1.12, 0.1), xlabel="share of weights left", ylabel=label)
    ax.set_xticks([1.0, 0.5, 0.25, 0.125], ["1", "1/2", "1/4", "1/8"])
    ax.set_xticks([], minor=True)
    ax.spines[["top", "right"]].set_visible(False)
for ax in axes[:2]:
    ax.set_ylim(0.0, 0.26)
axes[2].set_ylim(0.7, 0.9)
axes[0].legend(frameon=False)

# %%
# On the left the two laws differ at the start, where only the NLGP net is localized, and not at the
# end. The accuracy hardly suffers. Fewer weights have a larger IPR by themselves, since it is the
# inverse of the number of sites a field lives on, but that is not all: the weights of the first
# group end near each other, on the clone as well, as the lower maps above show.

# %%
# A penalty does something of the kind in one run: ``l1`` makes fields sparse, and ``l1_cut``, the
# beta of the beta-lasso (Neyshabur, 2020), takes out what is small.

X, y = rfsk.make_nlgp(10_000, random_state=0)
lasso = rfsk.FCNet(40, max_epochs=60, l1=3e-4, l1_cut=200.0, random_state=0).fit(X, y)
halves = rfsk.ipr(lasso.receptive_fields_).reshape(2, 20).mean(axis=1)
print(f"beta-lasso on the NLGP: {(lasso.receptive_fields_ == 0).mean():.0%} of weights zero, "
      f"mean IPR {halves[0]:.3f} (b > 0) and {halves[1]:.3f} (b < 0)")  # fmt: skip
plt.show()
