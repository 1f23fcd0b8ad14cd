"""
Receptive fields on photographs
===============================

Simple cells of the visual cortex respond to bars and edges, and so do the sparse codes and the
independent components of photographs. Does a network form such fields if it only distinguishes
patches of photographs from their control, Gaussian patches with the same mean and covariance? A
network of ReLU units does. A network of saturating units, which localize on NLGP inputs, does not,
because photographs have heavy tails and NLGP inputs do not. On whitened patches the ReLU network
finds no structure in a sample of this size.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# Cut patches of 12 x 12 pixels at random from the two photographs that come with scikit-learn, and
# subtract the mean of each patch. The control has exactly the covariance of all possible patches.
# Whitening removes the covariance from patches and control, so that only non-Gaussian structure,
# such as edges, distinguishes them.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import FastICA, MiniBatchDictionaryLearning

import rfsk
from rfsk.analysis import random_phase_fields
from rfsk.plotting import ReceptiveFieldDisplay
from rfsk.plotting.style import IMAGE_COLORS, INPUT, OUTCOME, color_bar, limit, tidy

SHAPE = (12, 12)
raw, white = rfsk.ImagePatches(SHAPE), rfsk.ImagePatches(SHAPE, whiten=True)
task, white_task = (rfsk.Discrimination([model, model.gaussian_clone()]) for model in (raw, white))
figure, axes = plt.subplots(1, 4, figsize=(10, 2.9), layout="constrained")
names = ("photographs", "control", "photographs, whitened", "control, whitened")
patches = [model.sample(25, random_state=0) for model in task.models + white_task.models]
for ax, name, rows in zip(axes, names, patches, strict=True):
    ReceptiveFieldDisplay.from_fields(
        rows, SHAPE, ax=ax, sort=False, bound=limit(*patches), cmap=IMAGE_COLORS
    )
    ax.set(title=name, xlabel="12 x 12 pixels each", ylabel="", yticks=[])
color_bar(axes, "standard deviations", shrink=0.75)
for name, model in (("photographs", raw), ("whitened", white)):
    print(f"excess kurtosis of a pixel, {name}: {model.excess_kurtosis():.1f}")

# %%
# Most patches of photographs are nearly flat and a few have high contrast, so that pixels have
# heavy tails and a large positive kurtosis. In the control all patches have about the same
# contrast.

# %%
# Train four networks: ReLU units; saturating units; ReLU units on permuted labels, with which there
# is nothing to learn and fields show the noise of a finite sample; and ReLU units on whitened
# patches. For comparison, fit FastICA and a sparse dictionary to the photographs alone.


def train(X, y, activation):
    """Fit 36 units, at learning rate x steps of 12,000."""
    net = rfsk.FCNet(36, activation=activation, image_shape=SHAPE, max_epochs=40, random_state=0)
    return net.fit(X, y)


X, y = task.sample(30_000, random_state=0)  # as make_image_patches draws them
X_white, y_white = white_task.sample(30_000, random_state=0)
found = {
    "ReLU network": train(X, y, "relu"),
    "erf network": train(X, y, "erf"),
    "ReLU network, permuted labels": train(X, np.random.default_rng(0).permutation(y), "relu"),
    "ReLU network, whitened": train(X_white, y_white, "relu"),
}
for name, of_task in (
    ("ReLU network", task),
    ("erf network", task),
    ("ReLU network, whitened", white_task),
):
    test = of_task.sample(10_000, random_state=1)
    print(f"{name}: accuracy on new patches {found[name].score(*test):.2f}")
photographs = X[y == 0]
found["FastICA"] = FastICA(36, tol=1e-3, max_iter=500, random_state=0).fit(photographs)
found["dictionary"] = MiniBatchDictionaryLearning(
    36, alpha=1.0, batch_size=100, max_iter=3, fit_algorithm="cd", random_state=0
).fit(photographs[:3000])

# %%
# The next figure shows the fields and components, each scaled to unit length:

figure, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
fields = {name: rfsk.receptive_fields(estimator) for name, estimator in found.items()}
unit_length = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in fields.values()]
for ax, name, rows in zip(axes.flat, fields, unit_length, strict=True):
    ReceptiveFieldDisplay.from_fields(rows, SHAPE, ax=ax, sort=False, bound=limit(*unit_length))
    ax.set(title=name, xlabel="12 x 12 pixels each", ylabel="", yticks=[])
color_bar(axes, "weight, unit length")

# %%
# The fields of two thirds of the units of the ReLU network are bars and edges. Most of these are
# horizontal or vertical, as in the photographs, and some are fine stripes that occur in one of the
# photographs. FastICA also finds bars, edges and these stripes. In the erf network, the fields of
# units with a positive initial bias are broad blobs and fine stripes, and the fields of the other
# units are noise. Permuted labels lead to noise. On whitened patches all units have converged to
# the same pattern without structure, and the accuracy on new patches is at chance: the network has
# only memorized its sample.

# %%
# The next figure shows the IPR (inverse participation ratio) of each field divided by the median
# IPR of a hundred surrogates, which are fields with the same spectrum and random phases. The
# nominal level of the test, 5 %, does not hold for photographs, because patches have borders.
# Compare the networks with the network on permuted labels instead.

figure, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
rng = np.random.default_rng(0)
for row, (name, values) in enumerate(fields.items()):
    ratio = rfsk.ipr(values)
    null = rfsk.ipr(random_phase_fields(np.repeat(values, 100, axis=0), SHAPE, random_state=0))
    null = null.reshape(len(values), 100)
    fraction = (ratio > np.quantile(null, 0.95, axis=1)).mean()
    print(f"{name:29} {fraction:4.0%} above 95 % of their surrogates")
    place = row + rng.uniform(-0.2, 0.2, len(values))
    color, mark = (INPUT, "o") if "network" in name else (OUTCOME, "s")
    ax.plot(ratio / np.median(null, axis=1), place, mark, color=color, markersize=4, alpha=0.7)
    ax.text(1.01, row, f"{fraction:.0%}", transform=ax.get_yaxis_transform(), va="center")
ax.text(1.01, -0.9, "above\n95 %", transform=ax.get_yaxis_transform(), va="center", fontsize=9)
ax.axvline(1.0, color="black", linestyle=":", linewidth=1.0)
ax.set_yticks(range(len(fields)), list(fields))
ax.invert_yaxis()
ax.set(title="IPR relative to surrogates", xscale="log")
ax.set_xlabel("IPR / median IPR of surrogates with random phases")
ax.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
ax.set_xticks([], minor=True)
tidy(ax)

# %%
# Bars are longer than they are wide, so their IPR is not far above that of their surrogates. The
# number of units that exceed 95 % of their surrogates is more informative. Most units of the ReLU
# network and of FastICA exceed their surrogates, and some units of the dictionary, which is trained
# briefly on few patches. In the erf network, hardly more units exceed their surrogates than with
# permuted labels.
plt.show()
