"""
How many inputs show a localized factor
=======================================

The leading CP factor of the exact fourth cumulant of an NLGP is localized at any gain: one
bump, about two correlation lengths wide. That of a sample's cumulant is so only if the sample is
large enough for the cumulant to stand out of its noise. The smaller the gain, the weaker the
cumulant and the larger the sample; for the Gaussian clone, whose cumulant is zero, none will do.
"""

# %%
# Measure: the IPR of the leading factor, over the number of samples at a few gains, and over the
# gain at a few numbers of samples. Ring of 30 sites, correlation length 3, ten seeds each.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import cumulant

N_SEEDS = 10


def model(gain):
    """Return the long-range class of a small task."""
    return rfsk.NLGP(30, correlation_length=3.0, gain=gain)


def leading_ipr(law, n_samples):
    """IPR of the leading factor: mean over seeds, and its standard error."""
    found = [
        rfsk.ipr(rfsk.symmetric_cp(law.sample(n_samples, seed), 1, random_state=seed).components)
        for seed in range(N_SEEDS)
    ]
    return np.mean(found), np.std(found, ddof=1) / np.sqrt(N_SEEDS)


def exact_ipr(gain):
    """IPR of the leading factor of the law itself."""
    return rfsk.ipr(
        rfsk.symmetric_cp(cumulant(model(gain)), 1, tol=1e-10, random_state=0).components
    )[0]


sizes = 100 * 2 ** np.arange(9)
gains = np.array([0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0])
laws = {
    "gain 3": model(3.0),
    "gain 1": model(1.0),
    "gain 0.5": model(0.5),
    "Gaussian clone": model(3.0).gaussian_clone(),
}
styles = dict(zip(laws, ("o-", "s--", "^-.", "v:"), strict=True))
colors = dict(zip(laws, ("#0072B2", "#D55E00", "#009E73", "#6E6E6E"), strict=True))
by_size = {name: np.array([leading_ipr(law, n) for n in sizes]) for name, law in laws.items()}
some_sizes = (400, 3200, 25_600)
by_gain = {n: np.array([leading_ipr(model(gain), n) for gain in gains]) for n in some_sizes}

# %%
# Draw both transitions. Error bars are standard errors over seeds; the dotted lines show what a
# wave (0.05) and white noise (0.1) read on 30 sites.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
for name, values in by_size.items():
    left.errorbar(
        sizes, values[:, 0], values[:, 1], fmt=styles[name], color=colors[name], ms=4, label=name
    )
for n, style, color in zip(some_sizes, ("^-.", "s--", "o-"), ("0.65", "0.4", "0.0"), strict=True):
    values = by_gain[n]
    right.errorbar(
        gains, values[:, 0], values[:, 1], fmt=style, color=color, ms=4, label=f"n = {n:,}"
    )
right.plot(gains, [exact_ipr(gain) for gain in gains], color="#0072B2", label="exact cumulant")
for ax in (left, right):
    ax.set_xscale("log")
    ax.axhline(0.05, color="0.8", linestyle=":", zorder=0)
    ax.axhline(0.1, color="0.8", linestyle=":", zorder=0)
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
left.set(xlabel="samples", ylabel="IPR of the leading factor", ylim=(0.0, None))
right.set(xlabel="gain")

# %%
# The larger the sample, the smaller the gain from which on the factor is localized.

for n, values in by_gain.items():
    crossing = gains[np.argmax(values[:, 0] > 0.12)]
    print(f"n = {n:6,}: IPR above 0.12 from gain {crossing:g} on")
plt.show()
