# %% [markdown]
"""
# Exercise 5: explain the fields by the fourth cumulant

The Gaussian control took the bumps away. What it lacks is everything beyond the covariance, first
of all the *fourth cumulant*: the fourth moment less what the covariance alone makes of it. Along a
direction a it is one number,

    contraction(X, a) = mean of (x.a)^4 - 3 (mean of (x.a)^2)^2,   with the mean of x.a taken off.

It is zero for Gaussian inputs along every a.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from checks import check_clone, check_contraction

import rfsk

models = [rfsk.NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)]
task = rfsk.Discrimination(models)
X, y = task.sample(40_000, random_state=1)
X_clone, _ = rfsk.make_gaussian_clone(X, y, random_state=2)
net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, random_state=0).fit_online(task, 400_000)

# %% [markdown]
# ## Your turn
#
# Write `contraction`. `X @ a` is x.a of every sample.


# %%
def contraction(X, a):
    """Fourth cumulant of the inputs along a."""
    return ...


# %%
verdict = check_contraction(contraction)
verdict.show()

# %% [markdown]
# Take for `a` the field of unit 0, a bump, of length 1. With your function, what is the
# contraction of the Gaussian clone of class 1 along it?

# %%
a = net.receptive_fields_[0] / np.linalg.norm(net.receptive_fields_[0])
on_clone = ...
check_clone(on_clone, X_clone, y, a).show()

# %% [markdown]
# ## Look
#
# Which directions of length 1 have the largest cumulant? They are the factors of its CP
# decomposition, a sum of few fourth powers of vectors. Nets and gradients have no part in them:
# they are made from the inputs of class 1 alone. Left, one of them and the field that matches it
# best. Right, the contraction along bumps of all widths; dotted, along that factor.

# %%
factors = rfsk.CumulantCP(4, random_state=0).fit(X[y == 1][:8000]).components_
best = rfsk.analysis.match_matrix(net.receptive_fields_, factors).max(axis=1)
print(f"IPR of the factors {rfsk.ipr(factors).mean():.3f}; median best match of fields: "
      f"b > 0 {np.median(best[:10]):.2f}, b < 0 {np.median(best[10:]):.2f}")  # fmt: skip
if verdict:
    sites = np.arange(40) - 20
    widths = np.array([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 40.0])
    bumps = np.exp(-0.5 * (sites / widths[:, None]) ** 2)
    bumps /= np.linalg.norm(bumps, axis=1, keepdims=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    for values, name, style in (
        (net.receptive_fields_[int(best.argmax())], "field", "-"),
        (factors[0], "CP factor", "--"),
    ):
        peak = int(np.abs(values).argmax())
        left.plot(sites, np.roll(values / values[peak], 20 - peak), style, lw=2, label=name)
    left.set(xlabel="site from the peak", ylabel="weight, over the peak")
    for data, name, color, style in (
        (X[y == 1], "NLGP", "#0072B2", "o-"),
        (X_clone[y == 1], "Gaussian clone", "#D55E00", "s--"),
    ):
        along = [contraction(data, bump) for bump in bumps]
        right.semilogx(widths, along, style, color=color, label=name)
        print(f"{name}: largest along a bump of width {widths[int(np.abs(along).argmax())]:g}, "
              f"{along[int(np.abs(along).argmax())]:.2f}")  # fmt: skip
    level = contraction(X[y == 1], factors[0] / np.linalg.norm(factors[0]))
    right.axhline(level, color="0.4", linestyle=":")
    right.text(0.5, level, "CP factor", va="bottom", color="0.4", fontsize=9)
    right.set(xlabel="standard deviation of the bump (sites)", ylabel="contraction")
    left.legend(frameon=False, fontsize=8)
    right.legend(frameon=False, fontsize=8, loc="upper right", bbox_to_anchor=(1.0, 0.9))
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** Why does a net whose inputs have this cumulant grow bumps?
#
# *Write your answer here.*
