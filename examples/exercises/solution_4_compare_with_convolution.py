# %% [markdown]
"""
# Exercise 4: compare with convolution

A convolutional net has one small field at all sites, because we built it so. The fully-connected
net found its bumps by itself. Are they the same? To answer that, a number is needed that does not
care where a field lies, which sign it has or how large it is.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from checks import check_chance, check_match

import rfsk

task = rfsk.Discrimination([rfsk.NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
net = rfsk.FCNet(20, batch_size=200, weight_decay=0.0, random_state=0).fit_online(task, 400_000)
conv = rfsk.ConvNet(2, kernel_size=39, batch_size=100, weight_decay=0.0, random_state=0)
conv.fit_online(task, 100_000)
fields, filters = net.receptive_fields_, conv.receptive_fields_
print(f"fields {fields.shape}, filters laid on the ring {filters.shape}")

# %% [markdown]
# ## Your turn
#
# The cosine of two fields is their product, summed over sites, divided by the lengths of both.
# Write `match`: the largest |cosine| of `field` and `other` shifted around the ring by any number
# of sites. Means are not subtracted.


# %%
def match(field, other):
    """Largest |cosine| over all circular shifts."""
    # <answer>
    lengths = np.linalg.norm(field) * np.linalg.norm(other)
    shifted = [np.roll(other, shift) for shift in range(len(other))]
    return np.abs(shifted @ field).max() / lengths
    # <student>
    # > # np.roll(other, shift) shifts around the ring.
    # > return ...
    # </answer>


# %%
verdict = check_match(match)
verdict.show()

# %% [markdown]
# ## How much is much?
#
# Smooth fields match each other somewhere whatever they are. What would the ten fields of positive
# bias reach by chance? Give each random phases, which leave its spectrum and so its smoothness,
# and take the median of their best matches; do so 99 times.

# %%
medians = rfsk.analysis.chance_match(fields[:10], filters, random_state=0)
print(np.round(medians[::7], 2))

# %% [markdown]
# Which median is exceeded in only 5 % of the 99 cases? (`medians` is sorted.)

# %%
# <answer>
level = medians[94]
# <student>
# > level = ...
# </answer>
check_chance(level, medians).show()

# %% [markdown]
# ## Look
#
# Left, a field on the filter that it matches best, shifted to the same place. Right, the best
# match of every unit, above what chance gives to the median of the first half.

# %%
if verdict:
    best = np.array([[match(field, other) for other in filters] for field in fields])
    print(f"median best match: b > 0 {np.median(best[:10].max(axis=1)):.2f}, "
          f"b < 0 {np.median(best[10:].max(axis=1)):.2f}")  # fmt: skip
    print(f"lowest best match, b > 0: {best[:10].max(axis=1).min():.2f}; "
          f"a median that chance exceeds in 5 % of cases: {medians[94]:.2f}")  # fmt: skip
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    unit = int(best[:10].max(axis=1).argmax())
    field, other = fields[unit], filters[best[unit].argmax()]
    cosines = np.stack([np.roll(other, shift) for shift in range(40)]) @ field
    shift = int(np.abs(cosines).argmax())
    other = np.sign(cosines[shift]) * np.roll(other, shift)
    peak = int(np.abs(field).argmax())
    for values, name, style in ((field, f"field of unit {unit}", "-"), (other, "filter", "--")):
        upright = np.sign(field[peak]) * np.roll(values, 20 - peak) / np.linalg.norm(values)
        left.plot(np.arange(40) - 20, upright, style, lw=2, label=name)
    left.set(xlabel="site from the peak", ylabel="weight, unit length")
    left.legend(frameon=False, loc="upper right", fontsize=8)
    right.plot(np.arange(10), best[:10].max(axis=1), "o", color="#0072B2", label="b > 0")
    right.plot(np.arange(10, 20), best[10:].max(axis=1), "s", color="#D55E00", label="b < 0")
    right.axhspan(medians[0], medians[94], color="0.85", zorder=0, label="chance (95 %)")
    right.set(xlabel="unit", ylabel="best match", ylim=(0.4, 1.02), xticks=[0, 5, 10, 15])
    right.legend(frameon=False, loc="lower left", fontsize=8)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** Which units have learnt convolution?
#
# <answer>
# All ten units of positive bias match a filter at 0.96 or above; by chance their median would
# exceed 0.84 in one case of twenty. Together with their places, all around the ring, they are a
# convolution: one filter at many sites. Units of negative bias match no better than chance: that
# both kinds of net have waves does not make these waves equal.
# <student>
# > *Write your answer here.*
# </answer>
