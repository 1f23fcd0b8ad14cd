"""
Photographs against their Gaussian clone
========================================

Simple cells of the visual cortex answer to bars and edges, and so do the sparse codes and the
independent components of photographs. Does a net that is only asked to tell patches of photographs
from Gaussian patches of the same covariance grow them too? With rectified units it does. With the
saturating units that localize on NLGP inputs it does not: photographs have heavy tails, where NLGP
pixels have none. And once patches are whitened the rectified net grows nothing that a sample of
this size would show.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# Patches of 12 x 12 pixels, cut at random from the two photographs that come with scikit-learn;
# each has lost its mean. The clone has exactly the covariance of all patches there are. Whitening
# takes the covariance away from both, and leaves the edges as what tells them apart.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import FastICA, MiniBatchDictionaryLearning

import rfsk
from rfsk.analysis import random_phase_fields
from rfsk.plotting import ReceptiveFieldDisplay

SHAPE = (12, 12)
raw, white = rfsk.ImagePatches(SHAPE), rfsk.ImagePatches(SHAPE, whiten=True)
task, white_task = (rfsk.Discrimination([law, law.gaussian_clone()]) for law in (raw, white))
figure, axes = plt.subplots(1, 4, figsize=(10, 2.9), layout="constrained")
names = ("photographs", "their clone", "photographs, whitened", "their clone, whitened")
for ax, name, law in zip(axes, names, task.models + white_task.models, strict=True):
    patches = law.sample(25, random_state=0)
    display = ReceptiveFieldDisplay.from_fields(patches, SHAPE, ax=ax, sort=False)
    display.image_.set_clim(-4.0, 4.0)
    ax.set(title=name, xlabel="12 x 12 pixels each", ylabel="", yticks=[])
figure.colorbar(display.image_, ax=axes, label="standard deviations", extend="both", shrink=0.75)
for name, law in (("photographs", raw), ("whitened", white)):
    print(f"excess kurtosis of a pixel, {name}: {law.excess_kurtosis():.1f}")

# %%
# Most patches are nearly flat, and a few hold all the contrast: pixels have heavy tails, and a
# large positive kurtosis. The clone has the same variance in every patch.

# %%
# Four nets: rectified units; saturating ones; rectified ones on labels that were permuted, so that
# there is nothing to learn and fields show the noise of a finite sample; and rectified ones on
# whitened patches. Beside them FastICA and a sparse dictionary, which see the photographs alone.


def train(X, y, activation):
    """Fit 36 units, at learning rate x steps of 12,000."""
    net = rfsk.FCNet(36, activation=activation, image_shape=SHAPE, max_epochs=40, random_state=0)
    return net.fit(X, y)


X, y = task.sample(30_000, random_state=0)  # as make_image_patches draws them
X_white, y_white = white_task.sample(30_000, random_state=0)
found = {
    "ReLU net": train(X, y, "relu"),
    "erf net": train(X, y, "erf"),
    "ReLU net, permuted labels": train(X, np.random.default_rng(0).permutation(y), "relu"),
    "ReLU net, whitened": train(X_white, y_white, "relu"),
}
for name, world in (("ReLU net", task), ("erf net", task), ("ReLU net, whitened", white_task)):
    test = world.sample(10_000, random_state=1)
    print(f"{name}: accuracy on new patches {found[name].score(*test):.2f}")
photographs = X[y == 0]
found["FastICA"] = FastICA(36, tol=1e-3, max_iter=500, random_state=0).fit(photographs)
found["dictionary"] = MiniBatchDictionaryLearning(
    36, alpha=1.0, batch_size=100, max_iter=3, fit_algorithm="cd", random_state=0
).fit(photographs[:3000])

# %%
# What each has found, scaled to unit length.

figure, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
fields = {name: rfsk.receptive_fields(estimator) for name, estimator in found.items()}
for ax, (name, rows) in zip(axes.flat, fields.items(), strict=True):
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    display = ReceptiveFieldDisplay.from_fields(rows, SHAPE, ax=ax, sort=False)
    display.image_.set_clim(-0.3, 0.3)
    ax.set(title=name, xlabel="12 x 12 pixels each", ylabel="", yticks=[])
figure.colorbar(display.image_, ax=axes, label="weight, fields of unit length", extend="both",
                shrink=0.8)  # fmt: skip

# %%
# Two thirds of the units of the rectified net have bars and edges, mostly level and upright as in
# the photographs, or the fine stripes that one of these holds; FastICA finds the same. The erf net
# has broad blobs and the same stripes in the half whose bias starts positive, and noise in the
# other. Permuted labels give noise. On whitened patches all units have come to one and the same
# pattern without structure, and the net does no better than chance on new patches: what it has
# learnt is its sample.

# %%
# In numbers: each field's IPR over the median IPR of a hundred fields with its spectrum and random
# phases. The test's level of 5 % does not hold for photographs, whose patches have borders; what
# the permuted labels reach is the level to compare with.

figure, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
rng = np.random.default_rng(0)
for row, (name, values) in enumerate(fields.items()):
    ratio = rfsk.ipr(values)
    null = rfsk.ipr(random_phase_fields(np.repeat(values, 100, axis=0), SHAPE, random_state=0))
    null = null.reshape(len(values), 100)
    share = (ratio > np.quantile(null, 0.95, axis=1)).mean()
    print(f"{name:26} {share:4.0%} above 95 % of their surrogates")
    place = row + rng.uniform(-0.2, 0.2, len(values))
    ax.plot(ratio / np.median(null, axis=1), place, "o", color="#0072B2", markersize=4, alpha=0.7)
    ax.text(1.01, row, f"{share:.0%}", transform=ax.get_yaxis_transform(), va="center")
ax.text(1.01, -0.9, "above\n95 %", transform=ax.get_yaxis_transform(), va="center", fontsize=9)
ax.axvline(1.0, color="black", linestyle=":", linewidth=1.0)
ax.set_yticks(range(len(fields)), list(fields))
ax.invert_yaxis()
ax.set(xscale="log", xlabel="IPR over that of its random-phase surrogates (median)")
ax.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
ax.set_xticks([], minor=True)
ax.spines[["top", "right"]].set_visible(False)

# %%
# Bars are longer than they are wide, and so their IPR is not far above that of their surrogates; it
# is the number of units beyond these that tells. The rectified net and FastICA have most units
# there, the dictionary, trained briefly on few patches, some, the erf net hardly more than the test
# allows for.
plt.show()
