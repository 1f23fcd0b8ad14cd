# %% [markdown]
"""
# Exercise 4: compare with convolution

**Objectives**

- Measure how similar two receptive fields are, whatever their position, sign and size.
- Compare a measured similarity with the similarity that arises by chance.

**Time:** 10 minutes

A convolutional net applies one small filter at all sites because it was built in this way. The
fully-connected net developed its localized fields by training. Are the localized fields the same as
the filters? To answer this question, we need a number that does not depend on the position, the
sign or the size of a field.
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
print(f"fields {fields.shape}, filters placed on the ring {filters.shape}")

# %% [markdown]
# ## Your turn
#
# The cosine of two fields is the sum over sites of their product, divided by the lengths of both.
# Write `match`, the largest absolute cosine of `field` and a shifted `other`, over all shifts
# around the ring. Do not subtract means.


# %%
def match(field, other):
    """Largest absolute cosine over all circular shifts."""
    # np.roll(other, shift) shifts around the ring.
    return ...


# %%
verdict = check_match(match)
verdict.show()

# %% [markdown]
# ## How large is a large match?
#
# Any two smooth fields are similar at some shift. Which match would the ten fields with positive
# bias reach by chance? The next cell gives each field random phases, which keeps its spectrum and
# therefore its smoothness, and computes the median of their best matches. The computation is
# repeated 99 times.

# %%
medians = rfsk.analysis.chance_match(fields[:10], filters, random_state=0)
print(np.round(medians[::7], 2))

# %% [markdown]
# Which median is exceeded by only 5 % of the 99 medians? The array `medians` is sorted.

# %%
level = ...
check_chance(level, medians).show()

# %% [markdown]
# ## Look
#
# When the first check has passed, run the next cell again. The left panel shows a field and the
# filter that it matches best, shifted to the same position. The right panel shows the best match of
# each unit. The grey band is the range of the medians that arise by chance.

# %%
if verdict:
    chance = np.quantile(medians, [0.0, 0.95])
    best = np.array([[match(field, other) for other in filters] for field in fields])
    print(f"median best match: b > 0 {np.median(best[:10].max(axis=1)):.2f}, "
          f"b < 0 {np.median(best[10:].max(axis=1)):.2f}")  # fmt: skip
    print(f"lowest best match, b > 0: {best[:10].max(axis=1).min():.2f}; "
          f"a median that chance exceeds in 5 % of cases: {chance[1]:.2f}")  # fmt: skip
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
    unit = int(best[:10].max(axis=1).argmax())
    field, other = fields[unit], filters[best[unit].argmax()]
    cosines = np.stack([np.roll(other, shift) for shift in range(40)]) @ field
    shift = int(np.abs(cosines).argmax())
    other = np.sign(cosines[shift]) * np.roll(other, shift)
    peak = int(np.abs(field).argmax())
    for values, name, color, style in (
        (field, f"field of unit {unit}", "#0072B2", "-"),
        (other, "filter", "#009E73", "--"),
    ):
        upright = np.sign(field[peak]) * np.roll(values, 20 - peak) / np.linalg.norm(values)
        left.plot(np.arange(40) - 20, upright, style, color=color, lw=2, label=name)
    left.set(xlabel="site, relative to the peak", ylabel="weight (length 1)")
    left.legend(frameon=False, loc="upper right", fontsize=8)
    right.plot(np.arange(10), best[:10].max(axis=1), "o", color="#0072B2", label="b > 0")
    right.plot(np.arange(10, 20), best[10:].max(axis=1), "s", color="#CC79A7", label="b < 0")
    right.axhspan(*chance, color="0.9", zorder=0, label="chance")
    right.set(xlabel="unit", ylabel="best match", ylim=(0.4, 1.02), xticks=[0, 5, 10, 15])
    right.legend(frameon=False, loc="lower left", fontsize=8)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# **What do you see?** Which units have learnt a convolution?
#
# *Write your answer here.*
#
# **Take-away.** The localized fields of a fully-connected net equal the filters of a convolutional
# net up to position and sign. A large match means something only in comparison with chance.
