"""C4: a reduced model describes how fields form."""

from typing import Any

import numpy as np

from .._core._trained_nets import starts_positive
from ..analysis import dominant_frequency, ipr
from ..datasets import Discrimination
from ..experiments import nlgp_task
from ..nets import FCNet
from ..theory import CubicFlow
from ._bench import Bench, Training
from ._claim import Claim, Quantity
from ._sources import DERIVED, INDEPENDENT, PAPER
from ._units import best_match, fields_of, groups

_GAINS = (1.0, 3.0)
_SITES = 30
_EARLY = 3.0  # t = learning rate x steps / D, before fields localize
_TRAINING = Training(1.0, 1000, 3000.0)  # the quick one too: other steps follow the flow less well


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
    return bench.nets("reduced model", laws, _TRAINING, record=60)


def _followed(bench: Bench, number: int) -> tuple[np.ndarray, ...]:
    """Times, fields of a net on gain 3, and those of the flow from the same start."""

    def follow() -> tuple[np.ndarray, ...]:
        net = _nets(bench)["gain 3"][number]
        times = net.learning_rate * net.snapshot_steps_ / _SITES
        early = times <= 3 * _EARLY
        history, times = net.receptive_field_history_[early], times[early]
        bias = np.where(starts_positive(history[0]), 1.0, -1.0)
        flow = CubicFlow(task(), bias=bias, interacting=True)
        return times, history, flow.integrate(history[0], times[-1], times=times).history

    return bench.once(("followed", number), follow)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR at the end of flow and net, their shapes, and what second order alone does."""
    nets, found = _nets(bench), {}
    for gain in _GAINS:
        key = f"gain {gain:g}"
        ends, alone = (_ends(bench, gain, form, number) for form in ("committee", "neuron"))
        bumps = fields_of(nets[key][number])["b > 0"]
        found[f"{key}: IPR, flow of a committee"] = ipr(ends).mean()
        found[f"{key}: IPR, flow of one neuron"] = ipr(alone).mean()
        found[f"{key}: IPR, nets, b > 0"] = ipr(bumps).mean()
        found[f"{key}: match of nets and flow"] = float(np.median(best_match(bumps, ends)))
    control = CubicFlow(task().gaussian_clone())
    ends = control.integrate(4, 200.0, random_state=bench.seeds[number]).fields
    found["clone: D x IPR, flow"] = _SITES * ipr(ends).mean()
    bumps = fields_of(nets["clone"][number])["b > 0"]
    found["clone: D x IPR, nets, b > 0"] = _SITES * ipr(bumps).mean()
    for law, net in (("NLGP", nets["gain 3"][number]), ("clone", nets["clone"][number])):
        early = groups(net.receptive_field_history_[_early_snapshot(net)])
        is_low = {name: _cycles(fields) < _first_decaying() for name, fields in early.items()}
        found[f"t = 3, {law}: share of low frequencies, b > 0"] = is_low["b > 0"].mean()
        found[f"t = 3, {law}: share of high frequencies, b < 0"] = 1 - is_low["b < 0"].mean()
    found["t = 3: cosine of nets and flow"] = _early_cosine(bench, number)
    return found


def _early_cosine(bench: Bench, number: int) -> float:
    """Median cosine of the fields of a net and of the flow from its start, at the early time."""
    times, history, followed = _followed(bench, number)
    at = int(np.searchsorted(times, _EARLY))
    lengths = np.linalg.norm(history[at], axis=-1) * np.linalg.norm(followed[at], axis=-1)
    return float(np.median((history[at] * followed[at]).sum(axis=-1) / lengths))


def _early_snapshot(net: FCNet) -> int:
    return int(np.searchsorted(net.learning_rate * net.snapshot_steps_ / _SITES, _EARLY))


def _first_decaying() -> int:
    """Periods around the ring from which on second order shrinks units of b > 0, as s2 DC < 0."""
    eigenvalues = np.fft.rfft(CubicFlow(task(), fourth="none").difference[0]).real
    return int(np.argmax(eigenvalues > 0.0))


def _cycles(fields: np.ndarray) -> np.ndarray:
    """Periods around the ring of the strongest mode of each field."""
    return np.asarray(np.rint(_SITES * dominant_frequency(fields)))


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
            values = [ipr(groups(rows)["b > 0"]).mean() for rows in fields]
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
    bins = np.arange(-0.5, _SITES // 2 + 1)
    nets = _nets(bench)["gain 3"]
    early = [groups(net.receptive_field_history_[_early_snapshot(net)]) for net in nets]
    for group, color, hatch in (("b > 0", BLUE, None), ("b < 0", ORANGE, "///")):
        cycles = np.concatenate([_cycles(of_net[group]) for of_net in early])
        axes[2].hist(cycles, bins, color=color, hatch=hatch, alpha=0.7, label=group)
    axes[2].axvline(_first_decaying() - 0.5, color="0.3", linestyle=":", label="predicted")
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
        Quantity.between("gain 1: match of nets and flow", 0.97, 1.0, INDEPENDENT),
        Quantity.near("gain 3: IPR, flow of a committee", 0.205, 0.02, INDEPENDENT),
        Quantity.near("gain 3: IPR, flow of one neuron", 0.220, 0.02, INDEPENDENT),
        Quantity.near("gain 3: IPR, nets, b > 0", 0.198, 0.1, INDEPENDENT),
        Quantity.between("gain 3: match of nets and flow", 0.97, 1.0, INDEPENDENT),
        Quantity.near("clone: D x IPR, flow", 1.0, 0.02, DERIVED, 2),
        Quantity.at_most("clone: D x IPR, nets, b > 0", 2.25, INDEPENDENT, 2),
        Quantity.at_least("t = 3, NLGP: share of low frequencies, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("t = 3, NLGP: share of high frequencies, b < 0", 0.9, PAPER, 2),
        Quantity.at_least("t = 3, clone: share of low frequencies, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("t = 3, clone: share of high frequencies, b < 0", 0.9, PAPER, 2),
        Quantity.at_least("t = 3: cosine of nets and flow", 0.95, PAPER),
    ),
    measure,
    draw,
)
