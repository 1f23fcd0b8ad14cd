# %% [markdown]
"""
# Exercise 3: break them

What makes fields localize? Take parts away, one at a time, and say beforehand what will happen:
(a) everything beyond the covariance of the inputs, (b) the biases, (c) the order of the classes.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from checks import check_gaussian_control, check_no_biases, check_swapped_classes

import rfsk
from rfsk.plotting import ReceptiveFieldDisplay

task = rfsk.Discrimination([rfsk.NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
X, y = task.sample(40_000, random_state=1)
X_test, y_test = task.sample(5000, random_state=2)
warnings.simplefilter("ignore")  # rfsk warns of likely mistakes; here they are made on purpose


def show(net, ax, title):
    """Show each field of the net as a row, over its own largest weight."""
    fields = net.receptive_fields_
    scaled = fields / np.abs(fields).max(axis=1, keepdims=True)
    ReceptiveFieldDisplay.from_fields(scaled, ax=ax, sort=False)
    ax.set_title(title)


def trained(X, y, **parameters):
    """Train a net of 20 units on X and y."""
    net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, random_state=0, max_epochs=10)
    return net.set_params(**parameters).fit(X, y)


# %% [markdown]
# ## a. Your turn: a Gaussian control
#
# Write `gaussian_control`. It returns Gaussian inputs of the shape of `X` such that each class has
# the mean and the covariance of its own rows of `X`, and nothing else of them. Row i has the class
# `y[i]`. `np.cov(rows, rowvar=False)` and `rng.multivariate_normal(mean, covariance, size)` may
# help.


# %%
def gaussian_control(X, y, rng):
    """Gaussian inputs with the mean and covariance of each class of X."""
    # Make an array of the shape of X, and fill the rows of one class after the other.
    return ...


# %%
verdict = check_gaussian_control(gaussian_control)
verdict.show()

# %% [markdown]
# ### Look
#
# The same net, trained on the inputs and on your control.

# %%
if verdict:
    net = trained(X, y)
    broken = trained(gaussian_control(X, y, np.random.default_rng(3)), y)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    for ax, fitted, name in zip(axes, (net, broken), ("NLGP", "Gaussian control"), strict=True):
        mean = rfsk.ipr(fitted.receptive_fields_[:10]).mean()
        accuracy = fitted.score(X_test, y_test)
        show(fitted, ax, f"{name}: IPR {mean:.3f} (b > 0)")
        print(f"{name}: mean IPR of b > 0 {mean:.3f}, accuracy on the NLGP {accuracy:.2f}")
    plt.show()

# %% [markdown]
# **What do you see?** What does the covariance explain, and what does it not?
#
# *Write your answer here.*
#
# ## b. Without biases
#
# Now take all biases away: `bias_init=0.0, train_bias=False`. The units are erf, and the output is
# their mean. Which accuracy will the net reach, and why?
#
# - a: there are too few parameters, so it reaches somewhat less than before;
# - b: x and -x are equally frequent in each class, and the output at -x is minus that at x;
# - c: it learns, but more slowly.
#
# Answer before you run the next cell but one.

# %%
accuracy_without_biases = ...  # a number from 0 to 1
reason = ...  # "a", "b" or "c"
check_no_biases(accuracy_without_biases, reason).show()

# %%
without = trained(X, y, bias_init=0.0, train_bias=False)
if accuracy_without_biases is not ...:
    print(f"predicted {accuracy_without_biases}, found {without.score(X_test, y_test):.2f}")

# %% [markdown]
# ## c. Rectified units, and the classes exchanged
#
# Rectified units start with bias 0 and have the target 1 for class 1, here the long-range one. All
# of them localize. Exchange the classes, so that the target is 1 for the short-range class. How
# many will localize: "all", "half" or "none"?

# %%
localized_when_swapped = ...
check_swapped_classes(localized_when_swapped).show()

# %%
if localized_when_swapped is not ...:
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    for ax, labels, name in zip(axes, (y, 1 - y), ("long-range", "short-range"), strict=True):
        rectified = trained(X, labels, activation="relu")
        mean = rfsk.ipr(rectified.receptive_fields_).mean()
        show(rectified, ax, f"target 1: {name}, IPR {mean:.3f}")
        print(f"rectified units, target 1 for the {name} class: mean IPR {mean:.3f}")
    plt.show()

# %% [markdown]
# **What do you see?** Which class does a localized unit answer to?
#
# *Write your answer here.*
