# %% [markdown]
"""
# Exercise 3: find the cause

**Objectives**

- Build a control: Gaussian inputs with the same mean and covariance in each class.
- Decide by experiment which ingredients a localized receptive field needs.
- Predict the result of an experiment before you run it.

**Time:** 14 minutes

Why do receptive fields localize? Remove one ingredient at a time, and predict the effect first:
(a) everything in the inputs beyond their mean and covariance, (b) the biases, (c) the order of the
classes.
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
warnings.simplefilter("ignore")  # rfsk warns of likely mistakes; here we make them on purpose


def show(net, ax, title):
    """Show the fields of a net, each divided by its largest absolute weight."""
    fields = net.receptive_fields_
    scaled = fields / np.abs(fields).max(axis=1, keepdims=True)
    ReceptiveFieldDisplay.from_fields(scaled, ax=ax, sort=False)
    ax.set_title(title)


def trained(X, y, **parameters):
    """Train a net of 20 units on X and y."""
    net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, random_state=0, max_epochs=10)
    return net.set_params(**parameters).fit(X, y)


# %% [markdown]
# ## a. Your turn: the control
#
# Write `gaussian_control`. It returns Gaussian inputs of the same shape as `X`. Each class has the
# mean and the covariance of its own rows of `X`, and row i belongs to class `y[i]`. Use
# `np.cov(rows, rowvar=False)` and `rng.multivariate_normal(mean, covariance, size)`.


# %%
def gaussian_control(X, y, rng):
    """Gaussian inputs with the mean and covariance of each class of X."""
    # Make an array of the shape of X. Fill in the rows of one class, then those of the other.
    return ...


# %%
verdict = check_gaussian_control(gaussian_control)
verdict.show()

# %% [markdown]
# ### Look
#
# When the check has passed, run the next cell again. It trains the same net on the NLGP and on your
# control.

# %%
if verdict:
    net = trained(X, y)
    on_control = trained(gaussian_control(X, y, np.random.default_rng(3)), y)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    for ax, fitted, name in zip(axes, (net, on_control), ("NLGP", "control"), strict=True):
        mean = rfsk.ipr(fitted.receptive_fields_[:10]).mean()
        accuracy = fitted.score(X_test, y_test)
        show(fitted, ax, f"{name}: IPR {mean:.3f} (b > 0)")
        print(f"{name}: mean IPR of b > 0 {mean:.3f}, accuracy on the NLGP {accuracy:.2f}")
    plt.show()

# %% [markdown]
# **What do you see?** Which properties of the fields does the covariance explain, and which not?
#
# *Write your answer here.*
#
# ## b. Without biases
#
# Remove all biases: `bias_init=0.0, train_bias=False`. The units are erf units, and the output is
# their mean. Which accuracy does the net reach, and why?
#
# - a: The net has too few parameters, so the accuracy is somewhat lower than before.
# - b: x and -x are equally frequent in each class, and the output at -x is minus the output at x.
# - c: The net learns, but more slowly.
#
# Answer before you run the cell that trains this net.

# %%
accuracy_without_biases = ...  # a number from 0 to 1
reason = ...  # "a", "b" or "c"
check_no_biases(accuracy_without_biases, reason).show()

# %%
without = trained(X, y, bias_init=0.0, train_bias=False)
if accuracy_without_biases is not ...:
    print(f"predicted {accuracy_without_biases}, found {without.score(X_test, y_test):.2f}")

# %% [markdown]
# ## c. ReLU units, and the classes exchanged
#
# ReLU units start with bias 0. If the target is 1 for class 1, which is the long-range class, all
# units localize. Exchange the classes, so that the short-range class has the target 1. How many
# units localize now: "all", "half" or "none"?

# %%
localized_when_swapped = ...
check_swapped_classes(localized_when_swapped).show()

# %%
if localized_when_swapped is not ...:
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    for ax, labels, name in zip(axes, (y, 1 - y), ("long-range", "short-range"), strict=True):
        relu = trained(X, labels, activation="relu")
        mean = rfsk.ipr(relu.receptive_fields_).mean()
        show(relu, ax, f"target 1: {name}, IPR {mean:.3f}")
        print(f"ReLU units, target 1 for the {name} class: mean IPR {mean:.3f}")
    plt.show()

# %% [markdown]
# **What do you see?** To which class does a localized unit respond?
#
# *Write your answer here.*
#
# **Take-away.** The covariance of the inputs does not localize receptive fields: on the control,
# fields are smooth and none is localized. Localization needs non-Gaussian inputs, and units that
# respond to the long-range class.
