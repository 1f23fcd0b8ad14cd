"""
Receptive fields on a ring during training
==========================================

How do localized fields form? A fully-connected network is trained to distinguish two classes of
saturated inputs. All fields first become smooth. Then the fields of one half of the units contract
to bumps, and the fields of the other half begin to oscillate. At the end the bumps cover the ring,
as the shifts of a convolutional filter do, although the network has no information about which
sites are neighbours.
"""

# %%
# Train online, with a fresh batch at each step, and record 40 snapshots of the fields, evenly
# spaced in the logarithm of the steps. The product of learning rate and steps determines how far
# the training has progressed.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import field_center, field_width, population_summary
from rfsk.plotting import FilmStripDisplay
from rfsk.plotting.style import INPUT, OTHER, OUTCOME, tidy

task = rfsk.make_nlgp(2, return_X_y=False).task  # a ring of 100 sites
net = rfsk.FCNet(40, learning_rate=5.0, batch_size=250, weight_decay=0.0, record=40, random_state=0)
net.fit_online(task, 1_000_000)

# %%
# The figure shows five of the snapshots. Each field is scaled to unit length, because weights are
# small at first. Each row shows one unit. Units that localize come first, ordered by their final
# centres. The places of the localized fields are visible early, as broad smooth bands, which then
# become narrow. The fields of the other units, whose bias starts negative, oscillate.

history = net.receptive_field_history_
unit_length = history / np.linalg.norm(history, axis=2, keepdims=True)
strip = FilmStripDisplay(unit_length, net.snapshot_steps_).plot()
strip.figure_.axes[-1].set_ylabel("weight, fields of unit length")

# %%
# The animation shows the fields of all snapshots:

film = strip.animate()
plt.gcf().axes[-1].set_ylabel("weight, fields of unit length")

# %%
# The inverse participation ratio (IPR) measures how localized a field is. On D sites the IPR is 3/D
# for white noise, as at the start of training, and 1.5/D for a Fourier mode. The IPR of units with
# a positive initial bias first falls a little, when low frequencies form, and then rises, at times
# that differ between units by up to a factor of ten. The IPR of the other units falls and remains
# between the values of a Fourier mode and of white noise. Each thin line is one unit.

learning_time = 5.0 * net.snapshot_steps_[1:]
localization = np.array([rfsk.ipr(fields) for fields in history[1:]])
groups = (
    (slice(20), INPUT, "-", "initial bias b > 0"),
    (slice(20, None), OTHER, "--", "initial bias b < 0"),
)
figure, ax = plt.subplots(figsize=(8.0, 4.0), layout="constrained")
for units, color, dash, label in groups:
    ax.semilogx(learning_time, localization[:, units], dash, color=color, lw=0.6, alpha=0.5)
    median = np.median(localization[:, units], axis=1)
    ax.semilogx(learning_time, median, dash, color=color, lw=2.5, label=f"{label}, median")
for level, name in ((3.0, "white noise"), (1.5, "Fourier mode")):
    ax.axhline(level / 100, color="0.4", linestyle=":", lw=1.0)
    ax.text(2.1e4, level / 100, name, va="center", color="0.4", fontsize=9)
ax.set(
    title="IPR of each unit during training",
    xlabel="learning rate x steps",
    ylabel="inverse participation ratio",
    xlim=(5.0, 2.0e4),
    ylim=(0.0, None),
)
ax.legend(frameon=False, loc="upper left")
tidy(ax)

# %%
# A test decides which units are localized: the IPR of a unit must exceed that of fields with the
# same spectrum and random phases, and the field must be compact. On the left, each bar marks the
# centre of a localized field and its full width at half maximum. The bars follow one another
# without a gap, so the fields tile the ring. The right panel shows how many fields cover each
# site.

fields = net.receptive_fields_
summary = population_summary(fields, random_state=0)
localized = fields[summary.split.groups == "localized"]
centers, widths = field_center(localized)[:, 0], field_width(localized)
order = np.argsort(centers)
figure, (left, right) = plt.subplots(
    1, 2, figsize=(9.0, 3.6), width_ratios=(1.4, 1.0), layout="constrained"
)
for row, unit in enumerate(order):
    for turn in (-100, 0, 100):  # the ring is closed
        place = centers[unit] + turn
        left.plot(place + widths[unit] * np.array([-0.5, 0.5]), [row, row], color=OUTCOME, lw=4)
        left.plot(place, row, "o", color="white", ms=3)
left.set(title="places of the localized fields", xlabel="site", ylabel="unit, by place")
left.set(xlim=(0, 100), ylim=(len(order), -1))
left.set_yticks(range(0, len(order), 5))
sites = np.arange(100)
distance = np.abs((sites[:, None] - centers + 50) % 100 - 50)
covered = (distance <= widths / 2).sum(axis=1)
right.step(sites, covered, where="mid", color=OUTCOME, label="at each site")
right.axhline(covered.mean(), color="0.4", linestyle=":", label="mean")
right.set(title="number of fields that cover a site", xlabel="site", ylabel="fields")
right.set(xlim=(0, 100), ylim=(0, covered.max() + 2))
right.legend(frameon=False, loc="upper right", ncols=2)
tidy(left)
tidy(right)

# %%
# The code below prints the results. A small p-value means that the places of the fields are more
# regular than random places. With 20 fields of this width, the p-value is often, but not always,
# small. Coverage is the fraction of sites at which some field exceeds half of its maximum. The
# coverage is compared with that of as many fields at independent random places.

found = summary.tiling
print(f"localized units: {found.n_units} of {len(fields)}")
print(f"median width at half maximum: {np.median(widths):.1f} sites")
print(f"median IPR: {summary.median_ipr['localized']:.4f}")
print(f"places: {found.arrangement}, p = {found.p_regular:.3f}")
print(f"coverage: {found.coverage:.2f}, at random places {found.random_coverage:.2f}")
plt.show()
