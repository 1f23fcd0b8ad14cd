"""C2: the fields match the filters of a convolutional net."""

from itertools import product
from typing import Any

import numpy as np

from .._core._trained_nets import check_trained
from ..nets import ConvNet, fit_many_online
from ._bench import Bench
from ._claim import Claim, Quantity
from ._sources import CONTROL, INDEPENDENT, PAPER
from ._units import GROUPS, above_chance, best_match, chance_level, fields_of

_LATTICES = ("ring", "torus")


def filters(bench: Bench, lattice: str) -> list[ConvNet]:
    """One convolutional net for each seed, of four filters of 51 or 11 x 11 taps."""
    if lattice == "ring":
        task, size, shape, rate = bench.ring_task, 51, None, 5.0
        learning_time = 10_000.0 if bench.quick else 20_000.0
    else:
        task, size, shape, rate = bench.torus_task, 11, bench.torus_shape, 50.0
        learning_time = 20_000.0 if bench.quick else 50_000.0

    def train() -> list[ConvNet]:
        nets = [
            ConvNet(
                4,
                kernel_size=size,
                image_shape=shape,
                learning_rate=rate,
                batch_size=100,
                weight_decay=0.0,
                random_state=seed,
            )
            for seed in bench.seeds
        ]
        n_steps = round(learning_time / rate)
        fit_many_online(nets, task, 100 * n_steps, n_jobs=bench.n_jobs)
        for net in nets:
            check_trained(net, n_steps)
        return nets

    return bench.once(("filters", lattice), train)


def _pair(bench: Bench, lattice: str, number: int) -> tuple[dict[str, np.ndarray], Any, Any]:
    """Fields of both groups of a net, all filters, and the lattice."""
    nets = bench.ring_nets() if lattice == "ring" else bench.torus_nets()
    net = nets["nlgp"][number]
    return fields_of(net), filters(bench, lattice)[number].receptive_fields_, net.shape_


def measure(bench: Bench, number: int) -> dict[str, float]:
    """Median match of both groups of units with any filter, and by how much it beats chance."""
    found = {}
    for lattice in _LATTICES:
        fields, references, shape = _pair(bench, lattice, number)
        for group, of_group in fields.items():
            above = above_chance(of_group, references, shape, bench.seeds[number])
            found[f"{lattice}: match above chance, {group}"] = above
        match = best_match(fields["b > 0"], references, shape)
        found[f"{lattice}: match, b > 0"] = float(np.median(match))
    return found


def draw(bench: Bench) -> Any:
    """A field of median match with its filter, on both lattices, and all matches."""
    import matplotlib.pyplot as plt

    from ..plotting._alignment import aligned, centered
    from ..plotting._style import BLUE, FIELD_COLORS, ORANGE, limit, tidy

    figure, axes = plt.subplots(
        1, 4, figsize=(11, 3.0), width_ratios=(1.5, 1, 1, 1.5), layout="constrained"
    )
    for lattice, panels in (("ring", axes[:1]), ("torus", axes[1:3])):
        fields, references, shape = _pair(bench, lattice, 0)
        bumps = fields["b > 0"]
        match = best_match(bumps, references, shape)
        median = bumps[np.argsort(match)[len(match) // 2]]
        laid = aligned(median, references, shape)
        field, filter_ = (centered(values, median, shape) for values in (median, laid))
        if lattice == "ring":
            sites = np.arange(len(field)) - len(field) // 2
            panels[0].plot(sites, field, color=BLUE, label="field")
            panels[0].plot(sites, filter_, "--", color=ORANGE, label="filter")
            panels[0].set(xlabel="distance from the peak (sites)", ylabel="weight (unit length)")
            panels[0].legend(frameon=False)
            tidy(panels[0])
        else:
            bound = limit(np.stack([field, filter_]))
            for panel, image, name in zip(
                panels, (field, filter_), ("field", "filter"), strict=True
            ):
                drawn = panel.imshow(
                    image.reshape(shape), cmap=FIELD_COLORS, vmin=-bound, vmax=bound
                )
                panel.set(title=f"torus: {name}", xlabel="site", xticks=[], yticks=[])
            figure.colorbar(drawn, ax=panels, shrink=0.7, label="weight (unit length)")
    for place, (lattice, group) in enumerate(product(_LATTICES, GROUPS)):
        for number in range(len(bench.seeds)):
            fields, references, shape = _pair(bench, lattice, number)
            match = np.sort(best_match(fields[group], references, shape))
            where = place + 0.2 * (number - (len(bench.seeds) - 1) / 2)
            mark = {"b > 0": "o", "b < 0": "s"}[group]
            color = {"b > 0": BLUE, "b < 0": ORANGE}[group]
            axes[3].plot(np.full(len(match), where), match, mark, color=color, markersize=3)
            by_chance = chance_level(fields[group], references, shape, bench.seeds[number])
            axes[3].plot(where, by_chance, "_", color="black", markersize=12)
    names = [f"{lattice}\n{group}" for lattice, group in product(_LATTICES, GROUPS)]
    axes[3].set_xticks(range(len(names)), names)
    axes[3].set(ylabel="match to the filters", ylim=(0, 1.02), title="each seed; bar: chance, 95 %")
    tidy(axes[3])
    axes[0].set_title("ring")
    return figure


CLAIM = Claim(
    "C2",
    "fields match convolutional filters",
    "The localized fields match the filters of a convolutional net trained on the same task; the "
    "oscillating ones match its filters no better than waves of other phases do.",
    (
        Quantity.between("ring: match, b > 0", 0.92, 1.0, f"{INDEPENDENT}: .955 to .967"),
        Quantity.at_least("ring: match above chance, b > 0", 0.0, PAPER, 3),
        Quantity.at_most("ring: match above chance, b < 0", 0.0, CONTROL, 3),
        Quantity.at_least("torus: match, b > 0", 0.9, PAPER),
        Quantity.at_least("torus: match above chance, b > 0", 0.0, PAPER, 3),
        Quantity.at_most("torus: match above chance, b < 0", 0.0, CONTROL, 3),
    ),
    measure,
    draw,
)
