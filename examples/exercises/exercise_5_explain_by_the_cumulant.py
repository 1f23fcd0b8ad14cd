# %% [markdown]
"""
# Exercise 5: explain the fields by the fourth cumulant

**Objectives**

- Compute the fourth cumulant of the inputs along a direction.
- Explain why the receptive fields resemble the directions along which this cumulant is largest.

**Time:** 10 minutes

On the control no field localizes. The control lacks all statistics of the NLGP beyond the mean and
the covariance. The statistic of lowest order that the control lacks is the *fourth cumulant*: the
fourth moment minus the part that the covariance determines. Along a direction a, the fourth
cumulant is a single number,

    contraction(X, a) = mean of (x.a)^4 - 3 (mean of (x.a)^2)^2,

where the mean of x.a is subtracted first. For Gaussian inputs the fourth cumulant is zero along
every direction.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from checks import check_contraction, check_control

import rfsk

models = [rfsk.NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)]
task = rfsk.Discrimination(models)
X, y = task.sample(40_000, random_state=1)
X_control, _ = rfsk.make_gaussian_clone(X, y, random_state=2)  # the control of exercise 3
net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, random_state=0).fit_online(task, 400_000)

# %% [markdown]
# ## Your turn
#
# Write `contraction`. `X @ a` is x.a for all samples.


# %%
def contraction(X, a):
    """Fourth cumulant of the inputs along a."""
    return ...


# %%
verdict = check_contraction(contraction)
verdict.show()

# %% [markdown]
# Let `a` be the localized field of unit 0, scaled to length 1. Use your function to compute the
# contraction of class 1 of the control, `X_control`, along `a`.

# %%
a = net.receptive_fields_[0] / np.linalg.norm(net.receptive_fields_[0])
on_control = ...
check_control(on_control, X_control, y, a).show()

# %% [markdown]
# ## Look
#
# Along which directions of length 1 is the cumulant largest? The *CP decomposition* finds these
# directions. It approximates the cumulant by a sum of a few terms. Each term is the fourth power of
# a vector, which is called a *factor*. The factors come from the inputs of class 1 alone, without
# any net. The left panel shows a factor and the field that matches it best. The right panel shows
# the contraction along bumps of different widths; the dotted line is the contraction along the
# factor.

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
    for values, name, color, style in (
        (net.receptive_fields_[int(best.argmax())], "field", "#0072B2", "-"),
        (factors[0], "CP factor", "#009E73", "--"),
    ):
        peak = int(np.abs(values).argmax())
        curve = np.roll(values / values[peak], 20 - peak)
        left.plot(sites, curve, style, color=color, lw=2, label=name)
    left.set(xlabel="site, relative to the peak", ylabel="weight (peak 1)")
    for data, name, color, style in (
        (X[y == 1], "NLGP", "#0072B2", "o-"),
        (X_control[y == 1], "control", "#D55E00", "s--"),
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
# **What do you see?** Why does a net develop localized fields on inputs with this cumulant?
#
# *Write your answer here.*
#
# **Take-away.** The fourth cumulant of NLGPs is largest along bumps. Localized receptive fields
# resemble the CP factors of this cumulant, which can be computed from the inputs without training a
# net.
