"""
Does pruning need non-Gaussian inputs to leave local fields?
============================================================

Prune a net by removing its smallest weights, train it again, and repeat: the weights that are left
are close together, as has been found on natural images (Pellegrini and Biroli, 2022). Redman et al.
(2024) conclude that this needs non-Gaussian inputs. The answer depends on what a mask is compared
with. Few weights have a large IPR wherever they are, and the largest weights of any smooth field
form clusters. This example compares masks with two kinds of masks of equal size: random ones, and
the largest weights of fields with the spectrum of the dense net and random phases.
"""

# sphinx_gallery_thumbnail_number = 1

# %%
# Prune in four rounds on 10,000 samples. Each round removes 41 % of the remaining weights, the
# smallest ones of all units, resets the others to their initial values and trains again.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import field_spread, random_phase_fields
from rfsk.experiments import iterative_magnitude_pruning
from rfsk.plotting import ReceptiveFieldDisplay

makers = {"NLGP": rfsk.make_nlgp, "Gaussian clone": rfsk.make_gp}
nets = {}
for inputs, make in makers.items():
    start = rfsk.FCNet(40, max_epochs=60, random_state=0)
    X, y = make(10_000, random_state=0)
    nets[inputs] = iterative_magnitude_pruning(start, X, y, n_rounds=4, fraction=0.41)

# %%
# The fields of the units whose bias starts positive, ordered by centre and scaled to unit length:
# dense above, and with 12 % of the weights left below.

figure, axes = plt.subplots(2, 2, figsize=(8, 5.4), sharex=True, sharey=True, layout="constrained")
for column, (inputs, rounds) in zip(axes.T, nets.items(), strict=True):
    for ax, net in zip(column, (rounds[0], rounds[-1]), strict=True):
        fields = net.receptive_fields_[:20]
        fields = fields / np.linalg.norm(fields, axis=1, keepdims=True)
        display = ReceptiveFieldDisplay.from_fields(fields, ax=ax)
        display.image_.set_clim(-0.5, 0.5)
        left = (net.receptive_fields_ != 0).mean()
        ax.set_title(f"{inputs}, {left:.0%} of weights", fontsize=10)
        ax.label_outer()
figure.colorbar(display.image_, ax=axes, label="weight, fields of unit length", extend="both")

# %%
# The spread of a mask is the circular standard deviation of its pixels about their centre.
# Comparing it with that of random masks removes the effect of sparsity, and comparing it with that
# of random phases removes the effect of smoothness as well.

rng = np.random.default_rng(0)


def spreads(dense, pruned):
    """Median spread of masks, of random masks, and of the largest weights of smooth fields."""
    masks = np.tile(pruned != 0, (20, 1))
    smooth = random_phase_fields(np.tile(dense, (20, 1)), random_state=rng)
    rank = np.argsort(np.argsort(-abs(smooth), axis=1), axis=1)
    largest = rank < masks.sum(axis=1, keepdims=True)
    kinds = masks, rng.permuted(masks, axis=1), largest
    return [np.nanmedian(field_spread(kind.astype(float))) for kind in kinds]


figure, axes = plt.subplots(1, 4, figsize=(12, 3.3), sharey=True, layout="constrained")
groups = {"b > 0": slice(20), "b < 0": slice(20, None)}
styles = {"pruned": ("#0072B2", "o-"), "random masks": ("#6E6E6E", "-.")}
styles |= {"random phases": ("#009E73", "^:")}
print("inputs          units  weights  spread  random masks  random phases")
panels = [(group, inputs) for group in groups for inputs in nets]
for ax, (group, inputs) in zip(axes, panels, strict=True):
    dense, *rounds = (net.receptive_fields_[groups[group]] for net in nets[inputs])
    left = [(net.receptive_fields_ != 0).mean() for net in nets[inputs][1:]]
    curves = np.array([spreads(dense, fields) for fields in rounds])
    for curve, (name, (color, style)) in zip(curves.T, styles.items(), strict=True):
        ax.plot(left, curve, style, color=color, label=name, markersize=5)
    for fraction, row in zip(left, curves, strict=True):
        print(f"{inputs:15} {group}" + "{:8.0%} {:7.1f} {:13.1f} {:14.1f}".format(fraction, *row))
    ax.set(xscale="log", xlim=(0.65, 0.1), title=f"{inputs}, {group}")
    ax.set_xlabel("fraction of weights left")
    ax.set_xticks([0.5, 0.25, 0.125], ["1/2", "1/4", "1/8"])
    ax.set_xticks([], minor=True)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set(ylabel="spread of masks (sites)", ylim=(0, None))
axes[0].legend(frameon=False)
for inputs, (first, *_, last) in nets.items():
    X, y = makers[inputs](10_000, random_state=1)
    print(f"{inputs}: accuracy {first.score(X, y):.3f} dense, {last.score(X, y):.3f} pruned")

# %%
# Units whose bias starts positive localize on the NLGP before any pruning. With a third of the
# weights left, their masks have less than half the spread of random phases. On the Gaussian clone
# the masks are no more local than random phases, although far more than random masks: the fields
# are smooth. With an eighth left, smooth fields have masks as narrow, and the comparison says
# nothing.
#
# Units whose bias starts negative oscillate on both inputs. With an eighth of the weights left,
# their masks are more local than random phases, on the Gaussian clone as well. Second-order
# statistics explain this: once masks have uneven gaps, the inputs that a mask leaves are no longer
# translation-invariant. Non-Gaussian inputs are therefore not necessary for local masks, but masks
# that are local after little pruning are a sign of them. :doc:`The claims on pruning
# </papers/redman2024>` measure this over several seeds.

# %%
# A penalty does something of the kind in one run: ``l1`` makes fields sparse, and ``l1_cut``, the
# beta of the beta-lasso (Neyshabur, 2020), takes out what is small.

X, y = rfsk.make_nlgp(10_000, random_state=0)
lasso = rfsk.FCNet(40, max_epochs=60, l1=3e-4, l1_cut=200.0, random_state=0).fit(X, y)
halves = rfsk.ipr(lasso.receptive_fields_).reshape(2, 20).mean(axis=1)
print(f"beta-lasso on the NLGP: {(lasso.receptive_fields_ == 0).mean():.0%} of weights zero, "
      f"mean IPR {halves[0]:.3f} (b > 0) and {halves[1]:.3f} (b < 0)")  # fmt: skip
plt.show()
