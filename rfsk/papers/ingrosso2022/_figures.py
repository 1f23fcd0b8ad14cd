"""Figures of the claims of the paper."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...analysis import field_center, ipr
from ...plotting import ReceptiveFieldDisplay
from ...plotting.style import (
    CONTROL,
    INPUT,
    OTHER,
    OUTCOME,
    aligned,
    centered,
    color_bar,
    limit,
    tidy,
)
from .._bench import Bench
from . import _measures as measured
from ._nets import GROUPS, RING_SIDE, SMALL_SIDE, TIMES, fields, groups, net

Array = NDArray[Any]

_DASHES = "-", "--", ":"
_WITH_CONTROL, _WITH_THEORY = (INPUT, CONTROL, OUTCOME), (INPUT, OUTCOME, OTHER)
_MARKS = {"b > 0": (INPUT, "o"), "b < 0": (OTHER, "s")}


def _axes(columns: int, height: float = 3.2, **parameters: Any) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    size = {"nrows": 1, "ncols": columns, "figsize": (11, height), "layout": "constrained"}
    figure, axes = plt.subplots(**{**size, **parameters})
    figure.get_layout_engine().set(wspace=0.06)
    return figure, axes


def _show(
    ax: Any,
    title: str,
    rows: Array,
    shape: Any = None,
    scaled: bool = False,
    bound: float | None = None,
) -> None:
    """Draw fields on a ring as rows of a map, or on a torus as a mosaic, with a colour bar."""
    rows = rows / np.abs(rows).max(axis=1, keepdims=True) if scaled else rows
    ReceptiveFieldDisplay.from_fields(rows, shape, ax=ax, bound=bound)
    ax.set_title(title)
    if not scaled or ax.get_subplotspec().is_last_col():
        label = "weight / largest" if scaled else "weight"
        color_bar(ax, label)


def _plot(
    ax: Any,
    x: Array,
    named: Mapping[str, Iterable[ArrayLike]],
    colors: tuple[str, ...] = (INPUT, OTHER),
) -> None:
    """Draw groups of curves, one curve per seed; all curves of a group have the same style."""
    for color, dash, (name, curves) in zip(colors, _DASHES, named.items(), strict=False):
        for number, curve in enumerate(curves):
            ax.plot(x, curve, dash, color=color, label=None if number else name)
    ax.legend(frameon=False)
    tidy(ax)


def _outline(
    ax: Any, named: Mapping[str, Array], bins: Array, colors: tuple[str, ...], **labels: str
) -> None:
    for color, dash, (name, values) in zip(colors, _DASHES, named.items(), strict=False):
        ax.hist(values, bins, histtype="step", color=color, linestyle=dash, label=name)
    ax.legend(frameon=False, handlelength=1.2)
    ax.set(**{"ylabel": "units, all seeds", **labels})
    tidy(ax)


def _overlay(ax: Any, named: Mapping[str, Array], center: Array | None = None) -> None:
    """Draw fields on a ring, each centred at its own peak or at the peak of a given field."""
    curves = {
        name: [centered(row, row if center is None else center, row.shape)]
        for name, row in named.items()
    }
    n_sites = len(next(iter(named.values())))
    _plot(ax, np.arange(n_sites) - n_sites // 2, curves, _WITH_THEORY)
    ax.set(xlabel="distance from the peak (sites)", ylabel="weight (unit length)")
    ax.margins(y=0.2)  # for the legend


def _median(bench: Bench, kind: str, references: Array) -> tuple[Array, Array]:
    """Field with the median match among units with b > 0, and its best reference, aligned."""
    bumps, shape = fields(bench, kind, 0)["b > 0"], net(bench, kind, 0).shape_
    match = measured.best_match(bumps, references, shape)
    row = bumps[np.argsort(match)[len(match) // 2]]
    return row, aligned(row, references, shape)


def _all_seeds(bench: Bench, kind: str, inputs: str, group: str | None = None) -> Array:
    """Fields of all seeds, for one group of units or for both groups."""
    found = [fields(bench, kind, number, inputs) for number in range(len(bench.seeds))]
    return np.concatenate([of[name] for of in found for name in ([group] if group else GROUPS)])


def localized_fields(bench: Bench) -> Any:
    """Claim C1: fields of a net on the ring and one on the torus, and mean IPR during training."""
    figure, axes = _axes(3)
    for ax, kind in zip(axes, measured.LATTICES, strict=False):
        bumps = fields(bench, kind, 0)["b > 0"][:25]
        _show(ax, f"{kind}, b > 0", bumps, net(bench, kind, 0).shape_)
    of_seeds = [net(bench, "ring", number) for number in range(len(bench.seeds))]
    course_of = {
        group: [
            [ipr(groups(rows)[group]).mean() for rows in of.receptive_field_history_[1:]]
            for of in of_seeds
        ]
        for group in GROUPS
    }
    _plot(axes[2], of_seeds[0].learning_rate * of_seeds[0].snapshot_steps_[1:], course_of)
    axes[2].set(xscale="log", xlabel="learning rate x steps", ylabel="mean IPR", ylim=(0, None))
    axes[2].set_title("IPR during training (ring)")
    return figure


def convolutional_match(bench: Bench) -> Any:
    """Claim C2: the field with the median match and its filter, and the matches of all fields."""
    figure, axes = _axes(3)
    row, laid = _median(bench, "ring", measured.filters(bench, "ring", 0))
    _overlay(axes[0], {"field": row, "filter": laid}, row)
    axes[0].set_title("ring")
    row, laid = _median(bench, "torus", measured.filters(bench, "torus", 0))
    shape = net(bench, "torus", 0).shape_
    pair = np.array([centered(values, row, shape) for values in (row, laid)])
    _show(axes[1], "torus: a field and its filter", pair, shape)
    axes[1].set(ylabel="", yticks=[])
    kinds = list(product(measured.LATTICES, GROUPS))
    for place, (kind, group) in enumerate(kinds):
        for number, seed in enumerate(bench.seeds):
            of_seed, shape = fields(bench, kind, number)[group], net(bench, kind, number).shape_
            references = measured.filters(bench, kind, number)
            match = measured.best_match(of_seed, references, shape)
            x = place + 0.2 * (number - (len(bench.seeds) - 1) / 2)
            color, mark = _MARKS[group]
            axes[2].plot(np.full(len(match), x), match, mark, color=color, markersize=3)
            level = measured.chance_level(of_seed, references, shape, seed)
            axes[2].plot(x, level, "_", color="black", markersize=12)
    axes[2].set_xticks(range(len(kinds)), ["\n".join(kind) for kind in kinds])
    axes[2].set(ylabel="match with the filters, all seeds", ylim=(0, 1.02))
    axes[2].set_title("matches (bars: chance)")
    tidy(axes[2])
    return figure


def gaussian_control(bench: Bench) -> Any:
    """Claim C3: fields of nets trained on the NLGP and on its control, and the IPR of all units."""
    figure, axes = _axes(3)
    sources = {"NLGP": "nlgp", "control": "control"}
    of = {name: fields(bench, "ring", 0, inputs)["b > 0"] for name, inputs in sources.items()}
    for ax, (name, rows) in zip(axes, of.items(), strict=False):
        _show(ax, f"{name}, b > 0", rows, bound=limit(*of.values()))
    values = {name: ipr(_all_seeds(bench, "ring", inputs)) for name, inputs in sources.items()}
    bins, label = np.linspace(0.0, 0.08, 41), "IPR (dotted: sinusoid, noise)"
    _outline(axes[2], values, bins, _WITH_CONTROL, xlabel=label)
    for value in (0.015, 0.03):
        axes[2].axvline(value, color="0.7", linestyle=":", zorder=0)
    axes[2].set_title("IPR of all units")
    return figure


def reduced_model(bench: Bench) -> Any:
    """Claim C4: IPR and final fields of nets and flow, and frequencies of fields at t = 3."""
    figure, axes = _axes(3)
    of_seeds = [measured.followed(bench, number) for number in range(len(bench.seeds))]
    course_of = {
        name: [[ipr(groups(rows)["b > 0"]).mean() for rows in of[k][1:]] for of in of_seeds]
        for k, name in ((1, "nets"), (2, "flow"))
    }
    _plot(axes[0], of_seeds[0][0][1:], course_of, _WITH_THEORY)
    axes[0].axvline(measured.EARLY, color="0.7", linestyle=":", zorder=0)
    axes[0].set(xscale="log", xlabel="t = learning rate x steps / D", ylim=(0, None))
    axes[0].set(ylabel="mean IPR, b > 0", title="gain 3: IPR, all seeds")
    shapes = {
        "net": fields(bench, "small", 0, "gain 3")["b > 0"][0],
        "flow of a committee machine": measured.flow_ends(bench, 0, gain=3.0)[0],
        "flow of one neuron": measured.flow_ends(bench, 0, "neuron", gain=3.0)[0],
    }
    _overlay(axes[1], shapes)
    axes[1].set(title="gain 3: final fields", ylim=(None, 0.95))
    early = [measured.early_groups(bench, k, "gain 3") for k in range(len(bench.seeds))]
    cycles = {g: measured.cycles(np.concatenate([of[g] for of in early])) for g in GROUPS}
    bins = np.arange(-0.5, SMALL_SIDE // 2 + 1)
    label = "strongest mode (dotted: predicted limit)"
    _outline(axes[2], cycles, bins, (INPUT, OTHER), xlabel=label)
    axes[2].axvline(measured.first_decaying() - 0.5, color="0.3", linestyle=":")
    axes[2].set_title(f"frequencies at t = {measured.EARLY:g}")
    return figure


def cumulant_factors(bench: Bench) -> Any:
    """Claim C5: CP factors, a field with its best-matching factor, and the matches of all units."""
    figure, axes = _axes(3)
    components = measured.factors(bench, 0).components_
    _show(axes[0], "CP factors of the fourth cumulant", components)
    axes[0].set_ylabel("factor")
    row, laid = _median(bench, "ring", components)
    _overlay(axes[1], {"field": row, "CP factor": laid}, row)
    axes[1].set_title("field of median match")
    for number, (group, (color, mark)) in product(range(len(bench.seeds)), _MARKS.items()):
        rows = fields(bench, "ring", number)[group]
        match = measured.best_match(rows, measured.factors(bench, number).components_)
        name = None if number else group
        axes[2].plot(ipr(rows), match, mark, color=color, markersize=3, label=name)
    axes[2].set(xlabel="IPR of the field", ylabel="match with the factors", ylim=(0, 1.02))
    axes[2].set_title("all units and seeds")
    axes[2].legend(frameon=False)
    tidy(axes[2])
    return figure


def other_inputs(bench: Bench) -> Any:
    """Claim C6: fields for other inputs or activations; IPR on these inputs and on the control."""
    figure, axes = _axes(4, 5.0, nrows=2, height_ratios=(3, 2))
    for (upper, lower), (kind, (name, _)) in zip(axes.T, measured.INPUTS.items(), strict=True):
        rows = np.concatenate(list(fields(bench, kind, 0).values()))
        _show(upper, name.replace("phi^4", r"$\phi^4$"), rows, scaled=True)
        values = {
            label: RING_SIDE * ipr(_all_seeds(bench, kind, inputs))
            for label, inputs in (("inputs", "nlgp"), ("control", "control"))
        }
        _outline(lower, values, np.linspace(0.0, 25.0, 51), _WITH_CONTROL, xlabel="D x IPR")
    return figure


def gaussian_equivalence(bench: Bench) -> Any:
    """Claim C7: losses on inputs and control, effect of random phases, and kurtosis of w.x."""
    figure, axes = _axes(3)
    of_net = {
        name: [measured.losses(bench, number, inputs) for number in range(len(bench.seeds))]
        for name, inputs in (("net on the NLGP", "nlgp"), ("net on the control", "control"))
    }
    of_nets, times = of_net["net on the NLGP"], np.array(TIMES, dtype=float)
    named = {"on the NLGP": "loss", "on the control": "control_loss", "theory": "predicted"}
    curves = {name: [of[key] for of in of_nets] for name, key in named.items()}
    _plot(axes[0], times, curves, _WITH_CONTROL)
    late = times >= 44  # earlier, the gap is only rounding error
    parts = {
        "gap that random phases keep": [of["kept"][late] for of in of_nets],
        "IPR / final IPR, b > 0": [of["ipr"][late] / of["ipr"][-1] for of in of_nets],
    }
    _plot(axes[1], times[late], parts)
    kurtosis = {name: [of["kurtosis"] for of in nets] for name, nets in of_net.items()}
    _plot(axes[2], times, kurtosis, _WITH_CONTROL)
    axes[2].legend(frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.85))
    axes[0].set(ylabel="squared loss", title="loss of a net trained on the NLGP")
    axes[1].set(ylabel="fraction", title="gap between the losses", ylim=(0, 1.3))
    axes[2].set(ylabel="excess kurtosis of w.x", title="local fields, b > 0, NLGP, class 1")
    for ax in axes:
        ax.set(xscale="log", xlabel="t = learning rate x steps / (0.05 D)")
    return figure


def translation_invariance(bench: Bench) -> Any:
    """Claim C8: fields of one net per kind of inputs, and the centres of the fields of all nets."""
    figure, axes = _axes(4, 5.0, nrows=2, height_ratios=(3, 2))
    titles = {
        "even": "even sites",
        "uneven": "uneven sites",
        "shifted": "uneven sites, shifted",
        "control": "uneven sites, control",
    }
    for (upper, lower), (inputs, title) in zip(axes.T, titles.items(), strict=True):
        _show(upper, title, fields(bench, "uneven", 0, inputs)["b > 0"], scaled=True)
        centers = field_center(_all_seeds(bench, "uneven", inputs, "b > 0"))[:, 0]
        color = CONTROL if inputs == "control" else INPUT
        lower.hist(centers, np.linspace(0.0, RING_SIDE, 21), color=color)
        lower.axvspan(RING_SIDE / 3.0, RING_SIDE / 1.5, color="0.9", zorder=0)
        lower.set(xlabel="centre (site), all seeds", ylabel="units, b > 0")
        tidy(lower)
    return figure
