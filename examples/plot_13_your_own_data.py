"""
Fields of your own data
=======================

Bring inputs, labels and the shape of an image. :func:`rfsk.experiments.study_data` trains a net on
the data and on 19 Gaussian controls, which have exactly the mean and covariance of the data in each
class, and says whether the fields are more localized than those of the controls. Here
scikit-learn's digits take the place of your data. The answer is no for the digits as they are. It
is yes once the mean image of each digit has been subtracted, but only because single pixels are not
Gaussian. The second part makes an input model of its own, in which digits appear anywhere on a
torus.
"""

# sphinx_gallery_thumbnail_number = 3

# %%
# Study the digits as they are. Each seed gives another net and other controls. With 19 controls
# the smallest possible p-value is 0.05. The nets are trained for 500 steps, an eighth of the
# default, to keep this example short.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

import rfsk
from rfsk.experiments import study_data
from rfsk.plotting import ReceptiveFieldDisplay

SHAPE = (8, 8)
X, y = load_digits(return_X_y=True)  # put your own X and y here
X = (X - X.mean()) / X.std()
# The notes of the study repeat these warnings.
warnings.simplefilter("ignore", rfsk.exceptions.LikelyMistakeWarning)


def test_seeds(seeds, X, y, **options):
    """Print the verdict for other seeds, each with a net and controls of its own."""
    for seed in seeds:
        net = clone(study.test.net).set_params(random_state=seed)
        print(rfsk.control_test(net, X, y, random_state=seed, **options).verdict)


study = study_data(X, y, SHAPE, max_steps=500, random_state=0)
print(study.verdict)
test_seeds((1, 2), X, y)
study.plot().suptitle("Digits")

# %%
# The notes say what was done to the data, how the nets were trained, and what to know before the
# verdict is quoted. ``study.to_html("report.html")`` writes verdict, figure and notes to a page.

print("\n".join(study.notes))

# %%
# Means alone distinguish the digits. To ask for correlations only, subtract from each image the
# mean image of its class.

centred = X - np.stack([X[y == digit].mean(axis=0) for digit in range(10)])[y]
study = study_data(centred, y, SHAPE, max_steps=500, random_state=0)
print(study.verdict)
test_seeds((1, 2), centred, y)
study.plot().suptitle("Digits, class means subtracted")

# %%
# Now the fields are more localized than those of the controls, because a few of them consist of
# little more than one pixel near the border of the image. Such pixels are rarely inked, so their
# distribution is far from Gaussian. Controls that keep the distribution of every pixel, besides
# the correlations, show whether this is enough:

test_seeds((0, 1, 2), centred, y, keep="marginals")

# %%
# It is. The fields on the digits are not more localized than those on these controls. They give no
# evidence of structure that several pixels have jointly, beyond their correlations.

# %%
# An input model of your own is any object with ``shape``, ``n_features`` and ``sample``.
# :class:`rfsk.Discrimination` makes a task of two such models, and ``fit_online`` draws fresh
# samples for as long as you like. In this model, images of one digit, each without its mean, are
# moved around the torus by a random shift. With ``gaussian_clone`` the task has its control too.


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


rolled = rfsk.Discrimination([RolledDigit(0), RolledDigit(1)])
figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.6), layout="constrained")
for ax, name, task in zip(
    axes, ("rolled digits", "Gaussian clone"), (rolled, rolled.gaussian_clone()), strict=True
):
    net = rfsk.FCNet(32, image_shape=SHAPE, batch_size=200, random_state=0)
    net.fit_online(task, 400_000)
    fields = net.receptive_fields_
    positive, negative = 64 * rfsk.ipr(fields).reshape(2, 16).mean(axis=1)
    print(f"{name:14} accuracy {net.score(*task.sample(5000, 1)):.2f}, mean D x IPR "
          f"{positive:.1f} for b > 0, {negative:.1f} for b < 0")  # fmt: skip
    fields = fields / np.linalg.norm(fields, axis=1, keepdims=True)
    display = ReceptiveFieldDisplay.from_fields(fields, SHAPE, ax=ax, sort=False)
    display.image_.set_clim(-0.5, 0.5)
    ax.set(title=name, ylabel="", yticks=[], xlabel="8 x 8 pixels each")
figure.colorbar(display.image_, ax=axes, label="weight, unit length", extend="both", shrink=0.75)

# %%
# The first half of the units are those whose bias starts positive. On the digits they have stripes
# a pixel or two wide, like the stroke of a one, which run around the whole torus. On the clone they
# have Fourier modes as broad as the images. No field is localized in both directions, so the IPR,
# which counts the pixels on which a field lives, hardly distinguishes the two nets; the accuracy
# does. Look at the fields as well as at their numbers.
plt.show()
