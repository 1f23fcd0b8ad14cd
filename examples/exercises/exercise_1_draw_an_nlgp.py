# %% [markdown]
"""
# Exercise 1: draw an NLGP

The inputs of this class are fields on a ring: a number at each site, neighbours alike. The
*non-linear Gaussian process* (NLGP) is the simplest such law that is not Gaussian. It is made in
three steps:

1. white noise, smoothed: z is Gaussian, of variance 1, and its covariance at distance d is
   exp(-d^2 / xi^2), with xi the correlation length;
2. saturated: erf(gain z / sqrt 2);
3. scaled to variance 1: divided by Z, where Z^2 = (2/pi) arcsin(gain^2 / (1 + gain^2)).
"""

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
from checks import check_draw_nlgp
from scipy.special import erf


def ring_spectrum(n_sites, correlation_length):
    """Power of z at each frequency of np.fft.rfft: the kernel, summed around the ring."""
    images = np.arange(-5, 6)[:, None] * n_sites
    kernel = np.exp(-(((np.arange(n_sites) + images) / correlation_length) ** 2)).sum(axis=0)
    return np.maximum(np.fft.rfft(kernel / kernel[0]).real, 0.0)


# %% [markdown]
# The saturating map, for three gains. A large gain makes almost a step.

# %%
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
z = np.linspace(-3.0, 3.0, 200)
figure, ax = plt.subplots(figsize=(4.2, 2.6), layout="constrained")
for gain, color, style in ((0.1, GREEN, ":"), (1.0, ORANGE, "--"), (10.0, BLUE, "-")):
    ax.plot(z, erf(gain * z / math.sqrt(2.0)), style, color=color, lw=2, label=f"gain {gain:g}")
ax.set(xlabel="z", ylabel="erf(gain z / sqrt 2)")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## Your turn
#
# Write `draw_nlgp`. To smooth noise, multiply its Fourier transform by a filter and go back. The
# covariance of the result is the *square* of the filter. `np.fft.rfft` and `np.fft.irfft(...,
# n=n_sites)` transform each row.


# %%
def draw_nlgp(n_samples, n_sites, correlation_length, gain, rng):
    """Draw fields of an NLGP, of shape (n_samples, n_sites), from the generator rng."""
    # 1. Normal numbers from rng, a row a sample; filter them with the help of
    #    ring_spectrum(n_sites, correlation_length).
    # 2. Saturate.
    # 3. Divide by Z, which is one number.
    return ...


# %%
verdict = check_draw_nlgp(draw_nlgp)
verdict.show()

# %% [markdown]
# ## Look
#
# Once the check passes, run this cell: four fields at each of three gains, and the values that
# their pixels take.

# %%
if verdict:
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 3.8), layout="constrained")
    for (top, bottom), gain, color in zip(
        axes.T, (0.1, 1.0, 10.0), (GREEN, ORANGE, BLUE), strict=True
    ):
        fields = draw_nlgp(4000, 100, 10.0, gain, np.random.default_rng(0))
        kurtosis = np.mean(fields**4) - 3.0
        print(f"gain {gain:g}: variance {fields.var():.2f}, excess kurtosis {kurtosis:.2f}")
        for row, field in enumerate(fields[:4]):
            top.plot(field - 5.0 * row, color=color)
        top.set(title=f"gain {gain:g}", xlabel="site", yticks=[])
        bottom.hist(fields.ravel(), np.linspace(-3.0, 3.0, 50), density=True, color=color)
        bottom.set(xlabel="value of a pixel", ylabel="density" if gain == 0.1 else None)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** What changes from left to right, and what does not?
#
# *Write your answer here.*
