# %% [markdown]
"""
# Exercise 2: grow fields

A fully-connected net learns to tell apart two classes of NLGPs, of correlation length 2 and 4, on
a ring of 40 sites. It does not know that the sites lie on a ring. What do its weights look like,
and on how many sites does a receptive field live?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from checks import check_ipr, check_sites

import rfsk
from rfsk.plotting import ReceptiveFieldDisplay

task = rfsk.Discrimination([rfsk.NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, record=12, random_state=0)
net.fit_online(task, 400_000)  # 2000 steps, fresh inputs in each
X, y = task.sample(4000, random_state=1)
print(f"accuracy {net.score(X, y):.2f}")

# %% [markdown]
# A row is a unit, a column a site. The first half of the units starts with a positive bias, the
# second half with a negative one. Below, three units of each.

# %%
fields = net.receptive_fields_
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
scaled = fields / np.abs(fields).max(axis=1, keepdims=True)
ReceptiveFieldDisplay.from_fields(scaled, ax=left, sort=False)
left.axhline(9.5, color="white", lw=2)
for row, (unit, color) in enumerate(
    zip((0, 1, 2, 10, 11, 12), 3 * ["#0072B2"] + 3 * ["#D55E00"], strict=True)
):
    right.plot(scaled[unit] - 2.2 * row, color=color, lw=2)
right.set(xlabel="site", yticks=[0.0, -2.2, -4.4, -6.6, -8.8, -11.0])
right.set_yticklabels([f"unit {unit}" for unit in (0, 1, 2, 10, 11, 12)])
right.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# **What do you see?** What do the two halves have in common, and what not?
#
# *Write your answer here.*
#
# ## Your turn
#
# Looking is no measurement. The *inverse participation ratio* of a field w is the sum over sites
# of w^4, divided by the square of the sum over sites of w^2. Write it for many fields at once, a
# row a field.


# %%
def ipr(fields):
    """Inverse participation ratio of each row."""
    # One number a row.
    return ...


# %%
verdict = check_ipr(ipr)
verdict.show()

# %% [markdown]
# A field that is constant on n sites and zero elsewhere has an IPR of 1/n. So on how many sites do
# the fields live, on average, whose bias starts *positive*? Compute it with your `ipr` from
# `net.receptive_fields_`.

# %%
n_sites = ...
check_sites(n_sites, net, X).show()

# %% [markdown]
# ## Look
#
# The IPR of both groups while the net learns.

# %%
if verdict:
    history = [ipr(snapshot) for snapshot in net.receptive_field_history_]
    figure, ax = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
    for units, name, color, marker in (
        (slice(10), "b > 0", "#0072B2", "o"),
        (slice(10, None), "b < 0", "#D55E00", "s"),
    ):
        means = [values[units].mean() for values in history]
        print(f"mean IPR, {name}: {means[0]:.3f} at the start, {means[-1]:.3f} at the end")
        ax.semilogx(net.snapshot_steps_ + 1, means, marker + "-", color=color, label=name)
    for level, name in ((1 / 40, "uniform"), (1.5 / 40, "wave"), (3 / 40, "noise")):
        ax.axhline(level, color="0.6", linestyle=":")
        ax.text(1.0, level, name, va="bottom", color="0.4", fontsize=9)
    ax.set(xlabel="steps", ylabel="mean IPR", ylim=(0.0, None))
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** Both groups start as noise, at 3/40. When do they part, and how?
#
# *Write your answer here.*
