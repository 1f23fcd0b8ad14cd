"""C2: the fields match the filters of a convolutional net."""

from typing import Any

import numpy as np

from ..analysis import FieldMatcher, chance_match
from ..datasets import Discrimination
from ..experiments._field_study import starts_positive
from ..nets import ConvNet
from ._bench import Bench
from ._claim import Claim, Quantity
from ._sources import INDEPENDENT, PAPER

_LATTICES = ("ring", "torus")


def filters(bench: Bench, lattice: str) -> list[ConvNet]:
    """One convolutional net a seed, of four filters of 51 or 11 x 11 taps."""
    if lattice == "ring":
        task, size, shape, rate = bench.ring_task, 51, None, 5.0
        learning_time = 10_000.0 if bench.quick else 20_000.0
    else:
        task, size, shape, rate = bench.torus_task, 11, bench.torus_shape, 50.0
        learning_time = 20_000.0 if bench.quick else 50_000.0

    def train() -> list[ConvNet]:
        return [_train(task, seed, size, shape, rate, learning_time) for seed in bench.seeds]

    return bench.once(("filters", lattice), train)


def _train(
    task: Discrimination,
    seed: int,
    kernel_size: int,
    image_shape: tuple[int, int] | None,
    learning_rate: float,
    learning_time: float,
) -> ConvNet:
    net = ConvNet(
        4,
        kernel_size=kernel_size,
        image_shape=image_shape,
        learning_rate=learning_rate,
        batch_size=100,
        weight_decay=0.0,
        random_state=seed,
    )
    return net.fit_online(task, 100 * round(learning_time / learning_rate))


def _fields(bench: Bench, lattice: str, number: int) -> tuple[np.ndarray, np.ndarray, Any]:
    """Fields of a net, filters whose bias started positive, and the lattice."""
    nets = bench.ring_nets() if lattice == "ring" else bench.torus_nets()
    net, conv = nets["nlgp"][number], filters(bench, lattice)[number]
    taps = conv.receptive_fields_
    return net.receptive_fields_, taps[starts_positive(taps)], net.shape_


def measure(bench: Bench, number: int) -> dict[str, float]:
    """Median match of both groups of units, and what random phases leave of it."""
    found = {}
    for lattice in _LATTICES:
        fields, references, shape = _fields(bench, lattice, number)
        positive = starts_positive(fields)
        match = FieldMatcher(shape).fit(references).transform(fields)[:, 0]
        seed = bench.seeds[number]
        chance = chance_match(fields[positive], references, shape, n_null=99, random_state=seed)
        median = float(np.median(match[positive]))
        found[f"{lattice}: match, b > 0"] = median
        found[f"{lattice}: match, b < 0"] = float(np.median(match[~positive]))
        found[f"{lattice}: match, b > 0, above chance (95 %)"] = median - float(chance[94])
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
        fields, references, shape = _fields(bench, lattice, 0)
        fields = fields[starts_positive(fields)]
        match = FieldMatcher(shape).fit(references).transform(fields)[:, 0]
        median = fields[np.argsort(match)[len(match) // 2]]
        laid = aligned(median, references, shape)
        field, filter_ = (centered(values, median, shape) for values in (median, laid))
        if lattice == "ring":
            sites = np.arange(len(field)) - len(field) // 2
            panels[0].plot(sites, field, color=BLUE, label="field")
            panels[0].plot(sites, filter_, "--", color=ORANGE, label="filter")
            panels[0].set(xlabel="distance from centre (sites)", ylabel="weight (unit length)")
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
    for lattice, style in zip(_LATTICES, ((BLUE, "o"), (ORANGE, "s")), strict=True):
        for number in range(len(bench.seeds)):
            fields, references, shape = _fields(bench, lattice, number)
            match = np.sort(FieldMatcher(shape).fit(references).transform(fields)[:, 0])
            axes[3].plot(
                np.linspace(0, 1, len(match)),
                match,
                style[1],
                color=style[0],
                markersize=3,
                label=lattice if number == 0 else None,
            )
    axes[3].set(xlabel="units in order (share)", ylabel="match to the filters", ylim=(0, 1.02))
    axes[3].legend(frameon=False, loc="lower right")
    tidy(axes[3])
    axes[0].set_title("ring")
    return figure


CLAIM = Claim(
    "C2",
    "fields match convolutional filters",
    "The localized fields match the filters of a convolutional net trained on the same task; the "
    "others do not.",
    (
        Quantity.near("ring: match, b > 0", 0.961, 0.04, INDEPENDENT),
        Quantity.at_most("ring: match, b < 0", 0.3, PAPER),
        Quantity.at_least("ring: match, b > 0, above chance (95 %)", 0.1, PAPER),
        Quantity.at_least("torus: match, b > 0", 0.9, PAPER),
        Quantity.at_most("torus: match, b < 0", 0.3, PAPER),
        Quantity.at_least("torus: match, b > 0, above chance (95 %)", 0.1, PAPER),
    ),
    measure,
    draw,
)
