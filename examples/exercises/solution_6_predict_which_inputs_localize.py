# %% [markdown]
"""
# Exercise 6: predict which inputs localize

**Objectives**

- Predict from the inputs alone whether the receptive field of a ReLU neuron localizes.
- Test a rule of thumb, the sign of the excess kurtosis, against the localization index.

**Time:** 10 minutes

Here are eight tasks, each with a short-range and a long-range class on a ring of 40 sites. The
tasks differ in the distribution of their inputs. On which tasks does a ReLU neuron develop a
localized field? A rule of thumb says: on tasks in which the excess kurtosis at a site is negative.
The *localization index* is more precise. Small fields first become uniform. The index asks whether
the uniform field is stable: a Fourier mode added to it grows if the index is above 1, and decays if
the index is below 1.
"""

# %%
import matplotlib.pyplot as plt
from checks import check_exceptions, check_rule, slider

import rfsk
from rfsk.datasets import Algebraic, EllipticalField, GaussianField, TransformedField
from rfsk.theory import RectifiedFlow, localization_index


def task_of(model, **parameters):
    """Both classes of an input model: the short-range class, then the long-range class."""
    return [model(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


tasks = {
    "NLGP, gain 3": task_of(rfsk.NLGP, gain=3.0),
    "NLGP, gain 0.14": task_of(rfsk.NLGP, gain=0.14),
    "uniform": task_of(TransformedField, marginal="uniform"),
    "Laplace": task_of(TransformedField, marginal="laplace"),
    "algebraic, k = 5": task_of(TransformedField, marginal=Algebraic(5.0)),
    "algebraic, k = 6": task_of(TransformedField, marginal=Algebraic(6.0)),
    "shell": task_of(EllipticalField),
    "Gaussian": task_of(GaussianField),
}
for name, classes in tasks.items():
    kurtosis = classes[1].excess_kurtosis()
    index = localization_index(classes, random_state=0).index
    print(f"{name:18} excess kurtosis {kurtosis:6.3f}   index {index:.3f}")

# %% [markdown]
# ## Your turn
#
# Write the rule of the localization index. `localization_index(classes).index` is a number. The
# short-range class comes first in `classes`.
#
# <details><summary>Hint 1</summary>
#
# The index is a ratio of two rates: growth and decay of a Fourier mode. Which value separates
# growth from decay?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Return a comparison, which is `True` or `False`: `return localization_index(classes).index > ...`
#
# </details>


# %%
def localizes(classes):
    """Whether the field localizes: True or False."""
    # <answer>
    return localization_index(classes).index > 1.0
    # <student>
    # > return ...
    # </answer>


# %%
verdict = check_rule(localizes, tasks)
verdict.show()

# %% [markdown]
# On which tasks is the rule of thumb, the sign of the kurtosis, wrong? Give the names of the tasks.
#
# <details><summary>Hint 1</summary>
#
# Go through the table above. The two rules disagree if the kurtosis is negative and the index is
# below 1, or if the kurtosis is positive and the index is above 1.
#
# </details>

# %%
# <answer>
exceptions = {"NLGP, gain 0.14", "shell"}
# <student>
# > exceptions = {...}
# </answer>
check_exceptions(exceptions, tasks).show()

# %% [markdown]
# ## Look
#
# When the first check has passed, run the next cell again. It follows the gradient flow of one ReLU
# neuron from two random initial fields to the end of the training. D is the number of sites. For a
# uniform field D x IPR is 1.

# %%
if verdict:
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.4, 3.6), sharey=True, layout="constrained"
    )
    for (name, classes), marker in zip(tasks.items(), "os^vDPX*", strict=True):
        flow = RectifiedFlow(classes).integrate(2, 3000.0, n_steps=1000, random_state=0)
        final = 40 * rfsk.ipr(flow.fields).max()
        predicted = "localized" if localizes(classes) else "uniform"
        print(f"{name:18} predicted: {predicted:9}   D x IPR {final:.2f}")
        color, face = ("#009E73", "#009E73") if final > 1.2 else ("#CC79A7", "none")
        style = {"color": color, "markerfacecolor": face, "markersize": 8, "mew": 1.5}
        index = localization_index(classes, random_state=0).index
        left.plot(classes[1].excess_kurtosis(), final, marker, **style)
        right.plot(index, final, marker, label=name, **style)
    for ax, label, threshold in (
        (left, "excess kurtosis at a site", 0.0),
        (right, "localization index", 1.0),
    ):
        ax.axvline(threshold, color="0.5", linestyle=":")
        ax.set(xlabel=label)
        ax.spines[["top", "right"]].set_visible(False)
    left.set_xscale("symlog", linthresh=0.1)  # wide around zero
    left.set(xlim=(-4.0, 8.0), xticks=[-1.0, -0.1, 0.0, 0.1, 1.0])
    left.set_xticklabels(["-1", "-0.1", "0", "0.1", "1"])
    left.set(ylabel="D x IPR of the final field")
    right.set_xticks([0.9, 0.95, 1.0, 1.05])
    right.legend(frameon=False, fontsize=8, loc="upper left")
    plt.show()

# %% [markdown]
# **What do you see?** Two tasks have nearly the same kurtosis, -0.075 and -0.078. How do the fields
# on these two tasks differ?
#
# <answer>
# On the NLGP of gain 0.14 the index is 0.991 and the field stays uniform. On the algebraic task
# with k = 6 the index is 1.005 and the field localizes. The kurtosis is one number of the marginal
# distribution. The stability of the uniform field depends on how strongly the drive of the neuron
# increases with the correlation between a site and the weighted input of the neuron. This increase
# depends on the whole marginal distribution, the spectra and the number of sites. In the right
# panel the dotted line separates the two colours; in the left panel no vertical line separates
# them.
# <student>
# > *Write your answer here.*
# </answer>
#
# If you work in Jupyter and `ipywidgets` is installed, the next cell shows two sliders, for the
# gain and the ratio of the correlation lengths of an NLGP. Guess first: does a larger ratio always
# favour localization?


# %%
def show(gain, ratio):
    """Print the index of an NLGP with correlation lengths 1 and `ratio`."""
    classes = [rfsk.NLGP(40, correlation_length=xi, gain=gain) for xi in (1.0, ratio)]
    index = localization_index(classes, random_state=0).index
    print(f"index {index:.3f}: the field {'localizes' if index > 1.0 else 'stays uniform'}")


if verdict:
    slider(show, gain=[0.1, 0.2, 0.3, 0.5, 1.0, 3.0], ratio=[1.5, 2.0, 3.0, 4.0, 6.0])

# %% [markdown]
# **Take-away.** The localization index predicts from the inputs alone whether a field localizes.
# The sign of the kurtosis is a good first guess, but it can be wrong for inputs that are nearly
# Gaussian.
