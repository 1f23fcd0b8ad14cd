# %% [markdown]
"""
# Exercise 1: draw an NLGP

**Objectives**

- Generate inputs of a non-linear Gaussian process (NLGP) in three steps.
- Explain which properties of the inputs the gain changes, and which it does not.

**Time:** 10 minutes

An input of this class is a ring of sites. Each site holds one number, and the values at
neighbouring sites are similar. The *non-linear Gaussian process* is the simplest input model of
this kind that is not Gaussian. It generates inputs in three steps:

1. Smooth white noise. The result z is Gaussian with variance 1. The covariance of z at distance d
   is exp(-d^2 / xi^2), where xi is the correlation length.
2. Saturate z: compute erf(gain z / sqrt 2).
3. Scale to variance 1: divide by Z, where Z^2 = (2/pi) arcsin(gain^2 / (1 + gain^2)).
"""

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
from checks import check_draw_nlgp, slider
from scipy.special import erf


def ring_spectrum(n_sites, correlation_length):
    """Power of z at each frequency of np.fft.rfft: the kernel, summed around the ring."""
    images = np.arange(-5, 6)[:, None] * n_sites
    kernel = np.exp(-(((np.arange(n_sites) + images) / correlation_length) ** 2)).sum(axis=0)
    return np.maximum(np.fft.rfft(kernel / kernel[0]).real, 0.0)


# %% [markdown]
# The figure shows the saturating map for three gains. At a large gain the map is almost a step.

# %%
LIGHT, BLUE, DARK = "#56B4E9", "#0072B2", "#002D4D"
z = np.linspace(-3.0, 3.0, 200)
figure, ax = plt.subplots(figsize=(4.8, 2.8), layout="constrained")
for gain, color, style in ((0.1, LIGHT, ":"), (1.0, BLUE, "--"), (10.0, DARK, "-")):
    ax.plot(z, erf(gain * z / math.sqrt(2.0)), style, color=color, lw=2, label=f"gain {gain:g}")
ax.set(xlabel="z", ylabel="erf(gain z / sqrt 2)")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## Your turn
#
# Write `draw_nlgp`. To smooth noise, multiply its Fourier transform by a filter and transform back.
# `np.fft.rfft` and `np.fft.irfft(..., n=n_sites)` transform each row. The covariance of smoothed
# noise is the *square* of the filter.


# %%
def draw_nlgp(n_samples, n_sites, correlation_length, gain, rng):
    """Draw inputs of an NLGP, of shape (n_samples, n_sites), with the generator rng."""
    # 1. Draw normal numbers with rng, one row per sample. Filter them with the help of
    #    ring_spectrum(n_sites, correlation_length).
    # 2. Saturate.
    # 3. Divide by Z, which is a single number.
    return ...


# %%
verdict = check_draw_nlgp(draw_nlgp)
verdict.show()

# %% [markdown]
# ## Look
#
# When the check has passed, run the next cell again. It shows four inputs at each of three gains,
# and the distribution of the values at a site.

# %%
if verdict:
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 3.8), layout="constrained")
    for (top, bottom), gain, color in zip(
        axes.T, (0.1, 1.0, 10.0), (LIGHT, BLUE, DARK), strict=True
    ):
        inputs = draw_nlgp(4000, 100, 10.0, gain, np.random.default_rng(0))
        kurtosis = np.mean(inputs**4) - 3.0
        print(f"gain {gain:g}: variance {inputs.var():.2f}, excess kurtosis {kurtosis:.2f}")
        for row, values in enumerate(inputs[:4]):
            top.plot(values - 5.0 * row, color=color)
        top.set(title=f"gain {gain:g}", xlabel="site", yticks=[])
        bottom.hist(inputs.ravel(), np.linspace(-3.0, 3.0, 50), density=True, color=color)
        bottom.set(xlabel="value at a site", ylabel="density" if gain == 0.1 else None)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** Which properties change from left to right, and which do not?
#
# *Write your answer here.*
#
# If you work in Jupyter and `ipywidgets` is installed, the next cell shows a slider for the gain.
# Guess first: at which gain is the excess kurtosis -0.6, half that of a uniform distribution?


# %%
def show(gain):
    """Show one input and the excess kurtosis at a gain."""
    inputs = draw_nlgp(1000, 100, 10.0, gain, np.random.default_rng(0))
    _, ax = plt.subplots(figsize=(5.2, 2.0), layout="constrained")
    ax.plot(inputs[0], color=BLUE)
    ax.set(title=f"excess kurtosis {np.mean(inputs**4) - 3.0:.2f}", xlabel="site", ylim=(-3, 3))
    plt.show()


if verdict:
    slider(show, gain=[0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 3.0, 10.0])

# %% [markdown]
# **Take-away.** The gain sets how far the inputs are from Gaussian. A large gain turns smooth
# inputs into plateaus with sharp edges, and hardly changes which sites are correlated.
