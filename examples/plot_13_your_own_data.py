"""
Fields of your own data
=======================

Bring data, labels and the shape of an image; the rest is a few lines: scale, train, measure, and
hold everything against the control, Gaussian data of the same means and covariances. The control
is what keeps one from reading too much into a picture. On scikit-learn's small digits, which stand
in for your data, fields are not more localized than on the controls: what they show are the mean
images and the borders, not structure beyond the covariance. A second part makes a
law of inputs of its own, in which digits appear anywhere on a torus. There the two nets grow
different fields: thin stripes on the digits, broad waves on the clone.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# Scale to unit variance, by one number for all pixels.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import rfsk
from rfsk.plotting import ReceptiveFieldDisplay

SHAPE = (8, 8)
X, y = load_digits(return_X_y=True)  # put your own X and y here
X = (X - X.mean()) / X.std()

# %%
# Train the same net on the data and on 19 Gaussian controls with exactly their means and
# covariances. Digits differ in their means, of which ``fit`` warns; the controls share them.
# ``image_shape`` tells the displays what the features are; the net does not use it. Beside the
# fields the CP factors of the fourth cumulant, pooled over classes with their means and
# covariances taken out.

net = rfsk.FCNet(36, image_shape=SHAPE, batch_size=100, max_epochs=60, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", rfsk.exceptions.LikelyMistakeWarning)
    found = rfsk.control_test(net, X, y, random_state=0)
print(found.verdict)
net, control = found.net, found.controls[0]
factors = rfsk.CumulantCP(9, target="within", random_state=0).fit(X, y)


def draw(found):
    """Mosaics on one scale, each field of unit length."""
    figure, axes = plt.subplots(
        1, len(found), figsize=(3.1 * len(found) + 1.2, 3.5), layout="constrained"
    )
    for ax, (name, rows) in zip(axes, found.items(), strict=True):
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        display = ReceptiveFieldDisplay.from_fields(rows, SHAPE, ax=ax, sort=False)
        display.image_.set_clim(-0.5, 0.5)
        ax.set(title=name, ylabel="", yticks=[], xlabel="8 x 8 pixels each")
    figure.colorbar(
        display.image_, ax=axes, label="weight, unit length", extend="both", shrink=0.75
    )


fields = {
    "digits": rfsk.receptive_fields(net),
    "Gaussian clone": rfsk.receptive_fields(control),
    "CP factors": rfsk.receptive_fields(factors),
}
draw(fields)

# %%
# A table with one row a field, and the population in one line. The null of ``is_localized`` is that
# of inputs that look the same everywhere, which digits do not: only the comparison counts.

analyzer = rfsk.LocalizationAnalyzer(SHAPE, random_state=0).set_output(transform="pandas")
print(analyzer.fit_transform(fields["digits"]).round(2).head(4).to_string(), "\n")
for name, rows in fields.items():
    summary = rfsk.population_summary(rows, SHAPE, random_state=0)
    print(f"{name:14} median D x IPR {64 * np.median(rfsk.ipr(rows)):4.1f}, "
          f"localized {summary.split.share['localized']:4.0%}")  # fmt: skip

# %%
# An input model of your own is any object with ``shape``, ``n_features`` and ``sample``, of which
# :class:`rfsk.Discrimination` makes a task; ``fit_online`` then draws fresh samples for as long as
# you like. Here images of one digit, each less its mean and moved around the torus by a random
# shift. With ``gaussian_clone`` the task has its control as well.


class RolledDigit:
    """Images of a digit at random places on a torus."""

    shape, n_features = SHAPE, 64

    def __init__(self, digit):
        images = load_digits().images[load_digits().target == digit]
        images = images - images.mean(axis=(1, 2), keepdims=True)
        self.images = images / images.std(axis=(1, 2), keepdims=True)

    def sample(self, n_samples, random_state=None):
        """Draw images, (n_samples, n_features)."""
        rng = np.random.default_rng(random_state)
        image, down, across = (
            rng.integers(n, size=(n_samples, 1, 1)) for n in (len(self.images), 8, 8)
        )
        rows, columns = np.ogrid[:8, :8]
        return self.images[image, (rows + down) % 8, (columns + across) % 8].reshape(-1, 64)

    def gaussian_clone(self):
        """Gaussian images of the same covariance, estimated."""
        covariance = np.cov(self.sample(50_000, 0), rowvar=False)
        return rfsk.datasets.MultivariateGaussian(np.zeros(64), covariance, shape=SHAPE)


task = rfsk.Discrimination([RolledDigit(0), RolledDigit(1)])
rolled = {}
for name, world in (("rolled digits", task), ("Gaussian clone", task.gaussian_clone())):
    net = rfsk.FCNet(36, image_shape=SHAPE, batch_size=200, random_state=0)
    net.fit_online(world, 400_000)
    rolled[name] = net.receptive_fields_
    summary = rfsk.population_summary(rolled[name], SHAPE, random_state=0)
    print(f"{name:14} accuracy {net.score(*world.sample(5000, 1)):.2f}, "
          f"median D x IPR {64 * np.median(rfsk.ipr(rolled[name])):4.1f}, "
          f"localized {summary.split.share['localized']:4.0%}")  # fmt: skip
draw(rolled)

# %%
# The upper half are the units whose bias starts positive. On the digits they have stripes a pixel
# or two wide, like the stroke of a one, which run along the whole torus; on the clone waves as
# broad as the images. No field is localized in both directions, and so the IPR, which counts the
# pixels that a field lives on, hardly tells the two nets apart; the accuracy does. Look at fields
# as well as at their numbers.
plt.show()
