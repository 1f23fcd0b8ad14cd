# %% [markdown]
"""
# Exercise 2: train a net and measure its receptive fields

**Objectives**

- Train a fully-connected net on two classes of NLGPs, and describe its receptive fields.
- Measure how localized a receptive field is with the inverse participation ratio (IPR).
- Relate the IPR to the number of sites that a receptive field covers.

**Time:** 12 minutes

The two classes are NLGPs on a ring of 40 sites. They differ only in their correlation length, which
is 2 in class 0 and 4 in class 1. The net has no information about which sites are neighbours. The
*receptive field* of a unit is its vector of input weights. Which form do these fields take?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from checks import check_ipr, check_sites

import rfsk
from rfsk.plotting import ReceptiveFieldDisplay

task = rfsk.Discrimination([rfsk.NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, record=12, random_state=0)
net.fit_online(task, 400_000)  # 2000 steps, with new inputs in each
X, y = task.sample(4000, random_state=1)
print(f"accuracy {net.score(X, y):.2f}")

# %% [markdown]
# The left panel shows one row per unit and one column per site. The biases of units 0 to 9 are
# positive at the start of training (b > 0), and those of units 10 to 19 are negative (b < 0). The
# right panel shows three units of each group.

# %%
fields = net.receptive_fields_
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
figure.get_layout_engine().set(wspace=0.05)
scaled = fields / np.abs(fields).max(axis=1, keepdims=True)
ReceptiveFieldDisplay.from_fields(scaled, ax=left, sort=False)
left.axhline(9.5, color="black", lw=1)
left.set_yticks([4.5, 14.5], ["b > 0", "b < 0"])
for row, (unit, color) in enumerate(
    zip((0, 1, 2, 10, 11, 12), 3 * ["#0072B2"] + 3 * ["#CC79A7"], strict=True)
):
    right.plot(scaled[unit] - 2.2 * row, color=color, lw=2)
right.set(xlabel="site", yticks=[0.0, -2.2, -4.4, -6.6, -8.8, -11.0])
right.set_yticklabels([f"unit {unit}" for unit in (0, 1, 2, 10, 11, 12)])
right.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# **What do you see?** What do the two groups have in common, and how do they differ?
#
# *Write your answer here.*
#
# ## Your turn
#
# To compare fields, we need a number. The *inverse participation ratio* of a field w is the sum
# over sites of w^4, divided by the square of the sum over sites of w^2. Write a function that
# computes it for many fields at once, with one row per field.


# %%
def ipr(fields):
    """Inverse participation ratio of each row."""
    # One number per row.
    return ...


# %%
verdict = check_ipr(ipr)
verdict.show()

# %% [markdown]
# A field that is constant on n sites and zero elsewhere has an IPR of 1/n. How many sites do the
# fields of the units with a *positive* bias cover on average? Compute this number from
# `net.receptive_fields_` with your function `ipr`.

# %%
n_sites = ...
check_sites(n_sites, net, X).show()

# %% [markdown]
# ## Look
#
# When the first check has passed, run the next cell again. It shows the mean IPR of both groups
# during training.

# %%
if verdict:
    history = [ipr(snapshot) for snapshot in net.receptive_field_history_]
    figure, ax = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
    for units, name, color, marker in (
        (slice(10), "b > 0", "#0072B2", "o"),
        (slice(10, None), "b < 0", "#CC79A7", "s"),
    ):
        means = [values[units].mean() for values in history]
        print(f"mean IPR, {name}: {means[0]:.3f} at the start, {means[-1]:.3f} at the end")
        ax.semilogx(net.snapshot_steps_ + 1, means, marker + "-", color=color, label=name)
    for level, name in ((1 / 40, "uniform"), (1.5 / 40, "Fourier mode"), (3 / 40, "noise")):
        ax.axhline(level, color="0.6", linestyle=":", zorder=0)
        ax.text(2100, level, name, va="bottom", ha="right", color="0.4", fontsize=9)
    ax.set(xlabel="steps", ylabel="mean IPR", ylim=(0.0, None))
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** Both groups start as noise, near 3/40. When do the IPRs of the two groups
# separate, and how?
#
# *Write your answer here.*
#
# **Take-away.** A net without any built-in notion of neighbourhood develops localized receptive
# fields. The IPR measures how localized a field is: one over the IPR is the number of sites that
# the field covers.
