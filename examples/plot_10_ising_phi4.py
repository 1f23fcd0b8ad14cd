"""
Localization on the Ising chain and the phi^4 chain
===================================================

Do fields also localize on inputs from statistical physics? The Ising chain (spins of +1 or -1) and
the phi^4 chain (a field with two preferred values) are standard models of statistical physics.
Networks that distinguish chains of short and long range localize on both models, but not on the
controls, which have Gaussian inputs with the same mean and covariance. On NLGP inputs only units
with a positive initial bias b localize. On spins and phi^4 chains, units with a negative initial
bias localize as well, so each group of units must be compared with the same group on the control.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# Define two tasks on rings of 100 sites, and draw samples of each class. The covariance of both
# models, which is also that of their controls, is computed from the exact transfer matrix.
# ``standardize=True`` scales both phi^4 classes to unit variance, so that the variance does not
# distinguish them.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Discrimination, Ising, Phi4
from rfsk.plotting import ReceptiveFieldDisplay
from rfsk.plotting.style import CONTROL, INPUT, color_bar, limit, tidy

tasks = {
    "Ising": Discrimination([Ising.from_correlation_length(100, xi) for xi in (2.0, 5.0)]),
    "phi^4": Discrimination([Phi4(100, coupling=k, standardize=True) for k in (0.6, 1.2)]),
}
figure, axes = plt.subplots(2, 2, figsize=(8, 3.6), sharex=True, layout="constrained")
for row, (name, task) in zip(axes, tasks.items(), strict=True):
    for ax, kind, color, classes in zip(
        row, ("inputs", "control"), (INPUT, CONTROL), (task, task.gaussian_clone()), strict=True
    ):
        for label, model in enumerate(classes.models):
            x = model.sample(1, random_state=label)[0]
            ax.axhline(-6.0 * label, color="0.85", linewidth=0.8, zorder=0)
            ax.plot(x - 6.0 * label, color=color, linewidth=1.2)
        ax.set_yticks([0.0, -6.0], ["short range", "long range"])
        ax.tick_params(labelleft=ax is row[0])
        ax.set_title(f"{name}, {kind}")
        tidy(ax)
for ax in axes[-1]:
    ax.set_xlabel("site")

# %%
# Train one network on each task and one on each control, with 20,000 samples each.

nets = {}
for name, task in tasks.items():
    for kind, classes in (("inputs", task), ("control", task.gaussian_clone())):
        X, y = classes.sample(20_000, random_state=0)
        nets[name, kind] = rfsk.FCNet(40, random_state=0).fit(X, y)

# %%
# The next figure shows the fields of all units, each scaled to unit length. Rows above the line are
# units with a positive initial bias, and rows below the line are units with a negative initial
# bias. Within a group, rows are ordered by the centres of the fields.

unit_length = {
    key: net.receptive_fields_ / np.linalg.norm(net.receptive_fields_, axis=1, keepdims=True)
    for key, net in nets.items()
}
figure, axes = plt.subplots(2, 2, figsize=(8, 5.6), sharex=True, sharey=True, layout="constrained")
for ax, (key, fields) in zip(axes.flat, unit_length.items(), strict=True):
    halves = fields[:20], fields[20:]
    centers = [rfsk.analysis.field_center(half)[:, 0] for half in halves]
    ordered = [half[np.argsort(c)] for half, c in zip(halves, centers, strict=True)]
    ReceptiveFieldDisplay.from_fields(
        np.concatenate(ordered), ax=ax, sort=False, bound=limit(*unit_length.values())
    )
    ax.axhline(19.5, color="black", linewidth=1.0)
    ax.set(title=f"{key[0]}, {key[1]}", yticks=[9.5, 29.5], yticklabels=["b > 0", "b < 0"])
    ax.label_outer()
    ax.set_ylabel("")
color_bar(axes, "weight, fields of unit length")

# %%
# The next figure shows the IPR (inverse participation ratio) of each unit:

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
rng = np.random.default_rng(0)
for ax, name in zip(axes, tasks, strict=True):
    for kind, color, marker, shift in (
        ("inputs", INPUT, "o", -0.17),
        ("control", CONTROL, "s", 0.17),
    ):
        ratios = rfsk.ipr(nets[name, kind].receptive_fields_).reshape(2, 20)
        for group, values in enumerate(ratios):
            place = group + shift + rng.uniform(-0.07, 0.07, 20)
            ax.plot(place, values, marker, color=color, markersize=4, alpha=0.8,
                    label=kind if group == 0 else None)  # fmt: skip
            print(f"{name}, {kind}, b {'><'[group]} 0: mean IPR {values.mean():.3f}")
    ax.axhline(0.03, color="black", linestyle=":", linewidth=1.0, label="white noise, 3/D")
    ax.axhline(0.015, color="black", linestyle="-.", linewidth=1.0, label="Fourier mode, 1.5/D")
    ax.set(title=name, xticks=[0, 1], xticklabels=["b > 0", "b < 0"], xlim=(-0.5, 1.5))
    ax.set_yscale("log")
    ax.set_yticks([0.015, 0.03, 0.06, 0.12], ["0.015", "0.03", "0.06", "0.12"])
    ax.set_yticks([], minor=True)
    tidy(ax)
axes[0].set_ylabel("IPR of each unit")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4,
              frameon=False)  # fmt: skip

# %%
# Both groups of units have a higher IPR than the same group on the control. On the control, the IPR
# of the units with a negative initial bias is higher than that of the other units for a reason
# unrelated to localization: the oscillations of these fields are weak compared with the noise of
# 20,000 samples. A comparison of one group with the other would mistake this difference for
# localization.
plt.show()
