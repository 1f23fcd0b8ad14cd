# %% [markdown]
"""
# Exercise 6: predict which world grows fields

Eight worlds, each with a short-range and a long-range class on a ring of 40 sites. In which will a
rectified neuron grow a localized field? A rule of thumb says: where the excess kurtosis of a pixel
is negative. The *localization index* asks whether the uniform field, towards which all small
fields grow first, breaks up: a wave on top of it grows where the index is above 1 and decays
below.
"""

# %%
import matplotlib.pyplot as plt
from checks import check_exceptions, check_rule

import rfsk
from rfsk.datasets import Algebraic, EllipticalField, GaussianField, TransformedField
from rfsk.theory import RectifiedFlow, localization_index


def world(law, **parameters):
    """Both classes of a law: the short-range one, then the long-range one."""
    return [law(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


worlds = {
    "NLGP, gain 3": world(rfsk.NLGP, gain=3.0),
    "NLGP, gain 0.14": world(rfsk.NLGP, gain=0.14),
    "uniform": world(TransformedField, marginal="uniform"),
    "Laplace": world(TransformedField, marginal="laplace"),
    "algebraic, k = 5": world(TransformedField, marginal=Algebraic(5.0)),
    "algebraic, k = 6": world(TransformedField, marginal=Algebraic(6.0)),
    "shell": world(EllipticalField),
    "Gaussian": world(GaussianField),
}
for name, classes in worlds.items():
    kurtosis = classes[1].excess_kurtosis()
    index = localization_index(classes, random_state=0).index
    print(f"{name:18} excess kurtosis {kurtosis:6.3f}   index {index:.3f}")

# %% [markdown]
# ## Your turn
#
# Write the rule. `localization_index(classes).index` is a number; the short-range class comes
# first.


# %%
def grows_fields(classes):
    """Whether fields will localize: True or False."""
    return ...


# %%
verdict = check_rule(grows_fields, worlds)
verdict.show()

# %% [markdown]
# In which of the worlds does the sign of the kurtosis mislead? Give their names.

# %%
exceptions = {...}
check_exceptions(exceptions, worlds).show()

# %% [markdown]
# ## Look
#
# Let fields grow: the flow of one rectified neuron, from two random starts, to its end. D x IPR is
# 1 for a uniform field.

# %%
if verdict:
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.4, 3.4), sharey=True, layout="constrained"
    )
    for (name, classes), marker in zip(worlds.items(), "os^vDPX*", strict=True):
        flow = RectifiedFlow(classes).integrate(2, 3000.0, n_steps=1000, random_state=0)
        grown = 40 * rfsk.ipr(flow.fields).max()
        predicted = "fields" if grows_fields(classes) else "no fields"
        print(f"{name:18} predicted: {predicted:9}   D x IPR {grown:.2f}")
        color = "#0072B2" if grown > 1.2 else "#D55E00"
        right.plot(
            localization_index(classes, random_state=0).index,
            grown,
            marker,
            color=color,
            label=name,
        )
        left.plot(classes[1].excess_kurtosis(), grown, marker, color=color)
    for ax, label, threshold in (
        (left, "excess kurtosis of a pixel", 0.0),
        (right, "localization index", 1.0),
    ):
        ax.axvline(threshold, color="0.5", linestyle=":")
        ax.set(xlabel=label)
        ax.spines[["top", "right"]].set_visible(False)
    left.set_xscale("symlog", linthresh=0.1)  # wide around zero
    left.set(xlim=(-4.0, 8.0), xticks=[-1.0, -0.1, 0.0, 0.1, 1.0])
    left.set_xticklabels(["-1", "-0.1", "0", "0.1", "1"])
    left.set(ylabel="D x IPR at the end")
    right.legend(frameon=False, fontsize=7, loc="upper left")
    plt.show()

# %% [markdown]
# **What do you see?** Two worlds have nearly the same kurtosis, -0.075 and -0.078. What tells them
# apart?
#
# *Write your answer here.*
