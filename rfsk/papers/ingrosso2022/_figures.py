"""One figure for each claim of the paper."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...analysis import field_center, ipr
from ...plotting import ReceptiveFieldDisplay
from ...plotting._alignment import aligned, centered
from ...plotting._style import BLUE, FIELD_COLORS, GREEN, ORANGE, limit, tidy
from .._bench import Bench
from ._measures import (
    EARLY,
    INPUTS,
    LATTICES,
    best_match,
    chance_level,
    cycles,
    early_groups,
    factors,
    filters,
    first_decaying,
    flow_ends,
    followed,
    losses,
)
from ._nets import GROUPS, RING_SIDE, SMALL_SIDE, TIMES, fields, groups, net

Array = NDArray[np.float64]

_STYLES = (
    {"color": BLUE, "linestyle": "-"},
    {"color": ORANGE, "linestyle": "--"},
    {"color": GREEN, "linestyle": ":"},
)
_MARKS = ({"color": BLUE, "marker": "o"}, {"color": ORANGE, "marker": "s"})
_CENTERED = {"xlabel": "distance from the peak (sites)", "ylabel": "weight (unit length)"}


def _axes(columns: int, height: float = 3.2, **parameters: Any) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    return plt.subplots(
        ncols=columns, figsize=(11, height), layout="constrained", **{"nrows": 1, **parameters}
    )


def _maps(axes: Sequence[Any], titled: Iterable[tuple[str, Array]], relative: bool = False) -> None:
    """Fields on a ring, unit by unit, with one colour bar."""
    named = [(t, r / np.abs(r).max(axis=1, keepdims=True) if relative else r) for t, r in titled]
    bound = limit(np.concatenate([rows for _, rows in named]))
    for ax, (title, rows) in zip(axes, named, strict=True):
        image = ReceptiveFieldDisplay.from_fields(rows, ax=ax).image_
        image.set_clim(-bound, bound)
        ax.set_title(title)
    label = "weight / largest" if relative else "weight"
    axes[0].figure.colorbar(image, ax=list(axes), label=label, shrink=0.8)


def _overlay(ax: Any, named: dict[str, Array], center: Array | None = None) -> None:
    """Fields on a ring laid over each other: each centred at its own peak or at that of one."""
    for (name, row), style in zip(named.items(), _STYLES, strict=False):
        sites = np.arange(len(row)) - len(row) // 2
        peak = row if center is None else center
        ax.plot(sites, centered(row, peak, (len(row),)), label=name, **style)
    ax.set(**_CENTERED)


def _curves(ax: Any, x: Array, of_seeds: Iterable[Array], label: str, style: int) -> None:
    """One curve per seed and one label."""
    for number, values in enumerate(of_seeds):
        ax.plot(x, values, label=None if number else label, **_STYLES[style])


def _outlines(ax: Any, values: Iterable[tuple[str, Array]], bins: Array) -> None:
    for (label, numbers), style in zip(values, _STYLES, strict=False):
        ax.hist(numbers, bins, histtype="step", label=label, **style)
    ax.set(ylabel="units")


def _finish(*axes: Any, **legend: Any) -> None:
    for ax in axes:
        tidy(ax)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False, **legend)


def _median(bench: Bench, kind: str, references: Array, shape: Any) -> tuple[Array, Array]:
    """Field with b > 0 of median match, and its reference laid over it."""
    bumps = fields(bench, kind, 0)["b > 0"]
    match = best_match(bumps, references, shape)
    row = bumps[np.argsort(match)[len(match) // 2]]
    return row, aligned(row, references, shape)


def localized_fields(bench: Bench) -> Any:
    """C1: fields of one net on the ring and one on the torus, and how the IPR grew."""
    figure, axes = _axes(3)
    numbers = range(len(bench.seeds))
    _maps(axes[:1], [("ring, b > 0", fields(bench, "ring", 0)["b > 0"])])
    shape = net(bench, "torus", 0).shape_
    spots = fields(bench, "torus", 0)["b > 0"][:25]
    image = ReceptiveFieldDisplay.from_fields(spots, shape, ax=axes[1]).image_
    figure.colorbar(image, ax=axes[1], label="weight", shrink=0.8)
    axes[1].set_title("torus, b > 0")
    of_seeds = [net(bench, "ring", number) for number in numbers]
    times = of_seeds[0].learning_rate * of_seeds[0].snapshot_steps_[1:]
    for style, group in enumerate(GROUPS):
        growth = [
            [ipr(groups(rows)[group]).mean() for rows in of_seed.receptive_field_history_[1:]]
            for of_seed in of_seeds
        ]
        _curves(axes[2], times, np.array(growth), group, style)
    axes[2].set(xscale="log", xlabel="learning rate x steps", ylabel="mean IPR", ylim=(0, None))
    axes[2].set_title("growth on the ring, each seed")
    _finish(axes[2])
    return figure


def convolutional_match(bench: Bench) -> Any:
    """C2: a field of median match with its filter, on both lattices, and all matches."""
    figure, axes = _axes(4, 3.0, width_ratios=(1.5, 1, 1, 1.5))
    row, laid = _median(bench, "ring", filters(bench, "ring", 0), (RING_SIDE,))
    _overlay(axes[0], {"field": row, "filter": laid}, row)
    shape = net(bench, "torus", 0).shape_
    row, laid = _median(bench, "torus", filters(bench, "torus", 0), shape)
    pair = np.array([centered(values, row, shape) for values in (row, laid)])
    bound = limit(pair)
    for ax, image, name in zip(axes[1:3], pair, ("field", "filter"), strict=True):
        drawn = ax.imshow(image.reshape(shape), cmap=FIELD_COLORS, vmin=-bound, vmax=bound)
        ax.set(title=f"torus: {name}", xlabel="site", xticks=[], yticks=[])
    figure.colorbar(drawn, ax=axes[1:3], shrink=0.7, label="weight (unit length)")
    for place, (lattice, group) in enumerate(product(LATTICES, GROUPS)):
        for number, seed in enumerate(bench.seeds):
            rows, references = (
                fields(bench, lattice, number)[group],
                filters(bench, lattice, number),
            )
            shape = net(bench, lattice, number).shape_
            match = np.sort(best_match(rows, references, shape))
            x = place + 0.2 * (number - (len(bench.seeds) - 1) / 2)
            axes[3].scatter(np.full(len(match), x), match, s=9, **_MARKS[GROUPS.index(group)])
            by_chance = chance_level(rows, references, shape, seed)
            axes[3].plot(x, by_chance, "_", color="black", markersize=12)
    names = [f"{lattice}\n{group}" for lattice, group in product(LATTICES, GROUPS)]
    axes[3].set_xticks(range(len(names)), names)
    axes[3].set(ylabel="match to the filters", ylim=(0, 1.02), title="each seed; bar: chance, 95 %")
    axes[0].set_title("ring")
    _finish(axes[0], axes[3])
    return figure


def gaussian_control(bench: Bench) -> Any:
    """C3: fields on the NLGP and on its clone, their spectra, and the IPR of all units."""
    figure, axes = _axes(4)
    laws = {"nlgp": "NLGP", "clone": "Gaussian clone"}
    of_seeds = {
        law: [fields(bench, "ring", number, law) for number in range(len(bench.seeds))]
        for law in laws
    }
    _maps(axes[:2], [(f"{laws[law]}, b > 0", of_seeds[law][0]["b > 0"]) for law in laws])
    for style, law in enumerate(laws):
        bumps = np.concatenate([found["b > 0"] for found in of_seeds[law]])
        power = np.abs(np.fft.rfft(bumps, axis=1)) ** 2
        fraction = np.median(power / power.sum(axis=1, keepdims=True), axis=0)
        _curves(axes[2], np.arange(16), [fraction[:16]], laws[law], style)
    every = {law: [np.concatenate(list(found.values())) for found in of_seeds[law]] for law in laws}
    iprs = [(laws[law], ipr(np.concatenate(rows))) for law, rows in every.items()]
    _outlines(axes[3], iprs, np.linspace(0.0, 0.08, 41))
    axes[2].set(xlabel="periods around the ring", ylabel="fraction of power (median), b > 0")
    axes[3].set(xlabel="IPR, all units and seeds", title="sinusoid .015, noise .03")
    axes[3].vlines((0.015, 0.03), *axes[3].get_ylim(), color="0.7", linestyle=":", zorder=0)
    _finish(*axes[2:])
    return figure


def reduced_model(bench: Bench) -> Any:
    """C4: growth of nets and flow, their shapes at the end, and the early split of frequencies."""
    figure, axes = _axes(3)
    of_seeds = [followed(bench, number) for number in range(len(bench.seeds))]
    times = of_seeds[0][0][1:]
    for style, name in enumerate(("nets", "flow from their initial fields")):
        growth = [
            [ipr(groups(rows)["b > 0"]).mean() for rows in found[1 + style][1:]]
            for found in of_seeds
        ]
        _curves(axes[0], times, np.array(growth), name, style)
    axes[0].axvline(EARLY, color="0.7", linestyle=":", zorder=0)
    axes[0].set(xscale="log", xlabel="t = learning rate x steps / D", ylim=(0, None))
    axes[0].set(ylabel="mean IPR, b > 0", title="gain 3: growth, each seed")
    shapes = {
        "net": fields(bench, "small", 0, "gain 3")["b > 0"][0],
        "flow of a committee": flow_ends(bench, 0, gain=3.0)[0],
        "flow of one neuron": flow_ends(bench, 0, "neuron", gain=3.0)[0],
    }
    _overlay(axes[1], shapes)
    axes[1].set(title="gain 3: shape at the end", ylim=(None, 0.95))
    early = [early_groups(bench, number, "gain 3") for number in range(len(bench.seeds))]
    for group, style, hatch in zip(GROUPS, _STYLES, (None, "///"), strict=False):
        found = np.concatenate([cycles(of_net[group]) for of_net in early])
        bins = np.arange(-0.5, SMALL_SIDE // 2 + 1)
        axes[2].hist(found, bins, color=style["color"], hatch=hatch, alpha=0.7, label=group)
    axes[2].axvline(first_decaying() - 0.5, color="0.3", linestyle=":", label="predicted")
    axes[2].set(xlabel="strongest mode (periods around the ring)", ylabel="units, all seeds")
    axes[2].set_title(f"the split at t = {EARLY:g}")
    _finish(axes[0], axes[2])
    _finish(axes[1], loc="upper left")
    return figure


def cumulant_factors(bench: Bench) -> Any:
    """C5: factors, a field with its factor, and the matches of all units."""
    figure, axes = _axes(3)
    components = factors(bench, 0).components_
    _maps(axes[:1], [("CP factors of the fourth cumulant", components)])
    axes[0].set_ylabel("factor")
    row, laid = _median(bench, "ring", components, (RING_SIDE,))
    _overlay(axes[1], {"field": row, "CP factor": laid}, row)
    axes[1].set_title("a field of median match")
    for number in range(len(bench.seeds)):
        references = factors(bench, number).components_
        for (group, rows), mark in zip(fields(bench, "ring", number).items(), _MARKS, strict=True):
            label = None if number else group
            axes[2].scatter(ipr(rows), best_match(rows, references), s=9, label=label, **mark)
    axes[2].set(xlabel="IPR of the field", ylabel="match to the factors", ylim=(0, 1.02))
    axes[2].set_title("all units and seeds")
    _finish(*axes[1:])
    return figure


def other_inputs(bench: Bench) -> Any:
    """C6: fields of one net of each kind, and the IPR of all units against the clone's."""
    figure, axes = _axes(4, 5.0, nrows=2, height_ratios=(3, 2))
    every = {
        (kind, law): [
            np.concatenate(list(fields(bench, kind, number, law).values()))
            for number in range(len(bench.seeds))
        ]
        for kind, law in product(INPUTS, ("nlgp", "clone"))
    }
    titled = [
        (name.replace("phi^4", r"$\phi^4$"), every[kind, "nlgp"][0])
        for kind, (name, _) in INPUTS.items()
    ]
    _maps(axes[0], titled, relative=True)
    for ax, kind in zip(axes[1], INPUTS, strict=True):
        values = [
            (label, RING_SIDE * ipr(np.concatenate(every[kind, law])))
            for label, law in (("inputs", "nlgp"), ("clone", "clone"))
        ]
        _outlines(ax, values, np.linspace(0.0, 25.0, 51))
        ax.set(xlabel="D x IPR, all seeds")
    _finish(*axes[1], loc="upper right")
    return figure


