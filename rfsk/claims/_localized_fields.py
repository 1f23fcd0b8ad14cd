"""C1: fields localize and tile space."""

from typing import Any

import numpy as np

from ..analysis import field_width, ipr, tiling
from ..nets import FCNet
from ._bench import Bench
from ._claim import Claim, Quantity
from ._sources import INDEPENDENT, PAPER
from ._units import GROUPS, fields_of, groups, share_localized


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR, width, share localized and tiling of the units with b > 0, and accuracy."""
    seed = bench.seeds[number]
    ring, torus = bench.ring_nets()["nlgp"][number], bench.torus_nets()["nlgp"][number]
    bumps, waves = fields_of(ring).values()
    spots, rest = fields_of(torus).values()
    found = {
        "ring: IPR, b > 0": ipr(bumps).mean(),
        "ring: IPR, b < 0": ipr(waves).mean(),
        "ring: width, b > 0 (sites)": float(np.median(field_width(bumps))),
        "ring: accuracy": ring.score(*bench.ring_task.sample(20_000, seed)),
        "torus: IPR, b > 0": ipr(spots).mean(),
        "torus: D x IPR, b < 0": rest.shape[1] * ipr(rest).mean(),
        "torus: accuracy": torus.score(*bench.torus_task.sample(10_000, seed)),
    }
    for name, fields, shape in (("ring", bumps, ring.shape_), ("torus", spots, torus.shape_)):
        tiled = tiling(fields, shape)
        found[f"{name}: share localized, b > 0"] = share_localized(fields, shape, seed)
        found[f"{name}: coverage, relative to random places"] = (
            tiled.coverage / tiled.random_coverage
        )
        found[f"{name}: Rayleigh p of the centres"] = tiled.rayleigh_p
    return found


def draw(bench: Bench) -> Any:
    """Fields of one net on the ring and one on the torus, and how the IPR grew."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, ORANGE, tidy

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    ring, torus = bench.ring_nets()["nlgp"], bench.torus_nets()["nlgp"]
    for ax, net, sites in ((axes[0], ring[0], "a ring"), (axes[1], torus[0], "a torus")):
        fields = fields_of(net)["b > 0"]
        display = ReceptiveFieldDisplay.from_fields(fields[:25], net.shape_, ax=ax)
        figure.colorbar(display.image_, ax=ax, label="weight", shrink=0.8)
        ax.set_title(f"fields on {sites}, b > 0")
    for group, color, dash in zip(GROUPS, (BLUE, ORANGE), ("-", "--"), strict=True):
        curves = np.array([_growth(net, group) for net in ring])
        times = ring[0].learning_rate * ring[0].snapshot_steps_[1:]
        axes[2].plot(times, curves.mean(axis=0), dash, color=color, label=group)
        axes[2].fill_between(times, *np.quantile(curves, (0, 1), axis=0), color=color, alpha=0.2)
    axes[2].set(xscale="log", xlabel="learning rate x steps", ylabel="mean IPR", ylim=(0, None))
    axes[2].set_title(f"growth on the ring, {len(ring)} seeds")
    axes[2].legend(frameon=False)
    tidy(axes[2])
    return figure


def _growth(net: FCNet, group: str) -> np.ndarray:
    """Mean IPR of a group at each snapshot but the first."""
    history = net.receptive_field_history_[1:]
    return np.array([ipr(groups(fields)[group]).mean() for fields in history])


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
        Quantity.at_least("ring: coverage, relative to random places", 1.0, PAPER, 2),
        Quantity.at_least("ring: Rayleigh p of the centres", 0.01, PAPER, 2),
        Quantity.near("ring: accuracy", 0.865, 0.02, INDEPENDENT),
        Quantity.near("torus: IPR, b > 0", 0.06, 0.15, INDEPENDENT),
        Quantity.near("torus: D x IPR, b < 0", 3.04, 0.15, INDEPENDENT, 2),
        Quantity.at_least("torus: share localized, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("torus: coverage, relative to random places", 1.0, PAPER, 2),
        Quantity.at_least("torus: Rayleigh p of the centres", 0.01, PAPER, 2),
        Quantity.at_least("torus: accuracy", 0.95, PAPER),
    ),
    measure,
    draw,
)
