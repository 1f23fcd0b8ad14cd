"""
Spins and fields: localization in two models of physics
=======================================================

Do fields localize only on inputs that were made for it? The Ising chain (spins of plus or minus
one) and the phi^4 chain (a field that sits in one of two wells) are the textbook models of
statistical physics. Nets that tell a short-range from a long-range chain localize on both, and
nets on Gaussian inputs of the same covariance on neither. There is one difference to the NLGP
inputs: here both groups of units localize, those whose bias starts positive and the others, so
that each has to be compared with the same group on the clone and never with the other one.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# Two tasks on rings of 100 sites, and what their inputs look like. Both models are exact: their
# covariance, and with it the clone, comes from the transfer matrix. ``standardize=True`` brings
# the two phi^4 classes to unit variance, which would else tell them apart.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Discrimination, Ising, Phi4
from rfsk.plotting import ReceptiveFieldDisplay

tasks = {
    "Ising": Discrimination([Ising.from_correlation_length(100, xi) for xi in (2.0, 5.0)]),
    "phi^4": Discrimination([Phi4(100, coupling=k, standardize=True) for k in (0.6, 1.2)]),
}
figure, axes = plt.subplots(2, 2, figsize=(8, 3.6), sharex=True, layout="constrained")
for row, (name, task) in zip(axes, tasks.items(), strict=True):
    for ax, world, law in zip(row, (task, task.gaussian_clone()), ("", ", clone"), strict=True):
        for label, (model, style) in enumerate(zip(world.models, ("-", "--"), strict=True)):
            x = model.sample(1, random_state=label)[0]
            ax.axhline(-6.0 * label, color="0.85", linewidth=0.8, zorder=0)
            ax.plot(x - 6.0 * label, style, color=("#0072B2", "#D55E00")[label], linewidth=1.2)
        ax.set_yticks([0.0, -6.0], ["short range", "long range"])
        ax.tick_params(labelleft=ax is row[0])
        ax.set_title(name + law, fontsize=10)
        ax.spines[["top", "right"]].set_visible(False)
for ax in axes[-1]:
    ax.set_xlabel("site")

# %%
# Train one net on each task and one on each clone, all on 20,000 samples.

nets = {}
for name, task in tasks.items():
    for law, world in (("inputs", task), ("clone", task.gaussian_clone())):
        X, y = world.sample(20_000, random_state=0)
        nets[name, law] = rfsk.FCNet(40, random_state=0).fit(X, y)

# %%
# All fields, each scaled to unit length. Rows above the line are the units whose bias starts
# positive, those below the others; within a group they are ordered by centre.

figure, axes = plt.subplots(2, 2, figsize=(8, 5.6), sharex=True, sharey=True, layout="constrained")
for ax, (key, net) in zip(axes.flat, nets.items(), strict=True):
    fields = net.receptive_fields_ / np.linalg.norm(net.receptive_fields_, axis=1, keepdims=True)
    halves = fields[:20], fields[20:]
    centers = [rfsk.analysis.field_center(half)[:, 0] for half in halves]
    ordered = [half[np.argsort(c)] for half, c in zip(halves, centers, strict=True)]
    display = ReceptiveFieldDisplay.from_fields(np.concatenate(ordered), ax=ax, sort=False)
    display.image_.set_clim(-0.4, 0.4)
    ax.axhline(19.5, color="white", linewidth=1.5)
    ax.set(title=f"{key[0]}, {key[1]}", yticks=[9.5, 29.5], yticklabels=["b > 0", "b < 0"])
    ax.label_outer()
    ax.set_ylabel("")
figure.colorbar(display.image_, ax=axes, label="weight, fields of unit length", extend="both")

# %%
# The same in numbers: the IPR of each unit, inputs beside clone.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
rng = np.random.default_rng(0)
for ax, name in zip(axes, tasks, strict=True):
    for law, color, marker, shift in (
        ("inputs", "#0072B2", "o", -0.17),
        ("clone", "#D55E00", "s", 0.17),
    ):
        ratios = rfsk.ipr(nets[name, law].receptive_fields_).reshape(2, 20)
        for group, values in enumerate(ratios):
            place = group + shift + rng.uniform(-0.07, 0.07, 20)
            ax.plot(place, values, marker, color=color, markersize=4, alpha=0.8,
                    label=law if group == 0 else None)  # fmt: skip
            print(f"{name}, {law:6}, b {'><'[group]} 0: mean IPR {values.mean():.3f}")
    ax.axhline(0.03, color="black", linestyle=":", linewidth=1.0, label="white noise, 3/D")
    ax.axhline(0.015, color="black", linestyle="-.", linewidth=1.0, label="wave, 1.5/D")
    ax.set(title=name, xticks=[0, 1], xticklabels=["b > 0", "b < 0"], xlim=(-0.5, 1.5))
    ax.set_yscale("log")
    ax.set_yticks([0.015, 0.03, 0.06, 0.12], ["0.015", "0.03", "0.06", "0.12"])
    ax.set_yticks([], minor=True)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("IPR of each unit")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4,
              frameon=False)  # fmt: skip

# %%
# Either group exceeds the same group on the clone. On the clone the second group reads higher than
# the first for reasons that have nothing to do with localization: its waves are faint beside the
# noise of 20,000 samples. A comparison of one group with the other would take this for an effect.
plt.show()
