"""C4: a reduced model describes how fields form."""

from typing import Any

import numpy as np

from ..analysis import FieldMatcher, dominant_frequency, group_split, ipr
from ..datasets import Discrimination
from ..experiments import nlgp_task
from ..experiments._field_study import starts_positive
from ..nets import FCNet
from ..theory import CubicFlow
from ._bench import Bench, Training
from ._claim import Claim, Quantity
from ._sources import DERIVED, INDEPENDENT, PAPER

_GAINS = (1.0, 3.0)
_SITES = 30
_EARLY = 3.0  # t = learning rate x steps / D, while fields are small


def task(gain: float = 3.0) -> Discrimination:
    """Make the small task of the theory: 30 sites, correlation lengths 1.5 and 3."""
    return nlgp_task(shape=_SITES, correlation_length=3.0, gain=gain)


def _ends(bench: Bench, gain: float, form: str, number: int) -> np.ndarray:
    """Where the flow of units of b > 0 ends from four starts."""

    def follow() -> np.ndarray:
        flow = CubicFlow(task(gain), form=form)
        return flow.integrate(4, 200.0, random_state=bench.seeds[number]).fields

    return bench.once(("flow", gain, form, number), follow)


def _nets(bench: Bench) -> dict[str, list[FCNet]]:
    """Nets on both gains and on the clone of the larger one, trained to the end."""
    laws = {f"gain {gain:g}": task(gain) for gain in _GAINS} | {"clone": task().gaussian_clone()}
    return bench.nets("reduced", laws, Training(1.0, 1000, 3000.0), record=60)


