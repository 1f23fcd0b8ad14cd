"""
Fields on a torus
=================

In two dimensions the same happens: a net that sees images as plain rows of 400 numbers grows fields
that are round spots of a few pixels, each at a place of its own, if its inputs are saturated
fields on a torus of 20 x 20 sites. The bump on a ring is no accident of one dimension.
"""

# %%
# Two classes of images, which differ in how far neighbouring pixels go together: one site or two.
# A net on 400 sites needs more learning than one on 100, learning rate x steps of about 160,000.

# sphinx_gallery_thumbnail_number = 3
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.analysis import field_center, field_width, population_summary
from rfsk.plotting import FilmStripDisplay, InputDisplay, ReceptiveFieldDisplay

task = rfsk.make_nlgp(2, (20, 20), correlation_length=(1.0, 2.0), return_X_y=False).task
InputDisplay.from_task(task, random_state=1)

# %%
# Train on fresh images. The net is told the shape for the sake of its pictures only: its weights
# are initialized, and trained, without any use of it.

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
# The sixteen most localized units as they form, from noise over blurred waves to spots.

FilmStripDisplay.from_estimator(net, n_frames=4)

# %%
# All forty at the end, on one colour scale: left the units whose bias started positive, right the
# others. The first are spots of either sign; the second fill the image and alternate from pixel to
# pixel: they carry the high frequencies, of which the short-ranged class has more.

fields = net.receptive_fields_
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained")
groups = {"bias starts at +1": fields[:20], "bias starts at -1": fields[20:]}
for ax, (name, members) in zip(axes, groups.items(), strict=True):
    image = ReceptiveFieldDisplay.from_fields(members, (20, 20), ax=ax).image_
    image.set_clim(-np.abs(fields).max(), np.abs(fields).max())
    ax.set_title(name)
figure.colorbar(image, ax=axes, label="weight", pad=0.01, shrink=0.9)

# %%
# Do the spots tile? Left, the places of all localized units on the torus, each as a disc as wide as
# the field is at half of its peak: they keep apart, and leave gaps that a larger net would fill.
# Right, IPR and width of every unit: the spots are far from white noise, 3/D, and from products of
# two sinusoids, 2.25/D. The test calls no unit with a negative start localized.

summary = population_summary(fields, (20, 20), random_state=0)
is_localized = summary.split.groups == "localized"
centers, widths = field_center(fields, (20, 20)), field_width(fields, (20, 20))
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.9), layout="constrained")
for (row, column), width in zip(centers[is_localized], widths[is_localized], strict=True):
    for shift in np.ndindex(3, 3):  # what leaves on one side comes back on the other
        place = column + 20 * (shift[1] - 1), row + 20 * (shift[0] - 1)
        left.add_patch(plt.Circle(place, width / 2, color="#0072B2", alpha=0.45, lw=0))
left.plot(*centers[is_localized, ::-1].T, "o", color="black", ms=3)
left.set(xlabel="column (sites)", ylabel="row (sites)", xlim=(0, 20), ylim=(20, 0), aspect=1)
left.set_xticks(range(0, 21, 5))
left.set_yticks(range(0, 21, 5))
for units, marker, color, name in (
    (is_localized, "o", "#0072B2", "localized"),
    (~is_localized, "s", "#D55E00", "not localized"),
):
    right.plot(widths[units], fields.shape[1] * rfsk.ipr(fields[units]), marker, color=color,
               ms=5, alpha=0.7, label=name)  # fmt: skip
for level, name in ((3.0, "white noise"), (2.25, "two sinusoids")):
    right.axhline(level, color="0.4", linestyle=":", lw=1.0)
    right.annotate(name, (1.0, level), (-2, 2 if level == 3.0 else -2), ha="right", fontsize=9,
                   va="bottom" if level == 3.0 else "top", textcoords="offset points",
                   xycoords=("axes fraction", "data"), color="0.4")  # fmt: skip
right.set(xlabel="full width at half maximum (sites)", ylabel="D x IPR", yscale="log")
right.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
right.legend(frameon=False)
right.spines[["top", "right"]].set_visible(False)

# %%
# The numbers: how many localize and how wide they are, whether their places are more regular than
# random ones (a small p means that they are), and what the task takes.

X, y = task.sample(5000, random_state=1)
print(f"localized units: {is_localized[:20].sum()} of 20 with a positive start, "
      f"{is_localized[20:].sum()} of 20 with a negative one")  # fmt: skip
print(f"mean IPR: {rfsk.ipr(fields[:20]).mean():.4f} and {rfsk.ipr(fields[20:]).mean():.4f}")
print(f"median width of the localized: {np.median(widths[is_localized]):.1f} sites")
print(f"places: {summary.tiling.arrangement}, p = {summary.tiling.p_regular:.3f}")
print(f"coverage: {summary.tiling.coverage:.2f}, "
      f"at random places {summary.tiling.random_coverage:.2f}")  # fmt: skip
print(f"accuracy on fresh images: {net.score(X, y):.3f}")
plt.show()
