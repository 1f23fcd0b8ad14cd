"""
Localized masks after pruning
=============================

Are non-Gaussian inputs necessary for pruning to leave local masks? Repeatedly removing the smallest
weights of a network and training it again leaves weights that are close together, as has been found
on natural images (Pellegrini and Biroli, 2022). Redman et al. (2024) conclude that local masks need
non-Gaussian inputs. The answer depends on the comparison, because sparse masks always have a large
IPR (inverse participation ratio) and the largest weights of any smooth field form clusters. Even in
comparison with fields that have the spectrum of the dense network and random phases, masks on
Gaussian inputs can be local.
"""

# sphinx_gallery_thumbnail_number = 1

# %%
# Prune in four rounds on 10,000 samples of the inputs and of the control, which has Gaussian inputs
# with the same mean and covariance. Each round removes the smallest 41 % of the remaining weights
# of all units, resets the other weights to their initial values and trains again.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import field_spread, random_phase_fields
from rfsk.experiments import iterative_magnitude_pruning
from rfsk.plotting import ReceptiveFieldDisplay
from rfsk.plotting.style import CONTROL, GREY, INPUT, OUTCOME, color_bar, limit, tidy

makers = {"NLGP": rfsk.make_nlgp, "control": rfsk.make_gp}
nets = {}
for inputs, make in makers.items():
    start = rfsk.FCNet(40, max_epochs=60, random_state=0)
    X, y = make(10_000, random_state=0)
    nets[inputs] = iterative_magnitude_pruning(start, X, y, n_rounds=4, fraction=0.41)

# %%
# The figure shows the fields of the units with a positive initial bias b, ordered by their centres
# and scaled to unit length. The upper row shows the dense networks, and the lower row shows the
# networks with 12 % of the weights.

figure, axes = plt.subplots(2, 2, figsize=(8, 5.4), sharex=True, sharey=True, layout="constrained")
ends = [(inputs, rounds[place]) for place in (0, -1) for inputs, rounds in nets.items()]
fields = np.array([net.receptive_fields_[:20] for _, net in ends])
fields /= np.linalg.norm(fields, axis=2, keepdims=True)
for ax, (inputs, net), shown in zip(axes.flat, ends, fields, strict=True):
    ReceptiveFieldDisplay.from_fields(shown, ax=ax, bound=limit(fields))
    left = (net.receptive_fields_ != 0).mean()
    ax.set_title(f"{inputs}, {left:.0%} of weights")
    ax.label_outer()
color_bar(axes, "weight, fields of unit length")

# %%
# The spread of a mask is the circular standard deviation of its sites about their centre. A
# comparison with random masks of equal size accounts for sparsity. A comparison with the largest
# weights of fields with random phases also accounts for smoothness.

rng = np.random.default_rng(0)


def spreads(dense, pruned):
    """Compute the median spread of masks, random masks, and largest weights of smooth fields."""
    masks = np.tile(pruned != 0, (20, 1))
    smooth = random_phase_fields(np.tile(dense, (20, 1)), random_state=rng)
    rank = np.argsort(np.argsort(-abs(smooth), axis=1), axis=1)
    largest = rank < masks.sum(axis=1, keepdims=True)
    kinds = masks, rng.permuted(masks, axis=1), largest
    return [np.nanmedian(field_spread(kind.astype(float))) for kind in kinds]


figure, axes = plt.subplots(1, 4, figsize=(12, 3.3), sharey=True, layout="constrained")
groups = {"b > 0": slice(20), "b < 0": slice(20, None)}
styles = {"pruned": (INPUT, "o-"), "random masks": (GREY, "-.")}
styles |= {"random phases": (OUTCOME, "^:")}
print("inputs   units  weights  spread  random masks  random phases")
panels = [(group, inputs) for group in groups for inputs in nets]
for ax, (group, inputs) in zip(axes, panels, strict=True):
    dense, *rounds = (net.receptive_fields_[groups[group]] for net in nets[inputs])
    left = [(net.receptive_fields_ != 0).mean() for net in nets[inputs][1:]]
    curves = np.array([spreads(dense, fields) for fields in rounds])
    for curve, (name, (color, style)) in zip(curves.T, styles.items(), strict=True):
        color = CONTROL if (name, inputs) == ("pruned", "control") else color
        ax.plot(left, curve, style, color=color, label=name, markersize=5)
    for fraction, row in zip(left, curves, strict=True):
        print(f"{inputs:8} {group}" + "{:8.0%} {:7.1f} {:13.1f} {:14.1f}".format(fraction, *row))
    ax.set(xscale="log", xlim=(0.65, 0.1), title=f"{inputs}, {group}")
    ax.set_xlabel("fraction of weights left")
    ax.set_xticks([0.5, 0.25, 0.125], ["1/2", "1/4", "1/8"])
    ax.set_xticks([], minor=True)
    tidy(ax)
axes[0].set(ylabel="spread of masks (sites)", ylim=(0, None))
axes[0].legend(frameon=False)
for inputs, (first, *_, last) in nets.items():
    X, y = makers[inputs](10_000, random_state=1)
    print(f"{inputs}: accuracy {first.score(X, y):.3f} dense, {last.score(X, y):.3f} pruned")

# %%
# On the NLGP, units with a positive initial bias localize before any pruning. With a third of the
# weights left, their masks have less than half the spread of masks from random phases. On the
# control, the masks of these units are much more local than random masks, because fields are
# smooth, but not more local than masks from random phases. With an eighth of the weights left,
# masks from random phases are as narrow as those on the NLGP, and the comparison is not
# informative.
#
# Units with a negative initial bias oscillate on both inputs. With an eighth of the weights left,
# the masks of these units are more local than masks from random phases, on the control as well.
# Second-order statistics explain these local masks: if masks have uneven gaps, the inputs that a
# mask keeps are not translation-invariant. Non-Gaussian inputs are therefore not necessary for
# local masks, but masks that are local after little pruning indicate non-Gaussian inputs.
# :doc:`The claims on pruning </papers/redman2024>` measure the spread over several seeds.

# %%
# An L1 penalty also removes weights, in a single run: ``l1`` makes fields sparse, and ``l1_cut``,
# the beta of the beta-lasso (Neyshabur, 2020), sets small weights to zero.

X, y = rfsk.make_nlgp(10_000, random_state=0)
lasso = rfsk.FCNet(40, max_epochs=60, l1=3e-4, l1_cut=200.0, random_state=0).fit(X, y)
halves = rfsk.ipr(lasso.receptive_fields_).reshape(2, 20).mean(axis=1)
print(f"beta-lasso on the NLGP: {(lasso.receptive_fields_ == 0).mean():.0%} of weights zero, "
      f"mean IPR {halves[0]:.3f} (b > 0) and {halves[1]:.3f} (b < 0)")  # fmt: skip
plt.show()
