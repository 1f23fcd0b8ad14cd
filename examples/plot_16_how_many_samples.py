"""
How many inputs show a localized factor
=======================================

The leading CP factor of the exact fourth cumulant of an NLGP is localized at any gain: one
bump, about two correlation lengths wide. That of a sample's cumulant is so only if the sample is
large enough for the cumulant to stand out of its noise. The smaller the gain, the weaker the
cumulant and the larger the sample; for the Gaussian clone, whose cumulant is zero, none will do.
"""

# %%
# Measure the IPR of the leading factor, over the number of samples at a few gains, and over the
# gain at a few numbers of samples. Ring of 30 sites, correlation length 3, five seeds each.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import cumulant

N_SEEDS = 5


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


sizes = 200 * 2 ** np.arange(7)
gains = np.array([0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 3.0, 10.0])
laws = {
    "gain 3": model(3.0),
    "gain 1": model(1.0),
    "gain 0.5": model(0.5),
    "Gaussian clone": model(3.0).gaussian_clone(),
}
by_size = {name: np.array([leading_ipr(law, n) for n in sizes]) for name, law in laws.items()}
some_sizes = (400, 3200, 12_800)
by_gain = {n: np.array([leading_ipr(model(gain), n) for gain in gains]) for n in some_sizes}

# %%
# Draw both transitions. Error bars are standard errors over seeds.

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.2), sharey=True, layout="constrained")
colors = ("#0072B2", "#D55E00", "#009E73", "#6E6E6E")
for (name, values), style, color in zip(
    by_size.items(), ("o-", "s--", "^-.", "v:"), colors, strict=True
):
    left.errorbar(sizes, *values.T, fmt=style, color=color, markersize=5, capsize=2, label=name)
for (n, values), style, color in zip(
    by_gain.items(), ("^-.", "s--", "o-"), ("0.6", "0.35", "0.0"), strict=True
):
    right.errorbar(
        gains, *values.T, fmt=style, color=color, markersize=5, capsize=2, label=f"{n:,} samples"
    )
right.plot(gains, [exact_ipr(gain) for gain in gains], color="#0072B2", linewidth=2.5,
           label="exact cumulant")  # fmt: skip
for ax in (left, right):
    ax.set_xscale("log")
    for level, name in ((0.05, "wave"), (0.1, "white noise")):
        ax.axhline(level, color="0.7", linestyle=(0, (1, 2)), zorder=0)
        ax.text(1.0, level + 0.002, name, transform=ax.get_yaxis_transform(), ha="right",
                color="0.4", fontsize=9)  # fmt: skip
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
left.set(xlabel="samples", ylabel="IPR of the leading factor", ylim=(0.0, None))
right.set(xlabel="gain")
right.set_xticks([0.1, 0.3, 1.0, 3.0, 10.0], ["0.1", "0.3", "1", "3", "10"])

# %%
# On the left each law that has a cumulant rises, the smaller its gain the later. The clone stays
# between waves and white noise, however many samples there are: its sample cumulant is noise of
# the inputs' own smoothness, and so is the factor. On the right the roles are exchanged: the exact
# cumulant has a localized factor at every gain, and the more samples there are, the farther down in
# the gain those of a sample follow it.

for n, values in by_gain.items():
    crossing = gains[np.argmax(values[:, 0] > 0.12)]
    print(f"{n:6,} samples: mean IPR first above 0.12 at gain {crossing:g}")

# %%
# The number of samples that it takes can be told beforehand, from the strength of the cumulant and
# that of its noise: :func:`rfsk.theory.localization_sample_size`.
plt.show()