def gaussian_equivalence(bench: Bench) -> Any:
    """C7: losses, the part of the gap that random phases keep, and the kurtosis of local fields."""
    figure, axes = _axes(3)
    numbers, times = range(len(bench.seeds)), np.array(TIMES, dtype=float)
    of_nets, controls = (
        [losses(bench, number, law) for number in numbers] for law in ("nlgp", "clone")
    )
    named = (("loss", "on the NLGP"), ("clone_loss", "on the clone"), ("predicted", "theory"))
    for style, (key, label) in enumerate(named):
        _curves(axes[0], times, [found[key] for found in of_nets], label, style)
    late = times >= 44
    kept = [found["kept"][late] for found in of_nets]
    _curves(axes[1], times[late], kept, "gap that random phases keep", 0)
    grown = [found["ipr"][late] / found["ipr"][-1] for found in of_nets]
    _curves(axes[1], times[late], grown, "IPR relative to its end, b > 0", 1)
    for style, (label, of_law) in enumerate((("NLGP", of_nets), ("clone", controls))):
        kurtosis = [found["kurtosis"] for found in of_law]
        _curves(axes[2], times, kurtosis, f"net on the {label}", style)
    axes[0].set(ylabel="squared loss", title="a net trained on the NLGP")
    axes[1].set(ylabel="fraction", title="what the gap depends on", ylim=(0, 1.3))
    axes[2].set(ylabel="excess kurtosis of w.x", title="local fields, b > 0, NLGP, class 1")
    for ax in axes:
        ax.set(xscale="log", xlabel="t = learning rate x steps / (0.05 D)")
    _finish(*axes)
    return figure


def translation_invariance(bench: Bench) -> Any:
    """C8: fields of one net of each kind, and where the centres of all nets lie."""
    figure, axes = _axes(4, 5.0, nrows=2, sharey="row", height_ratios=(3, 2))
    titles = {
        "even": "even sites",
        "uneven": "uneven sites",
        "shifted": "uneven sites, shifted",
        "clone": "uneven sites, clone",
    }
    of_laws = {
        law: [fields(bench, "uneven", n, law)["b > 0"] for n in range(len(bench.seeds))]
        for law in titles
    }
    _maps(axes[0], [(title, of_laws[law][0]) for law, title in titles.items()], relative=True)
    for ax, of_seeds in zip(axes[1], of_laws.values(), strict=True):
        centers = field_center(np.concatenate(of_seeds))[:, 0]
        ax.hist(centers, np.linspace(0.0, RING_SIDE, 21), color=BLUE)
        ax.axvspan(RING_SIDE / 3.0, RING_SIDE / 1.5, color="0.9", zorder=0)
        ax.set(xlabel="centre (site), all seeds")
    axes[1, 0].set_ylabel("units, b > 0")
    _finish(*axes[1])
    return figure
