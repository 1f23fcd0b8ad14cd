"""
Input models and the localization of receptive fields
=====================================================

On which inputs do receptive fields localize? Each input model has an exact covariance and kurtosis,
and a task distinguishes two or more of them. Fields localize on saturated pixels, spins and uniform
pixels. Fields do not localize on pixels with heavy tails or on inputs of random norm. On single
pulses only some units localize, so the kurtosis alone does not decide whether fields localize.
"""

# sphinx_gallery_thumbnail_number = 3

# %%
# Draw one input of each class on a ring. The two classes of a task differ in their correlation
# length; the classes of pulses differ in the length of the pulse.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

import rfsk
from rfsk.datasets import Algebraic, StudentT
from rfsk.plotting.style import CLASS_COLORS, CONTROL, IMAGE_COLORS, INPUT, show_image, tidy

tasks = {
    "NLGP, gain 3": rfsk.make_nlgp(2, return_X_y=False).task,
    "Gaussian": rfsk.make_gp(2, return_X_y=False).task,
    "uniform pixels": rfsk.make_transformed_field(2, marginal="uniform", return_X_y=False).task,
    "Laplace pixels": rfsk.make_transformed_field(2, marginal="laplace", return_X_y=False).task,
    "algebraic, k = 6": rfsk.make_transformed_field(
        2, marginal=Algebraic(6.0), return_X_y=False
    ).task,
    "elliptical, t, 5 df": rfsk.make_elliptical(2, radial=StudentT(5.0), return_X_y=False).task,
    "Ising spins": rfsk.make_ising(2, return_X_y=False).task,
    "phi^4 field": rfsk.make_phi4(2, return_X_y=False).task,
    "pulses": rfsk.make_pulses(2, return_X_y=False).task,
}
figure, axes = plt.subplots(3, 3, figsize=(10, 6.2), sharex=True, layout="constrained")
for ax, (name, task) in zip(axes.flat, tasks.items(), strict=True):
    inputs = [model.sample(1, random_state=3)[0] for model in task.models]
    step = 1.3 * max(np.ptp(x) for x in inputs)
    for label, (x, color, style) in enumerate(zip(inputs, CLASS_COLORS, ("-", "--"), strict=False)):
        ax.axhline(-step * label, color="0.85", linewidth=0.8, zorder=0)
        ax.plot(x - step * label, style, color=color, linewidth=1.2)
    ax.set_title(f"{name}, excess kurtosis {task.models[0].excess_kurtosis():.2f}", fontsize=10)
    ax.set_yticks([0, -step], ["class 0", "class 1"])
    ax.tick_params(labelleft=ax in axes[:, 0])
    tidy(ax)
for ax in axes[-1]:
    ax.set_xlabel("site")

# %%
# Draw one input of models in two dimensions: on a torus, with open boundaries (a window on an
# infinite field), and from a photograph. Each image has its own grey scale.

photograph = load_sample_images().images[0][::4, ::4]
images = {
    "NLGP, gain 3": rfsk.NLGP((64, 64), correlation_length=4.0, gain=3.0),
    "NLGP, anisotropic": rfsk.NLGP((64, 64), correlation_length=(2.0, 8.0), gain=3.0),
    "NLGP, exponential, open": rfsk.NLGP(
        (64, 64), correlation_length=4.0, gain=3.0, kernel="exponential", boundary="open"
    ),
    "Ising torus, T = 2.4": rfsk.Ising((64, 64), temperature=2.4),
    "phi^4 torus": rfsk.Phi4((64, 64), coupling=1.0, mass_squared=-3.0, quartic=3.0),
    "patch of a photograph": rfsk.ImagePatches((32, 32), images=photograph),
}
figure, axes = plt.subplots(2, 3, figsize=(8.4, 5.4), layout="constrained")
for ax, (name, model) in zip(axes.flat, images.items(), strict=True):
    image = model.sample(1, random_state=1).reshape(model.shape)
    show_image(ax, image, cmap=IMAGE_COLORS)
    ax.set_title(name, fontsize=10)
    ax.set(xticks=[], yticks=[])

# %%
# Train one network on each task and one on its control, Gaussian inputs with the same mean and
# covariance, with 10,000 samples each. Compare the mean IPR (inverse participation ratio) of the
# units with a positive initial bias b.

found = {}
print(f"{'':20} {'inputs':>7} {'control':>7}")
for name, task in tasks.items():
    nets = [
        rfsk.FCNet(40, max_epochs=60, random_state=0).fit(*classes.sample(10_000, random_state=0))
        for classes in (task, task.gaussian_clone())
    ]
    found[name] = [rfsk.ipr(net.receptive_fields_[:20]).mean() for net in nets]
    print(f"{name:20} {found[name][0]:7.3f} {found[name][1]:7.3f}")

figure, ax = plt.subplots(figsize=(7.2, 4.0), layout="constrained")
place = np.arange(len(found))
values = np.array(list(found.values()))
ax.hlines(place, values.min(axis=1), values.max(axis=1), color="0.8", linewidth=3.0, zorder=0)
ax.plot(values[:, 1], place, "s", color=CONTROL, markersize=7, markerfacecolor="white",
        markeredgewidth=1.8, label="control")  # fmt: skip
ax.plot(values[:, 0], place, "o", color=INPUT, markersize=7, label="inputs")
for level, name in ((0.015, "Fourier mode"), (0.03, "white noise")):
    ax.axvline(level, color="black", linestyle=":", linewidth=1.0)
    ax.text(level, -0.75, name, ha="center", fontsize=9)
ax.set_yticks(place, list(found))
ax.set(xscale="log", xlabel="mean IPR of the units with b > 0", ylim=(len(found) - 0.5, -0.6))
ticks = (0.01, 0.015, 0.02, 0.03, 0.05, 0.1)
ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
ax.set_xticks([], minor=True)
ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.03), ncols=2)
tidy(ax)

# %%
# A long bar between the marks of the inputs and of the control is an effect of non-Gaussian
# statistics. Fields localize on spins, the phi^4 field, saturated pixels and uniform pixels, all of
# negative kurtosis. Fields do not localize on pixels with heavy tails (Laplace) and on inputs of
# random norm (elliptical). The Gaussian task is its own control. The algebraic model is an
# intermediate case: its kurtosis is nearly zero, and its fields are a little more localized than on
# the control. On pulses some units localize and others do not, and their number depends on the seed
# and on the number of samples. The kurtosis of pulses is as low as that of spins, so the kurtosis
# alone does not decide whether fields localize.
plt.show()
