"""C1: fields localize and tile space."""

from typing import Any

import numpy as np

from ..analysis import field_width, group_split, ipr, tiling
from ..experiments._field_study import starts_positive
from ..nets import FCNet
from ._bench import Bench
from ._claim import Claim, Quantity
from ._sources import INDEPENDENT, PAPER


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR, width, share localized and tiling of the units with b > 0, and accuracy."""
    seed = bench.seeds[number]
    ring, torus = bench.ring_nets()["nlgp"][number], bench.torus_nets()["nlgp"][number]
    fields = ring.receptive_fields_
    bumps = fields[starts_positive(fields)]
    images = torus.receptive_fields_
    is_bump = starts_positive(images)
    return {
        "ring: IPR, b > 0": ipr(bumps).mean(),
        "ring: IPR, b < 0": ipr(fields[~starts_positive(fields)]).mean(),
        "ring: width, b > 0 (sites)": float(np.median(field_width(bumps))),
        "ring: share localized, b > 0": _localized(bumps, None, seed),
        "ring: share of sites covered": tiling(bumps).coverage,
        "ring: Rayleigh p of the centres": tiling(bumps).rayleigh_p,
        "ring: accuracy": ring.score(*bench.ring_task.sample(20_000, seed)),
        "torus: IPR, b > 0": ipr(images[is_bump]).mean(),
        "torus: D x IPR, b < 0": images.shape[1] * ipr(images[~is_bump]).mean(),
        "torus: share localized, b > 0": _localized(images[is_bump], torus.shape_, seed),
        "torus: sites covered, over random places": _evenness(images[is_bump], torus.shape_),
        "torus: Rayleigh p of the centres": tiling(images[is_bump], torus.shape_).rayleigh_p,
        "torus: accuracy": torus.score(*bench.torus_task.sample(10_000, seed)),
    }


def draw(bench: Bench) -> Any:
    """Fields of one net on the ring and one on the torus, and how the IPR grew."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, ORANGE, tidy

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    ring, torus = bench.ring_nets()["nlgp"], bench.torus_nets()["nlgp"]
    for ax, net, sites in ((axes[0], ring[0], "a ring"), (axes[1], torus[0], "a torus")):
        fields = net.receptive_fields_[starts_positive(net.receptive_fields_)]
        display = ReceptiveFieldDisplay.from_fields(fields[:25], net.shape_, ax=ax)
        figure.colorbar(display.image_, ax=ax, label="weight", shrink=0.8)
        ax.set_title(f"fields on {sites}, b > 0")
    for select, color, dash, name in (
        (True, BLUE, "-", "b > 0"),
        (False, ORANGE, "--", "b < 0"),
    ):
        curves = np.array([_growth(net, select) for net in ring])
        axes[2].plot(_times(ring[0]), curves.mean(axis=0), dash, color=color, label=name)
        axes[2].fill_between(
            _times(ring[0]), curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.2
        )
    axes[2].set(xscale="log", xlabel="learning rate x steps", ylabel="mean IPR", ylim=(0, None))
    axes[2].set_title(f"growth on the ring, {len(ring)} seeds")
    axes[2].legend(frameon=False)
    tidy(axes[2])
    return figure


def _localized(fields: np.ndarray, shape: tuple[int, ...] | None, seed: int) -> float:
    split = group_split(fields, shape, n_null=199, random_state=seed)
    return split.share["localized"]


def _evenness(fields: np.ndarray, shape: tuple[int, ...]) -> float:
    found = tiling(fields, shape)
    return found.coverage / found.random_coverage


def _times(net: FCNet) -> np.ndarray:
    return net.learning_rate * net.snapshot_steps_[1:]


def _growth(net: FCNet, is_positive: bool) -> np.ndarray:
    history = net.receptive_field_history_[1:]
    select = starts_positive(history[0]) == is_positive
    return np.array([ipr(fields[select]).mean() for fields in history])


CLAIM = Claim(
    "C1",
    "fields localize and tile",
    "A fully-connected net trained to tell apart two classes of translation-invariant inputs grows "
    "localized receptive fields that tile space, on a ring and on a torus.",
    (
        Quantity.near("ring: IPR, b > 0", 0.0588, 0.1, INDEPENDENT, 4),
        Quantity.near("ring: IPR, b < 0", 0.0233, 0.15, INDEPENDENT, 4),
        Quantity.near("ring: width, b > 0 (sites)", 14.4, 0.1, INDEPENDENT, 1),
        Quantity.at_least("ring: share localized, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("ring: share of sites covered", 0.95, PAPER, 2),
        Quantity.at_least("ring: Rayleigh p of the centres", 0.01, PAPER, 2),
        Quantity.near("ring: accuracy", 0.865, 0.02, INDEPENDENT),
        Quantity.near("torus: IPR, b > 0", 0.06, 0.15, INDEPENDENT),
        Quantity.near("torus: D x IPR, b < 0", 3.04, 0.15, INDEPENDENT, 2),
        Quantity.at_least("torus: share localized, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("torus: sites covered, over random places", 0.9, PAPER, 2),
        Quantity.at_least("torus: Rayleigh p of the centres", 0.01, PAPER, 2),
        Quantity.at_least("torus: accuracy", 0.95, INDEPENDENT),
    ),
    measure,
    draw,
)
