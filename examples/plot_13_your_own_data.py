"""
Receptive fields of your own data
=================================

Does a network develop localized fields on your data, and are non-Gaussian inputs the reason?
:func:`rfsk.study_data` trains a network on inputs and labels, and on 19 controls, which
are Gaussian with the same mean and covariance in each class. The function reports whether the
fields are more localized than those of the controls. This example uses scikit-learn's digits in
place of your data. The fields on the digits are not more localized than those of the controls. If
the mean image of each digit is subtracted, they are, but only because single pixels are not
Gaussian.
"""

# sphinx_gallery_thumbnail_number = 3

# %%
# Study the digits without any preparation. Each seed gives another network and other controls. With
# 19 controls the smallest possible p-value is 0.05. To keep this example short, the networks are
# trained for 500 steps, an eighth of the default.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

import rfsk
from rfsk.experiments import study_data
from rfsk.plotting import ReceptiveFieldDisplay
from rfsk.plotting.style import color_bar, limit

SHAPE = (8, 8)
X, y = load_digits(return_X_y=True)  # put your own X and y here
X = (X - X.mean()) / X.std()
# The notes of the study repeat these warnings.
warnings.simplefilter("ignore", rfsk.exceptions.LikelyMistakeWarning)


def test_seeds(seeds, X, y, **options):
    """Print the verdict for other seeds, each with its own network and controls."""
    for seed in seeds:
        net = clone(study.test.net).set_params(random_state=seed)
        print(rfsk.control_test(net, X, y, random_state=seed, **options).verdict)


study = study_data(X, y, SHAPE, max_steps=500, random_state=0)
print(study.verdict)
test_seeds((1, 2), X, y)
study.plot().suptitle("Digits")

# %%
# The notes list what was done to the data, how the networks were trained, and what limits the
# verdict. ``study.to_html("report.html")`` writes the verdict, the figure and the notes to a web
# page.

print("\n".join(study.notes))

# %%
# The mean images alone distinguish the digits. To study correlations only, subtract from each
# image the mean image of its class.

centred = X - np.stack([X[y == digit].mean(axis=0) for digit in range(10)])[y]
study = study_data(centred, y, SHAPE, max_steps=500, random_state=0)
print(study.verdict)
test_seeds((1, 2), centred, y)
study.plot().suptitle("Digits, class means subtracted")

# %%
# Now the fields are more localized than those of the controls, because a few of them consist of
# little more than one pixel near the border of the image. Such pixels are rarely inked, so their
# distribution is far from Gaussian. To test whether the distributions of single pixels explain the
# result, use controls that keep the distribution of every pixel as well as the correlations:

test_seeds((0, 1, 2), centred, y, keep="marginals")

# %%
# The distributions of single pixels explain the result: the fields on the digits are not more
# localized than those on these controls. The fields are therefore no evidence of joint structure of
# several pixels beyond correlations.

# %%
# Any object with ``shape``, ``n_features`` and ``sample`` is an input model.
# :class:`rfsk.Discrimination` makes a task of two such models, and ``fit_online`` draws as many
# fresh samples as you like. In the following model, images of one digit, each without its mean, are
# shifted at random on a torus. Because the model has the method ``gaussian_clone``, the task also
# has a control.


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
        """Return the control, whose covariance is estimated from samples."""
        covariance = np.cov(self.sample(50_000, 0), rowvar=False)
        return rfsk.datasets.MultivariateGaussian(np.zeros(64), covariance, shape=SHAPE)


rolled = rfsk.Discrimination([RolledDigit(0), RolledDigit(1)])
unit_length = {}
for name, task in (("digits", rolled), ("control", rolled.gaussian_clone())):
    net = rfsk.FCNet(32, image_shape=SHAPE, batch_size=200, random_state=0)
    net.fit_online(task, 400_000)
    fields = net.receptive_fields_
    positive, negative = 64 * rfsk.ipr(fields).reshape(2, 16).mean(axis=1)
    print(f"{name}: accuracy {net.score(*task.sample(5000, 1)):.2f}, mean D x IPR "
          f"{positive:.1f} for b > 0, {negative:.1f} for b < 0")  # fmt: skip
    unit_length[name] = fields / np.linalg.norm(fields, axis=1, keepdims=True)

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.0), layout="constrained")
for ax, (name, fields) in zip(axes, unit_length.items(), strict=True):
    bound = limit(*unit_length.values())
    ReceptiveFieldDisplay.from_fields(fields, SHAPE, ax=ax, sort=False, bound=bound)
    ax.set(title=f"fields on the {name}", ylabel="", yticks=[], xlabel="8 x 8 pixels each")
color_bar(axes, "weight, fields of unit length")

# %%
# The first half of the units have a positive initial bias. On the digits their fields have stripes
# one or two pixels wide, like the stroke of a one, which extend around the whole torus. On the
# control the fields are Fourier modes as broad as the images. No field is localized in both
# directions, so the IPR (inverse participation ratio), one over the number of pixels that a field
# occupies, is low for both networks, although their accuracies differ. Therefore look at the fields
# and not only at their IPR.
plt.show()
