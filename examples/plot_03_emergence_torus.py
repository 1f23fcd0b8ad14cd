"""
Receptive fields on a torus
===========================

Do fields also localize in two dimensions? A fully-connected network is trained on saturated inputs
on a torus of 20 x 20 sites, which the network receives as rows of 400 numbers. The fields of one
half of the units become round spots of a few pixels, each at a place of its own.
"""

# %%
# Draw two classes of images with correlation lengths of one and two sites. A network on 400 sites
# needs longer training than a network on 100 sites: learning rate x steps of about 160,000.

# sphinx_gallery_thumbnail_number = 3
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import field_center, field_width, population_summary
from rfsk.plotting import FilmStripDisplay, InputDisplay, ReceptiveFieldDisplay
from rfsk.plotting.style import OTHER, OUTCOME, color_bar, limit, tidy

task = rfsk.make_nlgp(2, (20, 20), correlation_length=(1.0, 2.0), return_X_y=False).task
InputDisplay.from_task(task, random_state=1)

# %%
# Train on fresh images. The network needs ``image_shape`` only to draw its fields: neither the
# initialization nor the training uses the shape.

net = rfsk.FCNet(
    40,
    learning_rate=200.0,
    batch_size=1000,
    weight_decay=0.0,
    image_shape=(20, 20),
    record=30,
    random_state=0,
)
net.fit_online(task, 800_000)

# %%
# The figure shows the fields of the sixteen units that are most localized at the end, at four
# times. Each field is scaled to unit length. The fields begin as noise, become smooth and end as
# spots.

history = net.receptive_field_history_
unit_length = history / np.linalg.norm(history, axis=2, keepdims=True)
strip = FilmStripDisplay(unit_length, net.snapshot_steps_, (20, 20)).plot(n_frames=4)
strip.figure_.axes[-1].set_ylabel("weight, fields of unit length")

# %%
# The next figure shows all forty fields at the end of training, each scaled to unit length. The
# fields of units with a positive initial bias are spots of either sign. The fields of units with a
# negative initial bias extend over the image and alternate from pixel to pixel: they consist of
# high frequencies, at which the short-range class has more power.

fields = net.receptive_fields_
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
groups = {"initial bias b > 0": unit_length[-1, :20], "initial bias b < 0": unit_length[-1, 20:]}
for ax, (name, members) in zip(axes, groups.items(), strict=True):
    ReceptiveFieldDisplay.from_fields(members, (20, 20), ax=ax, bound=limit(unit_length[-1]))
    ax.set_title(name)
color_bar(axes, "weight, fields of unit length", pad=0.01)

# %%
# On the left, each disc marks the centre of a localized field and its full width at half maximum.
# The fields hardly overlap but leave gaps, which a network with more units would fill. The right
# panel shows the IPR and the width of every unit. D x IPR of the localized units is far above 3,
# the value of white noise, and above 2.25, the value of a product of two sinusoids. No unit with a
# negative initial bias passes the test of localization.

summary = population_summary(fields, (20, 20), random_state=0)
is_localized = summary.split.groups == "localized"
centers, widths = field_center(fields, (20, 20)), field_width(fields, (20, 20))
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.9), layout="constrained")
for (row, column), width in zip(centers[is_localized], widths[is_localized], strict=True):
    for shift in np.ndindex(3, 3):  # the torus is closed
        place = column + 20 * (shift[1] - 1), row + 20 * (shift[0] - 1)
        left.add_patch(plt.Circle(place, width / 2, color=OUTCOME, alpha=0.45, lw=0))
left.plot(*centers[is_localized, ::-1].T, "o", color="black", ms=3)
left.set(title="places of the localized fields", xlabel="column (sites)", ylabel="row (sites)")
left.set(xlim=(0, 20), ylim=(20, 0), aspect=1)
left.set_xticks(range(0, 21, 5))
left.set_yticks(range(0, 21, 5))
for units, marker, color, name in (
    (is_localized, "o", OUTCOME, "localized"),
    (~is_localized, "s", OTHER, "not localized"),
):
    right.plot(widths[units], fields.shape[1] * rfsk.ipr(fields[units]), marker, color=color,
               ms=5, alpha=0.7, label=name)  # fmt: skip
for level, name in ((3.0, "white noise"), (2.25, "two sinusoids")):
    right.axhline(level, color="0.4", linestyle=":", lw=1.0)
    right.annotate(name, (1.0, level), (-2, 2 if level == 3.0 else -2), ha="right", fontsize=9,
                   va="bottom" if level == 3.0 else "top", textcoords="offset points",
                   xycoords=("axes fraction", "data"), color="0.4")  # fmt: skip
right.set(title="IPR and width of each unit", yscale="log")
right.set(xlabel="full width at half maximum (sites)", ylabel="D x IPR")
right.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
right.legend(frameon=False)
tidy(right)

# %%
# The code below prints the results. A small p-value means that the places of the fields are more
# regular than random places. Coverage is the fraction of sites at which some field exceeds half of
# its maximum.

X, y = task.sample(5000, random_state=1)
print(f"localized units: {is_localized[:20].sum()} of 20 with b > 0, "
      f"{is_localized[20:].sum()} of 20 with b < 0")  # fmt: skip
print(f"mean IPR: {rfsk.ipr(fields[:20]).mean():.4f} for b > 0, "
      f"{rfsk.ipr(fields[20:]).mean():.4f} for b < 0")  # fmt: skip
print(f"median width of the localized fields: {np.median(widths[is_localized]):.1f} sites")
print(f"places: {summary.tiling.arrangement}, p = {summary.tiling.p_regular:.3f}")
print(f"coverage: {summary.tiling.coverage:.2f}, "
      f"at random places {summary.tiling.random_coverage:.2f}")  # fmt: skip
print(f"accuracy on fresh images: {net.score(X, y):.3f}")
plt.show()
