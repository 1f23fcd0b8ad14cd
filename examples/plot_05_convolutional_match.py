"""
Fields match convolutional filters
==================================

A convolutional net is told that neighbours are neighbours and that every place is like any other;
a fully-connected net is told neither. Trained on the same task, the localized fields of the second
are shifted copies of the filters of the first, and the match is beyond what smooth fields of the
same spectra reach by chance. The fully-connected net has discovered the convolution.
"""

# %%
# Train both online on saturated inputs, up to the same learning rate x steps.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import bump_match, chance_match, group_split
from rfsk.plotting import MatchingDisplay

task = rfsk.make_nlgp(2, return_X_y=False).task
net = rfsk.FCNet(40, learning_rate=5.0, batch_size=250, weight_decay=0.0, random_state=0)
net.fit_online(task, 1_000_000)
conv = rfsk.ConvNet(4, learning_rate=20.0, batch_size=200, weight_decay=0.0, random_state=0)
conv.fit_online(task, 200_000)
X, y = task.sample(5000, random_state=1)
print(f"accuracy: fully connected {net.score(X, y):.3f}, convolutional {conv.score(X, y):.3f}")

# %%
# The four filters: two of channels whose bias starts positive, two of the others. Beside them the
# localized field that is typical, the one of median match, with its best filter, at the shift and
# the sign that :class:`rfsk.FieldMatcher` finds. Both are of unit length.

fields, filters = net.receptive_fields_, conv.receptive_fields_
is_localized = group_split(fields, random_state=0).groups == "localized"
matcher = rfsk.FieldMatcher().fit(filters)
match, index, sign, shift = matcher.transform(fields).T
units = np.flatnonzero(is_localized)
unit = units[np.argsort(match[units])[len(units) // 2]]
center = np.abs(fields[unit]).argmax()


def centered(values):
    """A field of unit length, its sign and place such that the typical unit peaks at 0."""
    values = np.roll(values, 50 - center) / np.linalg.norm(values)
    return np.sign(fields[unit, center]) * values


figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.5), layout="constrained")
site = np.arange(100) - 50
for channel, values in enumerate(filters / np.linalg.norm(filters, axis=1, keepdims=True)):
    left.axhline(-0.6 * channel, color="0.85", lw=0.8, zorder=0)
    left.plot(site, values - 0.6 * channel, color="#0072B2" if channel < 2 else "#D55E00")
left.set(xlabel="site from the centre", ylabel="filters, unit length")
left.set_yticks(
    [-0.6 * channel for channel in range(4)],
    [f"channel {channel}\nb = {start}" for channel, start in enumerate(("+1", "+1", "-1", "-1"))],
)
placed = sign[unit] * np.roll(filters[int(index[unit])], int(shift[unit]))
right.plot(site, centered(fields[unit]), color="0.7", lw=4, label="field")
right.plot(site, centered(placed), "--", color="#0072B2", label="filter")
right.set(xlabel="site from the peak", ylabel="weight, unit length")
right.set_title(f"unit {unit} and channel {int(index[unit])}: match {match[unit]:.3f}", fontsize=10)
right.legend(frameon=False)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# Every unit, against chance. Smooth bumps resemble each other anyway, so the level to beat is what
# the same fields reach after their Fourier phases have been drawn anew, which leaves each its
# smoothness: the median of the group is beyond the line in at most 5 % of such draws. A Gaussian
# bump of the right width does better than the fields: the match says that they are such bumps.

figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
place = 0
for group, marker, color, name in (
    (is_localized, "o", "#0072B2", "localized"),
    (~is_localized, "s", "#D55E00", "others"),
):
    ranked = np.sort(match[group])[::-1]
    chance = chance_match(fields[group], filters, random_state=0)[94]
    where = place + np.arange(len(ranked))
    ax.plot(where, ranked, marker, color=color, ms=5, label=name)
    ax.plot(where[[0, -1]] + [-0.4, 0.4], [chance, chance], "-", color="black", lw=1.5,
            label="chance, 5 % level of the median" if place else None)  # fmt: skip
    print(f"{name:10} {len(ranked)} units, median match {np.median(ranked):.3f}, "
          f"chance {chance:.3f}")  # fmt: skip
    place += len(ranked) + 2
print(f"Gaussian bumps, fitted to the filters: {bump_match(filters).round(3)}")
ax.set(xlabel="units, best match first", ylabel="match over shifts and signs", ylim=(0.5, 1.02))
ax.set_xticks([])
ax.legend(frameon=False, loc="lower left")
ax.spines[["top", "right"]].set_visible(False)

# %%
# Which filter does a unit match? The matrix of all matches, a row a unit, the best filter of each
# marked. Localized units match both localized filters, which are one bump at two places, and no
# other. Waves match the other two, but no better than waves of their spectra do by chance.

MatchingDisplay.from_fields(fields, filters, names=("unit", "channel"))
plt.show()
