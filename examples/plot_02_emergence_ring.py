"""
Fields on a ring, as they form
==============================

A fully-connected net starts from noise. As it learns to tell saturated inputs of short from those
of long range, its fields first turn smooth; then those of one half of the units pull together into
bumps, while the others become waves. At the end the bumps cover the ring, as the copies of a
convolutional filter would, though nothing in the net says which inputs are neighbours.
"""

# %%
# Train online, a fresh batch at each step, and keep forty snapshots of the fields, evenly spaced
# in the logarithm of the steps. What counts is not the number of steps but learning rate x steps.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import field_center, field_width, population_summary
from rfsk.plotting import FilmStripDisplay

task = rfsk.make_nlgp(2, return_X_y=False).task  # a ring of 100 sites
net = rfsk.FCNet(40, learning_rate=5.0, batch_size=250, weight_decay=0.0, record=40, random_state=0)
net.fit_online(task, 1_000_000)

# %%
# Five of the snapshots, on one colour scale. Rows are units: those that localize come first, in
# the order of the place where they end. Look at the upper half from left to right: the places are
# taken early, as broad smooth bands, and the bands then narrow. The lower half, of units whose bias
# starts negative, oscillates.

strip = FilmStripDisplay.from_estimator(net)

# %%
# The same as a film, grey at first, as the weights are small.

film = strip.animate()

# %%
# How localized is each unit at each time? The inverse participation ratio of white noise is 3/D
# on D sites, that of a wave 1.5/D. All units start as noise. Those of positive bias first fall
# towards the wave, as low frequencies grow, and then rise one after another, within a factor of
# ten in time. The others fall and stay between wave and noise. Thin lines are units.

learning_time = 5.0 * net.snapshot_steps_[1:]
localization = np.array([rfsk.ipr(fields) for fields in net.receptive_field_history_[1:]])
groups = (
    (slice(20), "#0072B2", "-", "bias starts at +1"),
    (slice(20, None), "#D55E00", "--", "bias starts at -1"),
)
figure, ax = plt.subplots(figsize=(6.0, 3.8), layout="constrained")
for units, color, dash, label in groups:
    ax.semilogx(learning_time, localization[:, units], dash, color=color, lw=0.6, alpha=0.5)
    median = np.median(localization[:, units], axis=1)
    ax.semilogx(learning_time, median, dash, color=color, lw=2.5, label=f"{label}, median")
for level, name in ((3.0, "white noise"), (1.5, "wave")):
    ax.axhline(level / 100, color="0.4", linestyle=":", lw=1.0)
    ax.text(2.1e4, level / 100, name, va="center", color="0.4", fontsize=9)
ax.set(
    xlabel="learning rate x steps",
    ylabel="inverse participation ratio",
    xlim=(5.0, 2.0e4),
    ylim=(0.0, None),
)
ax.legend(frameon=False, loc="upper left")
ax.spines[["top", "right"]].set_visible(False)

# %%
# Which units are localized is a matter of a test: the IPR of a unit against that of fields with the
# same spectrum and random phases, for fields that are compact. Do the localized ones tile? Left,
# each of them where it sits, as a bar as wide as the field is at half of its peak: the bars follow
# one another without a gap. Right, how many of them cover a site.

fields = net.receptive_fields_
summary = population_summary(fields, random_state=0)
localized = fields[summary.split.groups == "localized"]
centers, widths = field_center(localized)[:, 0], field_width(localized)
order = np.argsort(centers)
figure, (left, right) = plt.subplots(
    1, 2, figsize=(9.0, 3.6), width_ratios=(1.4, 1.0), layout="constrained"
)
for row, unit in enumerate(order):
    for turn in (-100, 0, 100):  # what leaves on one side comes back on the other
        place = centers[unit] + turn
        left.plot(place + widths[unit] * np.array([-0.5, 0.5]), [row, row], "#0072B2", lw=4)
        left.plot(place, row, "o", color="white", ms=3)
left.set(xlabel="site", ylabel="localized unit, by place", xlim=(0, 100), ylim=(len(order), -1))
left.set_yticks(range(0, len(order), 5))
sites = np.arange(100)
distance = np.abs((sites[:, None] - centers + 50) % 100 - 50)
covered = (distance <= widths / 2).sum(axis=1)
right.step(sites, covered, where="mid", color="#0072B2", label="fields over a site")
right.axhline(covered.mean(), color="0.4", linestyle=":", label="mean")
right.set(xlabel="site", ylabel="fields that cover it", xlim=(0, 100), ylim=(0, covered.max() + 2))
right.legend(frameon=False, loc="upper right", ncols=2)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# The numbers. Are the places more regular than random ones? A small p would mean that they are; a
# net with 20 fields as wide as these often decides it, and not always. Coverage is the share of
# sites within half the peak of some field, beside what as many fields at independent random places
# would cover.

found = summary.tiling
print(f"localized units: {found.n_units} of {len(fields)}")
print(f"median width at half maximum: {np.median(widths):.1f} sites")
print(f"median IPR: {summary.median_ipr['localized']:.4f}")
print(f"places: {found.arrangement}, p = {found.p_regular:.3f} against regular ones")
print(f"coverage: {found.coverage:.2f}, at random places {found.random_coverage:.2f}")
plt.show()