def _followed(bench: Bench, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, fields of a net on gain 3, and those of the flow from the same start."""

    def follow() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        net = _nets(bench)["gain 3"][number]
        times = net.learning_rate * net.snapshot_steps_ / _SITES
        early = times <= 3 * _EARLY
        history = net.receptive_field_history_[early]
        flow = CubicFlow(task(), bias=np.repeat([1.0, -1.0], 20), interacting=True)
        times = times[early]
        return times, history, flow.integrate(history[0], times[-1], times=times).history

    return bench.once(("followed", number), follow)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR at the end of flow and net, their shapes, and what second order alone does."""
    nets, found = _nets(bench), {}
    for gain in _GAINS:
        key = f"gain {gain:g}"
        ends, alone = (_ends(bench, gain, form, number) for form in ("committee", "neuron"))
        fields = nets[key][number].receptive_fields_
        bumps = fields[starts_positive(fields)]
        found[f"{key}: IPR, flow of a committee"] = ipr(ends).mean()
        found[f"{key}: IPR, flow of one neuron"] = ipr(alone).mean()
        found[f"{key}: IPR, nets, b > 0"] = ipr(bumps).mean()
        match = FieldMatcher().fit(ends).transform(bumps)[:, 0]
        found[f"{key}: cosine of nets and flow at the end"] = float(np.median(match))
    start, end = bench.seeds[number], 200.0
    control = CubicFlow(task().gaussian_clone()).integrate(4, end, random_state=start)
    fields = nets["clone"][number].receptive_fields_
    found["clone: D x IPR, flow"] = _SITES * ipr(control.fields).mean()
    found["clone: D x IPR, nets, b > 0"] = _SITES * ipr(fields[starts_positive(fields)]).mean()
    linear = CubicFlow(task(), bias=np.repeat([1.0, -1.0], 20), fourth="none")
    split = linear.integrate(40, 2 * _EARLY, random_state=start).fields
    share = group_split(split, n_null=199, random_state=start).share["localized"]
    found["second order alone: share localized"] = share
    net = nets["gain 3"][number].receptive_field_history_[_early_snapshot(bench, number)]
    is_low = _cycles(net) < _first_decaying(task())
    positive = starts_positive(net)
    found[f"nets at t = {_EARLY:g}: share of low frequencies, b > 0"] = is_low[positive].mean()
    found[f"nets at t = {_EARLY:g}: share of high frequencies, b < 0"] = (
        1 - is_low[~positive].mean()
    )
    _, history, followed = _followed(bench, number)
    at = _early_snapshot(bench, number)
    cosine = float(np.median(_cosine(history[at], followed[at])))
    found[f"nets at t = {_EARLY:g}: cosine with the flow from their start"] = cosine
    return found


def _early_snapshot(bench: Bench, number: int) -> int:
    """Which snapshot of the net on gain 3 was taken when its fields were small."""
    net = _nets(bench)["gain 3"][number]
    return int(np.searchsorted(net.learning_rate * net.snapshot_steps_ / _SITES, _EARLY))


def _first_decaying(law: Discrimination) -> int:
    """Periods around the ring from which on second order shrinks units of b > 0, as s2 DC < 0."""
    eigenvalues = np.fft.rfft(CubicFlow(law, fourth="none").difference[0]).real
    return int(np.argmax(eigenvalues > 0.0))


def _cycles(fields: np.ndarray) -> np.ndarray:
    """Periods around the ring of the strongest mode of each field."""
    return np.asarray(np.rint(_SITES * dominant_frequency(fields)))


def _cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return np.asarray((one * other).sum(axis=-1) / lengths)


def draw(bench: Bench) -> Any:
    """Growth of nets and flow, their shapes at the end, and the early split of frequencies."""
    import matplotlib.pyplot as plt

    from ..plotting._alignment import centered
    from ..plotting._style import BLUE, GREEN, ORANGE, tidy

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for number in range(len(bench.seeds)):
        times, history, followed = _followed(bench, number)
        for fields, name, color, dash in (
            (history, "nets", BLUE, "-"),
            (followed, "flow from their start", ORANGE, "--"),
        ):
            values = [ipr(rows[starts_positive(rows)]).mean() for rows in fields]
            label = name if number == 0 else None
            axes[0].plot(times[1:], values[1:], dash, color=color, label=label)
    axes[0].axvline(_EARLY, color="0.7", linestyle=":", zorder=0)
    axes[0].set(xscale="log", xlabel="t = learning rate x steps / D", ylim=(0, None))
    axes[0].set(ylabel="mean IPR, b > 0", title="gain 3: growth, each seed")
    net = _nets(bench)["gain 3"][0].receptive_fields_[0]
    shapes = {
        "net": net,
        "flow of a committee": _ends(bench, 3.0, "committee", 0)[0],
        "flow of one neuron": _ends(bench, 3.0, "neuron", 0)[0],
    }
    styles = ((BLUE, "-"), (ORANGE, "--"), (GREEN, ":"))
    for (name, field), (color, dash) in zip(shapes.items(), styles, strict=True):
        sites = np.arange(_SITES) - _SITES // 2
        axes[1].plot(sites, centered(field, field, (_SITES,)), dash, color=color, label=name)
    axes[1].set(xlabel="distance from the peak (sites)", ylabel="weight (unit length)")
    axes[1].set_title("gain 3: shape at the end")
    early = np.concatenate(
        [
            _nets(bench)["gain 3"][number].receptive_field_history_[_early_snapshot(bench, number)]
            for number in range(len(bench.seeds))
        ]
    )
    positive = np.tile(starts_positive(early[:40]), len(bench.seeds))
    bins = np.arange(-0.5, _SITES // 2 + 1)
    for select, name, color, hatch in (
        (positive, "b > 0", BLUE, None),
        (~positive, "b < 0", ORANGE, "///"),
    ):
        axes[2].hist(_cycles(early[select]), bins, color=color, hatch=hatch, alpha=0.7, label=name)
    axes[2].axvline(_first_decaying(task()) - 0.5, color="0.3", linestyle=":", label="predicted")
    axes[2].set(xlabel="strongest mode (periods around the ring)", ylabel="units, all seeds")
    axes[2].set_title(f"the split at t = {_EARLY:g}")
    axes[1].set_ylim(None, 0.95)
    for ax in axes:
        tidy(ax)
        ax.legend(frameon=False, loc="upper left" if ax is axes[1] else "best")
    return figure


CLAIM = Claim(
    "C4",
    "a reduced model forms the same patterns",
    "A reduced model forms the patterns: second-order statistics alone split the units into a low- "
    "and a high-frequency group and do not localize; the fourth order does.",
    (
        Quantity.near("gain 1: IPR, flow of a committee", 0.143, 0.02, INDEPENDENT),
        Quantity.near("gain 1: IPR, flow of one neuron", 0.146, 0.02, INDEPENDENT),
        Quantity.near("gain 1: IPR, nets, b > 0", 0.130, 0.1, INDEPENDENT),
        Quantity.at_least("gain 1: cosine of nets and flow at the end", 0.95, INDEPENDENT),
        Quantity.near("gain 3: IPR, flow of a committee", 0.205, 0.02, INDEPENDENT),
        Quantity.near("gain 3: IPR, flow of one neuron", 0.220, 0.02, INDEPENDENT),
        Quantity.near("gain 3: IPR, nets, b > 0", 0.198, 0.1, INDEPENDENT),
        Quantity.at_least("gain 3: cosine of nets and flow at the end", 0.95, INDEPENDENT),
        Quantity.near("clone: D x IPR, flow", 1.0, 0.02, DERIVED, 2),
        Quantity.at_most("clone: D x IPR, nets, b > 0", 2.25, INDEPENDENT, 2),
        Quantity.at_most("second order alone: share localized", 0.1, PAPER, 2),
        Quantity.at_least("nets at t = 3: share of low frequencies, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("nets at t = 3: share of high frequencies, b < 0", 0.9, PAPER, 2),
        Quantity.at_least("nets at t = 3: cosine with the flow from their start", 0.95, DERIVED),
    ),
    measure,
    draw,
)
