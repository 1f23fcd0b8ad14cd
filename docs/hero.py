"""Draw hero.png and emergence.gif: inputs on a torus, and fields of a net and of its control.

The control is the same net, trained on Gaussian inputs with the same mean and covariance. The
script takes about a minute on two cores.
"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from rfsk.analysis import field_center
from rfsk.experiments import emergence
from rfsk.plotting import ReceptiveFieldDisplay
from rfsk.plotting.style import CONTROL, FIELD_COLORS, IMAGE_COLORS, INPUT, limit, show_image

FOLDER = Path(__file__).parent
NETS = {"nlgp": ("receptive fields", INPUT), "control": ("fields on a Gaussian control", CONTROL)}
N_UNITS = 25  # the first ones with a positive initial bias
FIRST_STEP, DURATION, HOLD = 10, 110, 1500  # of the film; milliseconds of a frame and of the last


def main() -> None:
    """Train both nets, and draw the picture and the film."""
    plt.switch_backend("agg")
    study = emergence(dim=2, random_state=0)
    rows, columns = study.shape
    steps, fields = study.nets["nlgp"].snapshot_steps_, {}
    for name in NETS:
        history = study.nets[name].receptive_field_history_
        history = history[:, np.flatnonzero(study.is_positive[name])[:N_UNITS]]
        fields[name] = history[:, np.lexsort(field_center(history[-1], study.shape).T[::-1])]
    bound = limit(*(history[-1] for history in fields.values()))

    def draw(axes: Any, snapshot: int, size: int) -> None:
        for ax, (name, history) in zip(axes, fields.items(), strict=True):
            ax.clear()
            display = ReceptiveFieldDisplay(history[snapshot], study.shape)
            display.plot(ax=ax, bound=bound, sort=False)
            ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
            ax.set_title(NETS[name][0], color=NETS[name][1], fontsize=size)

    ratios = (columns / (2 * rows + 1), 1, 1)
    figure, axes = plt.subplots(1, 3, figsize=(12, 5.1), width_ratios=ratios, layout="constrained")
    figure.get_layout_engine().set(wspace=0.04)
    gap = np.full((1, columns), np.nan)
    upper, lower = study.samples.reshape(2, rows, columns)
    show_image(axes[0], np.vstack([upper, gap, lower]), cmap=IMAGE_COLORS)
    turned = {"rotation": 90, "va": "center", "fontsize": 16}
    axes[0].set_yticks((rows / 2, 3 * rows / 2 + 1), ["class 0", "class 1"], **turned)
    axes[0].set_xticks([])
    axes[0].tick_params(length=0)
    axes[0].set_title("inputs", fontsize=20)
    draw(axes[1:], -1, 20)
    figure.savefig(FOLDER / "hero.png", dpi=100)

    # The film has the colours of fields, greys and those of the titles, so that the file is small.
    colors = [plt.get_cmap(name)(np.linspace(0, 1, 41)) for name in (FIELD_COLORS, "gray")]
    colors = [*np.vstack(colors)[:, :3], *(to_rgb(color) for _, color in NETS.values())]
    palette, frames = Image.new("P", (1, 1)), []
    palette.putpalette(np.rint(255 * np.array(colors)).astype(int).ravel().tolist())
    figure, axes = plt.subplots(1, 2, figsize=(5.6, 3.4), layout="constrained")
    for snapshot in np.flatnonzero(steps >= FIRST_STEP):
        draw(axes, snapshot, 14)
        figure.supxlabel(f"step {steps[snapshot]:,}", fontsize=12)
        figure.canvas.draw()
        frame = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
        frames.append(frame.quantize(palette=palette, dither=0))
    durations = [*[DURATION] * (len(frames) - 1), HOLD]
    film = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0}
    frames[0].save(FOLDER / "emergence.gif", **film)


if __name__ == "__main__":
    main()
