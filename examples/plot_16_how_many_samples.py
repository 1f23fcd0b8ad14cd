"""
Number of samples that show a localized factor
==============================================

How many samples are needed to find a localized factor of the fourth cumulant? The leading CP factor
of the exact cumulant of an NLGP is localized at any gain: it is a bump about two correlation
lengths wide. The factor of a sample is localized only if the sample is so large that the cumulant
exceeds the noise of its estimate. At a smaller gain the cumulant is smaller, and more samples are
needed. On the control, Gaussian inputs with the same mean and covariance, the cumulant is zero and
no sample is large enough.
"""

# %%
# Measure the IPR (inverse participation ratio) of the leading factor as a function of the number
# of samples for a few gains, and as a function of the gain for a few numbers of samples. The ring
# has 30 sites, the correlation length is 3, and there are five seeds.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import cumulant
from rfsk.plotting.style import CONTROL, INPUT, OUTCOME, tidy

N_SEEDS = 5


def model(gain):
    """Return the long-range class of a small task."""
    return rfsk.NLGP(30, correlation_length=3.0, gain=gain)


def leading_ipr(inputs, n_samples):
    """Compute the mean IPR of the leading factor over seeds, and its standard error."""
    found = [
        rfsk.ipr(rfsk.symmetric_cp(inputs.sample(n_samples, seed), 1, random_state=seed).components)
        for seed in range(N_SEEDS)
    ]
    return np.mean(found), np.std(found, ddof=1) / np.sqrt(N_SEEDS)


def exact_ipr(gain):
    """Compute the IPR of the leading factor of the exact cumulant."""
    return rfsk.ipr(
        rfsk.symmetric_cp(cumulant(model(gain)), 1, tol=1e-10, random_state=0).components
    )[0]


sizes = 200 * 2 ** np.arange(7)
gains = np.array([0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 3.0, 10.0])
models = {
    "gain 3": model(3.0),
    "gain 1": model(1.0),
    "gain 0.5": model(0.5),
    "control": model(3.0).gaussian_clone(),
}
by_size = {
    name: np.array([leading_ipr(inputs, n) for n in sizes]) for name, inputs in models.items()
}
some_sizes = (400, 3200, 12_800)
by_gain = {n: np.array([leading_ipr(model(gain), n) for gain in gains]) for n in some_sizes}

# %%
# The left panel shows the IPR as a function of the number of samples, and the right panel as a
# function of the gain. Error bars are standard errors over seeds.

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.2), sharey=True, layout="constrained")
colors = ("#002D4D", INPUT, "#56B4E9", CONTROL)
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
right.plot(gains, [exact_ipr(gain) for gain in gains], color=OUTCOME, linewidth=2.5,
           label="exact cumulant")  # fmt: skip
for ax in (left, right):
    ax.set_xscale("log")
    for level, name in ((0.05, "Fourier mode"), (0.1, "white noise")):
        ax.axhline(level, color="0.7", linestyle=(0, (1, 2)), zorder=0)
        ax.text(1.0, level + 0.002, name, transform=ax.get_yaxis_transform(), ha="right",
                color="0.4", fontsize=9)  # fmt: skip
    tidy(ax)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
left.set(title="IPR and number of samples", xlabel="samples", ylim=(0.0, None))
left.set_ylabel("IPR of the leading factor")
right.set(title="IPR and gain", xlabel="gain")
right.set_xticks([0.1, 0.3, 1.0, 3.0, 10.0], ["0.1", "0.3", "1", "3", "10"])

# %%
# In the left panel, the IPR increases with the number of samples for every gain; at a smaller gain,
# more samples are needed for the same IPR. On the control the IPR stays between the values of a
# Fourier mode and of white noise for any number of samples: the cumulant of such a sample and its
# factor are noise that is as smooth as the inputs. In the right panel, the factor of the exact
# cumulant is localized at every gain. With more samples, the factor of a sample is localized down
# to smaller gains.

for n, values in by_gain.items():
    crossing = gains[np.argmax(values[:, 0] > 0.12)]
    print(f"{n:6,} samples: mean IPR first above 0.12 at gain {crossing:g}")

# %%
# :func:`rfsk.theory.localization_sample_size` predicts the necessary number of samples from the
# value of the cumulant along its leading factor and from the noise of its estimate.
plt.show()
