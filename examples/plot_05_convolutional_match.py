"""
Match of receptive fields with convolutional filters
====================================================

Does a fully-connected network find the filters of a convolutional network? The architecture of a
convolutional network determines which inputs are neighbours and treats all places alike; a
fully-connected network has no such information. If both networks are trained on the same task, the
localized fields of the fully-connected network are shifted copies of the filters of the
convolutional network. The localized fields match these filters better than fields with the same
spectra and random phases do.
"""

# %%
# Train both networks online on saturated inputs, until the product of learning rate and steps has
# the same value.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import bump_match, chance_match, group_split
from rfsk.plotting import MatchingDisplay
from rfsk.plotting.style import INPUT, OTHER, OUTCOME, centered, tidy

task = rfsk.make_nlgp(2, return_X_y=False).task
net = rfsk.FCNet(40, learning_rate=5.0, batch_size=250, weight_decay=0.0, random_state=0)
net.fit_online(task, 1_000_000)
conv = rfsk.ConvNet(4, learning_rate=20.0, batch_size=200, weight_decay=0.0, random_state=0)
conv.fit_online(task, 200_000)
X, y = task.sample(5000, random_state=1)
print(f"accuracy: fully connected {net.score(X, y):.3f}, convolutional {conv.score(X, y):.3f}")

# %%
# On the left are the four filters: two of channels with a positive initial bias and two of channels
# with a negative initial bias. On the right is the localized field of median match, with the filter
# that it matches best, at the shift and sign that :class:`rfsk.FieldMatcher` finds.

fields, filters = net.receptive_fields_, conv.receptive_fields_
is_localized = group_split(fields, random_state=0).groups == "localized"
matcher = rfsk.FieldMatcher().fit(filters)
match, index, sign, shift = matcher.transform(fields).T
units = np.flatnonzero(is_localized)
unit = units[np.argsort(match[units])[len(units) // 2]]

figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.5), layout="constrained")
site = np.arange(100) - 50
for channel, values in enumerate(filters / np.linalg.norm(filters, axis=1, keepdims=True)):
    left.axhline(-0.6 * channel, color="0.85", lw=0.8, zorder=0)
    left.plot(site, values - 0.6 * channel, color=INPUT if channel < 2 else OTHER)
left.set(title="filters of the convolutional network", xlabel="site from the centre")
left.set(ylabel="weight, offset by channel")
left.set_yticks(
    [-0.6 * channel for channel in range(4)],
    [f"channel {channel}\nb = {start}" for channel, start in enumerate(("+1", "+1", "-1", "-1"))],
)
placed = sign[unit] * np.roll(filters[int(index[unit])], int(shift[unit]))
right.plot(site, centered(fields[unit], fields[unit], (100,)), color="0.7", lw=4, label="field")
right.plot(site, centered(placed, fields[unit], (100,)), "--", color=OUTCOME, label="filter")
right.set(xlabel="site from the peak", ylabel="weight, unit length")
right.set_title(f"unit {unit} and channel {int(index[unit])}, match {match[unit]:.3f}")
right.legend(frameon=False)
tidy(left)
tidy(right)

# %%
# The left panel shows the best match of every unit with any filter. Smooth fields resemble each
# other, so the level of chance is the match of fields with the same spectra and random phases: the
# median of a group exceeds the black line in at most 5 % of populations with random phases. The
# right panel shows the matches with each filter, with a dot on the best one. Localized units match
# the two localized filters, which are the same bump at two places, and no other filter; the
# exception is one unit that the test calls localized by mistake. Oscillating fields match the other
# two filters, but no better than random phases do.

figure, (ax, matrix_ax) = plt.subplots(
    1, 2, figsize=(9.0, 4.4), width_ratios=(1.7, 1.0), layout="constrained"
)
place = 0
for group, marker, color, name in (
    (is_localized, "o", OUTCOME, "localized"),
    (~is_localized, "s", OTHER, "others"),
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
ax.set(title="best match of each unit", xlabel="units, best match first")
ax.set(ylabel="match over shifts and signs", ylim=(0.5, 1.02))
ax.set_xticks([])
ax.legend(frameon=False, loc="lower left")
tidy(ax)
MatchingDisplay.from_fields(fields, filters, names=("unit", "channel"), ax=matrix_ax)
matrix_ax.set_title("match with each filter")

# %%
# A Gaussian bump of the right width matches the filters even better than the fields do. The match
# therefore shows only that the fields are bumps of this width, and nothing about the details of
# their shape.
plt.show()
