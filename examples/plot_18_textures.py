"""
Textures and photographs
========================

Does a net that distinguishes two textures grow localized fields, and does it owe them to more than
the correlations of pixels? This example asks it of patches of brick and grass, of grass and gravel,
and of two photographs. Brick against grass and the photographs give localized fields; grass against
gravel does not. The effect is small, of 10 to 20 per cent, and only in one half of the units.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# The textures come with scikit-image and the photographs with scikit-learn. Cut each image into
# patches of 16 x 16 pixels that do not overlap, subtract the mean of each patch, and give all
# classes the same variance.

import matplotlib.pyplot as plt
import numpy as np
from skimage import data
from sklearn.base import clone
from sklearn.datasets import load_sample_images

import rfsk
from rfsk.experiments import study_data
from rfsk.plotting import ReceptiveFieldDisplay

SHAPE = (16, 16)


def patches_of(image):
    """Cut an image into patches, (n_patches, 256)."""
    rows, columns = image.shape[0] // 16, image.shape[1] // 16
    blocks = image[: 16 * rows, : 16 * columns].reshape(rows, 16, columns, 16)
    patches = blocks.swapaxes(1, 2).reshape(-1, 256).astype(float)
    patches -= patches.mean(axis=1, keepdims=True)
    return patches / patches.std()


china, flower = (image.mean(axis=2) for image in load_sample_images().images)
images = {
    "brick": data.brick(),
    "grass": data.grass(),
    "gravel": data.gravel(),
    "temple": china,
    "flower": flower,
}
patches = {name: patches_of(image) for name, image in images.items()}

figure, axes = plt.subplots(1, 5, figsize=(11, 2.6), layout="constrained")
rng = np.random.default_rng(0)
for ax, (name, rows) in zip(axes, patches.items(), strict=True):
    display = ReceptiveFieldDisplay.from_fields(
        rng.choice(rows, 16, replace=False), SHAPE, ax=ax, sort=False
    )
    display.image_.set_clim(-3.0, 3.0)
    ax.set(title=f"{name}, {len(rows)} patches", xlabel="16 x 16 pixels each", ylabel="", yticks=[])
figure.colorbar(display.image_, ax=axes, label="standard deviations", extend="both", shrink=0.8)

# %%
# Patches that overlap would share pixels. These do not, but neighbours still resemble each other,
# whereas the rows of the controls are independent. The p-values are therefore approximate, and they
# are about these images, not about bricks or flowers in general.


def compare(first, second):
    """Study one net in full, test two more, and draw the first."""
    X = np.vstack([patches[first], patches[second]])
    y = np.repeat([0, 1], [len(patches[first]), len(patches[second])])
    study = study_data(X, y, SHAPE, max_steps=500, random_state=0)
    print(study.verdict)
    for seed in (1, 2):
        net = clone(study.test.net).set_params(random_state=seed)
        print(rfsk.control_test(net, X, y, random_state=seed).verdict)
    study.plot().suptitle(f"{first} against {second}".capitalize())


compare("brick", "grass")

# %%
compare("grass", "gravel")

# %%
compare("temple", "flower")

# %%
# TODO
plt.show()
