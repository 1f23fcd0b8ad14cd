"""Claims of Lufkin, Saxe and Grant (NeurIPS 2024, arXiv:2501.17284) on a single ReLU neuron.

Inputs are rings of 40 sites, and the target is 1 for the class of longer correlation length. We set
the bounds of the quantities; the paper does not state any. The values with the evidence
"independent code" are from another program, which integrated the effective flow.
"""

import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from .._core._types import Array
from ..analysis import field_spread, ipr
from ..datasets import (
    NLGP,
    Algebraic,
    Discrimination,
    EllipticalField,
    Ising,
    StudentT,
    TransformedField,
)
from ..exceptions import LikelyMistakeWarning
from ..nets import FCNet
from ..plotting.style import CLASS_COLORS, CONTROL, GREY, INPUT, OTHER, OUTCOME, tidy
from ..theory import Amplifier, RectifiedFlow, localization_index
from ._bench import Bench
from ._claim import Claim, Quantity

Numbers = dict[str, float]

SIDE = 40
_CONTROL, _ELLIPTICAL, _LONG = "control of ", "elliptical ", ", lengths 1 and 3"
# Inputs, and the IPR at the end of the effective flow according to independent code.
_NLGP = {"erf(0.278 z)": 0.148, "erf(0.774 z)": 0.520, "erf(2.15 z)": 0.848, "erf(10 z)": 0.933}
_ALGEBRAIC = {"algebraic(6.1)": 0.141, "algebraic(10)": 0.353}
_OTHERS = {"erf(0.3 z)": 0.053, "erf(1 z)": 0.152, "sign": 0.284, "algebraic(7)": 0.081}
_FLOW_ENDS = {**_NLGP, **_ALGEBRAIC, **{name + _LONG: value for name, value in _OTHERS.items()}}


def _oscillation(r: Array) -> Array:
    """Kernel whose spectrum peaks at four cycles per ring if the correlation length is 8 sites."""
    return np.asarray(np.exp(-(r**2)) * np.cos(2 * np.pi * 4 / SIDE * 8.0 * r))


def models(name: str) -> list[Any]:
    """Input models of class 0 and class 1 for a name such as "erf(0.774 z)" or "elliptical sign".

    The Gaussian kernels of the two classes have correlation lengths of 1 and 3 sites if the name
    ends with "lengths 1 and 3", and of 0.3 and 0.7 sites otherwise.
    """
    make: Any = partial(EllipticalField, radial=StudentT(5.0))
    if name.startswith(_CONTROL):
        return [model.gaussian_clone() for model in models(name.removeprefix(_CONTROL))]
    if name.startswith(_ELLIPTICAL):
        kinds = [
            (getattr(model, "kernel", "exponential"), model.correlation_length)
            for model in models(name.removeprefix(_ELLIPTICAL))
        ]
    elif name == "Ising":
        return [Ising((SIDE,), temperature=1.0 / J) for J in (0.3, 0.7)]
    elif name.endswith("oscillating"):
        kinds = [("gaussian", 0.3), (_oscillation, 8.0)]
        make = partial(NLGP, gain=3.0) if name.startswith("NLGP") else make
    else:
        kinds = [("gaussian", xi) for xi in ((1.0, 3.0) if name.endswith(_LONG) else (0.3, 0.7))]
        kind, _, number = name.removesuffix(_LONG).rstrip(" z)").partition("(")
        marginal = Algebraic(float(number)) if kind == "algebraic" else kind.lower()
        make = partial(TransformedField, marginal=marginal)
        make = partial(NLGP, gain=float(number) * 2**0.5) if kind == "erf" else make
    return [make(SIDE, kernel=kernel, correlation_length=xi) for kernel, xi in kinds]


def _controlled(bench: Bench, name: str) -> str:
    """Name of the inputs that the bench's control uses in place of the inputs `name`."""
    prefixes = {"Gaussian inputs": _CONTROL, "elliptical": _ELLIPTICAL, "NLGP inputs": "NLGP "}
    is_control = name.startswith((_CONTROL, _ELLIPTICAL))
    return name if is_control else prefixes.get(bench.control or "", "") + name


def _changed(bench: Bench, fields: Array, number: int) -> Array:
    if bench.control == "permuted pixels":
        return fields[:, np.random.default_rng(bench.seeds[number]).permutation(SIDE)]
    return fields


def flow_end(bench: Bench, name: str, number: int, end: float = 2000.0) -> Array:
    """Field at the end of the effective flow, from a random initial field."""
    name, seed = _controlled(bench, name), bench.seeds[number]

    def follow() -> Array:
        flow = RectifiedFlow(models(name))
        return flow.integrate(1, end, n_steps=4000, random_state=seed).fields

    return _changed(bench, bench.once(("flow", name, number, end), follow), number)


def _neuron(seed: int, rate: float, batch_size: int) -> FCNet:
    fixed: dict[str, Any] = {"bias_init": 0.0, "train_bias": False, "weight_decay": 0.0}
    fixed |= {"activation": "relu", "batch_size": batch_size, "learning_rate": rate}
    return FCNet(1, random_state=seed, **fixed)


def trained(bench: Bench, name: str, number: int) -> Array:
    """Field of a ReLU neuron after training for t = learning rate x steps / SIDE = 200.

    For inputs whose name ends with "oscillating", the training ends at learning rate x steps / SIDE
    = 100.
    """
    rate, batch_size = 16.0 if bench.quick else 8.0, 1000
    if name == "oscillating" or name.endswith(_LONG):  # wide fields need less gradient noise
        rate, batch_size = 4.0 if bench.quick else 2.0, 4000
    name, make = _controlled(bench, name), partial(_neuron, rate=rate, batch_size=batch_size)
    tasks = {name: Discrimination(models(name))}
    n_steps = round((100.0 if name.endswith("oscillating") else 200.0) * SIDE / rate)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", LikelyMistakeWarning
        )  # the oscillating class has no longer range
        nets = bench.nets((name, rate, batch_size), make, tasks, n_steps)[name]
    net = nets[number]
    return _changed(bench, net.receptive_fields_, number)


def ica(bench: Bench, name: str, number: int) -> Array:
    """Filters of FastICA on samples of class 1."""
    name, seed = _controlled(bench, name), bench.seeds[number]

    def fit() -> Array:
        X = models(name)[1].sample(5000 if bench.quick else 40_000, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # on Gaussian inputs
            return np.asarray(FastICA(random_state=seed, max_iter=100).fit(X).components_)

    return bench.once(("ICA", name, number), fit)


def drives(rows: Array, fields: Array) -> Array:
    """Mean of x sign(w.x) over inputs x and all their shifts, for each field w."""
    modes = np.fft.rfft(rows)
    found = []
    for spectrum in np.fft.rfft(fields):
        signs = np.sign(np.fft.irfft(modes * spectrum.conj(), SIDE))
        found.append(np.fft.irfft((modes * np.fft.rfft(signs).conj()).mean(axis=0), SIDE) / SIDE)
    return np.array(found)


def amplifier(bench: Bench, number: int) -> Numbers:
    """Claim L1: amplifier at overlap 0.6; IPR of the drive, divided by that of a linear drive."""
    found: Numbers = {}
    n_samples = 10_000 if bench.quick else 40_000
    noise = 0.8 * np.random.default_rng(bench.seeds[number]).standard_normal((n_samples, SIDE))
    for name in ("Ising", "Laplace", "control of Ising"):
        x = models(_controlled(bench, name))[1].sample(n_samples, bench.seeds[number] + 1)
        found[f"{name}: amplifier at 0.6"] = np.mean(x * np.sign(0.6 * x + noise))
    field = _bump()
    for name in ("erf(0.774 z)", "Laplace", "elliptical Laplace"):
        pair = models(_controlled(bench, name))
        driven = drives(pair[1].sample(n_samples, bench.seeds[number]), field[None])[0]
        linear = pair[1].covariance() @ field
        found[f"{name}: IPR of the drive over that of S w"] = float(
            np.divide(*ipr([driven, linear]))
        )
        if name == "erf(0.774 z)":
            effective = RectifiedFlow(pair).drive(field[None])[0]
            error = np.linalg.norm(effective - driven) / np.linalg.norm(driven)
            found[f"{name}: error of the effective drive"] = float(error)
    return found


def _bump() -> Array:
    distance = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
    return np.asarray(np.exp(-0.5 * distance**2))


def kurtosis(bench: Bench, number: int) -> Numbers:
    """Claim L2: IPR of the fields of the flow and of trained neurons, and localization index."""
    found: Numbers = {}
    found |= {f"flow, {name}: IPR": ipr(flow_end(bench, name, number))[0] for name in _FLOW_ENDS}
    for name in ("algebraic(5)", "algebraic(6)"):
        found[f"flow, {name}: L x IPR"] = SIDE * ipr(flow_end(bench, name, number))[0]
        index = localization_index(models(_controlled(bench, name)), n_samples=1000, random_state=0)
        found[f"{name}: localization index of the flow"] = index.closure
    control = ipr(trained(bench, "control of erf(0.774 z)", number))[0]
    for name in ("erf(0.774 z)", "algebraic(5)", "Laplace"):
        found[f"neuron, {name}: IPR over control"] = ipr(trained(bench, name, number))[0] / control
    name, wide = "erf(1 z)" + _LONG, trained(bench, "erf(1 z)" + _LONG, number)
    found[f"neuron, {name}: IPR"] = ipr(wide)[0]
    return found | {f"neuron, {name}: spread (sites)": field_spread(wide)[0]}


def _sinusoid(field: Array) -> tuple[float, int]:
    """R^2 of the sinusoid that best fits a field, and its number of cycles around the ring."""
    power = np.abs(np.fft.rfft(field)) ** 2
    inside = 2.0 * power[1:-1]
    return float(inside.max() / (inside.sum() + power[0] + power[-1])), 1 + int(inside.argmax())


def sinusoids(bench: Bench, number: int) -> Numbers:
    """Claim L3: sinusoids fitted to the fields of the flow and of neurons on elliptical inputs."""
    ratio = np.divide(*(np.fft.rfft(m.autocovariance()).real for m in models("oscillating")[::-1]))
    found: Numbers = {}
    for kind, field_of in (("flow", flow_end), ("neuron", trained)):
        field = field_of(bench, "oscillating", number)
        found[f"{kind}: R^2 of a sinusoid"], cycles = _sinusoid(field[0])
        found[f"{kind}: L x IPR"] = SIDE * ipr(field)[0]
        found[f"{kind}: cycles minus those of the largest s1/s0"] = cycles - int(ratio.argmax())
    flat = flow_end(bench, _ELLIPTICAL + "Laplace" + _LONG, number)
    return found | {"flow, spectra largest at 0: L x IPR": SIDE * ipr(flat)[0]}


def cusp(bench: Bench, number: int) -> Numbers:
    """Claim L4: IPR, spread and decay from the peak of fields on Ising spins."""
    field = flow_end(bench, "Ising", number, 100.0)
    found: Numbers = {
        "flow, t = 100: IPR": ipr(field)[0],
        "flow, t = 100: peak": np.abs(field).max(),
    }
    profile, rate = tail(flow_end(bench, "Ising", number))
    drops = -np.diff(np.log(profile))
    found["flow: first drop of log w over the second"] = drops[0] / drops[1]
    found["flow: decay at 4 to 8 sites over the derived one"] = drops[4:8].mean() / rate
    field = trained(bench, "Ising", number)
    control = trained(bench, "control of Ising", number)
    found["neuron: IPR over control"] = ipr(field)[0] / ipr(control)[0]
    found["neuron: spread (sites)"] = field_spread(field)[0]
    drops = -np.diff(np.log(tail(field)[0]))
    return found | {"neuron: first drop of log w over the second": drops[0] / drops[1]}


def tail(field: Array) -> tuple[Array, float]:
    """Mean profile of a field about its peak, and predicted decay rate of its tail.

    In the tail of a field w, the drive is linear, so that (S_0 + S_1) w = q S_1 w, where S_0 and
    S_1 are the covariances of the classes, and q = sqrt(2/pi) / sqrt(w.S_1 w). The decay rate of
    the tail follows from (S_0 + S_1) w = q S_1 w and from the spectrum of each class of Ising
    spins, (1 - a^2) / (1 + a^2 - 2 a cos k) at wave number k, with a = tanh J for coupling J.
    """
    w = field[0] * np.sign(field[0, np.abs(field[0]).argmax()])
    w = np.roll(w, -int(w.argmax()))
    q = np.sqrt(2.0 / np.pi / (w @ models("Ising")[1].covariance() @ w))
    a, b = np.tanh([0.3, 0.7])
    left, right = 1.0 - a**2, (q - 1.0) * (1.0 - b**2)
    cosh = (right * (1 + a**2) - left * (1 + b**2)) / (2 * a * right - 2 * b * left)
    profile = 0.5 * (w + np.roll(w[::-1], 1))[: SIDE // 2]
    return np.maximum(profile, 1e-300), float(np.arccosh(cosh)) if cosh > 1.0 else np.nan


def contrast(bench: Bench, number: int) -> Numbers:
    """Claim L5: IPR of filters of FastICA and of fields of neurons, relative to the control."""
    found: Numbers = {}
    for name in ("algebraic(3)", "Laplace"):
        control = np.median(ipr(ica(bench, _CONTROL + name, number)))
        filters = ica(bench, name, number)
        found[f"FastICA, {name}: IPR over control"] = np.median(ipr(filters)) / control
        found[f"FastICA, {name}: spread (sites)"] = np.median(field_spread(filters))
        fields = trained(bench, name, number), trained(bench, _CONTROL + name, number)
        found[f"neuron, {name}: IPR over control"] = ipr(fields[0])[0] / ipr(fields[1])[0]
    return found


def _axes(*titles: str) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    size: Any = {"figsize": (4.2 * len(titles), 3.4), "layout": "constrained", "squeeze": False}
    figure, axes = plt.subplots(1, len(titles), **size)
    for ax, title in zip(axes[0], titles, strict=True):
        tidy(ax).set_title(title)
    return figure, axes[0]


def _centred(field: Array) -> Array:
    """Field scaled to a peak of +1 and shifted such that the peak is in the middle."""
    peak = np.abs(field).argmax()
    return np.roll(field / field[peak], SIDE // 2 - peak)


_SITES = np.arange(SIDE) - SIDE // 2
_FROM_PEAK = {
    "xlabel": "distance from the peak (sites)",
    "xlim": (-10, 10),
    "xticks": range(-10, 11, 5),
}


def draw_amplifier(bench: Bench) -> Any:
    """Claim L1: amplifiers of pixels, and the drive of a bump."""
    figure, (left, right) = _axes("amplifier relative to a linear one", "drive of a bump")
    a = np.linspace(0.01, 0.99, 99)
    styles = {"Ising": (CLASS_COLORS[1], ":"), "erf(0.774 z)": (INPUT, "-")}
    styles |= {"control of Ising": (CONTROL, "-."), "Laplace": (OTHER, "--")}
    for name, (color, dash) in styles.items():
        label = "Gaussian or elliptical" if name.startswith(_CONTROL) else name
        values = Amplifier(models(_controlled(bench, name))[1])(a) / (a * np.sqrt(2 / np.pi))
        left.plot(a, values, dash, color=color, label=label)
    left.set(xlabel="correlation a of pixel and response", ylabel="amp(a) / (a sqrt(2/pi))")
    field = _bump()
    for name, color, mark in (("erf(0.774 z)", INPUT, "o"), ("Laplace", OTHER, "s")):
        model = models(_controlled(bench, name))[1]
        linear = _centred(model.covariance() @ field)
        values = _centred(drives(model.sample(20_000, bench.seeds[0]), field[None])[0])
        right.plot(_SITES, values - linear, mark + "-", color=color, label=name, markersize=4)
    right.axhline(0.0, color=GREY, linestyle=":")
    right.set(**_FROM_PEAK, ylabel="drive minus S w (peaks scaled to 1)")
    for ax in (left, right):
        ax.legend(frameon=False)
    return figure


def draw_kurtosis(bench: Bench) -> Any:
    """Claim L2: IPR of fields of flow and neurons against excess kurtosis; fields of neurons."""
    figure, (left, right) = _axes("IPR of the field", "trained neurons")
    gains = [f"erf({gain:.3g} z)" for gain in np.logspace(-1, 1, 10)]
    exponents = [f"algebraic({k})" for k in (4.5, 5, 5.5, 5.8, 6, 6.1, 7, 8, 10, 15, 30)]
    for names, color, mark, label in (
        (gains, INPUT, "o-", "flow, erf(g z)"),
        (exponents, OTHER, "s--", "flow, algebraic(k)"),
    ):
        x = [models(_controlled(bench, name))[1].excess_kurtosis() for name in names]
        y = [ipr(flow_end(bench, name, 0))[0] for name in names]
        left.plot(x, y, mark, color=color, markersize=4, label=label)
    shown = {"erf(0.774 z)": (INPUT, "-"), "algebraic(5)": (OTHER, "--"), "Laplace": (GREY, ":")}
    for name, (color, dash) in shown.items():
        kurtosis = models(_controlled(bench, name))[1].excess_kurtosis()
        iprs = [ipr(trained(bench, name, number))[0] for number in range(len(bench.seeds))]
        label = "neurons" if name == "Laplace" else "_"
        left.plot([kurtosis] * len(iprs), iprs, "x", color="black", label=label)
        right.plot(_SITES, _centred(trained(bench, name, 0)[0]), dash, color=color, label=name)
    left.axhline(1.0 / SIDE, color=GREY, linestyle=":")
    left.set(xlabel="excess kurtosis of a pixel", ylabel="IPR (dotted: uniform field)")
    right.set(xlabel="distance from the peak (sites)", ylabel="weight / largest", ylim=(-1.1, 1.6))
    left.legend(frameon=False)
    right.legend(frameon=False, ncols=2, loc="upper center")
    return figure


def draw_sinusoids(bench: Bench) -> Any:
    """Claim L3: fields on elliptical inputs, fitted sinusoids, and spectra of inputs and fields."""
    figure, (left, right) = _axes("fields on elliptical inputs", "spectra")
    short, long = (np.fft.rfft(model.autocovariance()).real for model in models("oscillating"))
    right.plot(long / short / (long / short).max(), "-", color=GREY, label="s1/s0 / largest")
    for kind, field_of, color, mark, dash, face in (
        ("flow", flow_end, OUTCOME, "o", "-", OUTCOME),
        ("neuron", trained, INPUT, "s", "--", "none"),
    ):
        style = {"color": color, "markersize": 5, "markerfacecolor": face, "label": kind}
        row = _centred(field_of(bench, "oscillating", 0)[0])
        modes = np.fft.rfft(row)
        only = np.where(np.arange(len(modes)) == _sinusoid(row)[1], modes, 0.0)
        left.plot(_SITES, np.fft.irfft(only, SIDE), dash, color=color)
        left.plot(_SITES, row, mark, **style)
        power = np.abs(modes) ** 2
        right.plot(power / power.sum(), mark + ":", **style)
    left.set(xlabel="distance from the peak (sites)", ylabel="weight (lines: fitted sinusoids)")
    right.set(xlabel="cycles around the ring", ylabel="fraction of power")
    left.set_ylim(-1.3, 1.6)
    left.legend(frameon=False, ncols=2, loc="upper center")
    right.legend(frameon=False)
    return figure


def draw_cusp(bench: Bench) -> Any:
    """Claim L4: fields on Ising spins, on linear and logarithmic scales."""
    figure, (left, right) = _axes("fields on Ising spins", "tails")
    for kind, field_of, color, mark in (
        ("flow", flow_end, OUTCOME, "o-"),
        ("neuron", trained, INPUT, "s--"),
    ):
        rows = [_centred(field_of(bench, "Ising", number)[0]) for number in range(len(bench.seeds))]
        left.plot(_SITES, rows[0], mark, color=color, markersize=4, label=kind)
        profile = np.mean([tail(row[None])[0] for row in rows], axis=0)
        profile = np.where(profile > 1e-3 * profile[0], profile, np.nan)
        right.semilogy(profile[:12] / profile[0], mark, color=color, markersize=4, label=kind)
    profile, rate = tail(flow_end(bench, "Ising", 0))
    line = profile[6] / profile[0] * np.exp(-rate * (np.arange(12) - 6))
    right.semilogy(line, ":", color=GREY, label="derived decay")
    left.set(**_FROM_PEAK, ylabel="weight / largest")
    right.set(xlabel="distance from the peak (sites)", ylabel="weight / largest, both sides")
    right.set_ylim(3e-3, 1.5)
    for ax in (left, right):
        ax.legend(frameon=False)
    return figure


def draw_contrast(bench: Bench) -> Any:
    """Claim L5: filters of FastICA and fields of neurons on inputs of positive excess kurtosis."""
    names = ("algebraic(3)", "Laplace")
    figure, axes = _axes(*names)
    for ax, name in zip(axes, names, strict=True):
        filters, field = ica(bench, name, 0), trained(bench, name, 0)[0]
        control = ica(bench, _CONTROL + name, 0)
        for row, color, dash, label in (
            (control[0], CONTROL, ":", "FastICA, control"),
            (field, INPUT, "--", "ReLU neuron"),
            (filters[np.argsort(ipr(filters))[len(filters) // 2]], OUTCOME, "-", "FastICA"),
        ):
            ax.plot(_SITES, _centred(row), dash, color=color, label=label)
        ax.set(xlabel="distance from the peak (sites)", ylabel="weight / largest", ylim=(-1.1, 1.7))
        ax.legend(frameon=False, ncols=2, loc="upper center")
    return figure


def _near(name: str, value: float, tolerance: float, source: str, digits: int = 3) -> Quantity:
    kind = "independent code" if source == _FLOW else "derivation"
    return Quantity(name, kind, value=value, tolerance=tolerance, source=source, digits=digits)


def _at_least(name: str, low: float, kind: str = "inequality", digits: int = 2) -> Quantity:
    return Quantity(name, kind, low=low, digits=digits)


def _at_most(name: str, high: float, kind: str = "inequality", digits: int = 2) -> Quantity:
    return Quantity(name, kind, high=high, digits=digits)


_FLOW = "effective flow"
_CYCLES = "cycles minus those of the largest s1/s0"
CLAIMS = (
    Claim(
        "L1",
        "the drive sharpens or flattens fields",
        "The drive of a ReLU neuron is a nonlinear function, the amplifier, of the correlations of "
        "pixels with the response. The amplifier sharpens fields if the excess kurtosis of pixels "
        "is negative, and flattens fields if the excess kurtosis is positive. For elliptical "
        "inputs, the amplifier is linear.",
        (
            _near("Ising: amplifier at 0.6", 0.5467, 0.01, "erf(0.6 / (0.8 sqrt 2))"),
            _near("control of Ising: amplifier at 0.6", 0.4787, 0.01, "0.6 sqrt(2/pi)"),
            _at_most("Laplace: amplifier at 0.6", 0.47),
            _at_least("erf(0.774 z): IPR of the drive over that of S w", 1.02),
            _at_most("Laplace: IPR of the drive over that of S w", 0.98),
            _near(
                "elliptical Laplace: IPR of the drive over that of S w", 1.0, 0.01, "linear drive"
            ),
            _at_most("erf(0.774 z): error of the effective drive", 0.08, "earlier measurement"),
        ),
        amplifier,
        draw_amplifier,
        controls=("Gaussian inputs", "elliptical"),
    ),
    Claim(
        "L2",
        "negative kurtosis localizes",
        "The field of a ReLU neuron localizes if the excess kurtosis of pixels is sufficiently "
        "negative. The more negative the excess kurtosis, the narrower the field. The field does "
        "not localize if the excess kurtosis is positive.",
        (
            *(_near(f"flow, {name}: IPR", x, 0.05, _FLOW) for name, x in _FLOW_ENDS.items()),
            _at_most("flow, algebraic(5): L x IPR", 1.5),
            _at_most("algebraic(5): localization index of the flow", 1.0, digits=4),
            _at_least("flow, algebraic(6): L x IPR", 3.0),
            _at_least("algebraic(6): localization index of the flow", 1.0, digits=4),
            _at_least("neuron, erf(0.774 z): IPR over control", 2.0),
            Quantity(
                f"neuron, erf(1 z){_LONG}: IPR", "earlier measurement", value=0.21, tolerance=0.1
            ),
            _at_most(f"neuron, erf(1 z){_LONG}: spread (sites)", 4.0),
            _at_most("neuron, algebraic(5): IPR over control", 1.5),
            _at_most("neuron, Laplace: IPR over control", 1.5),
        ),
        kurtosis,
        draw_kurtosis,
        controls=("Gaussian inputs", "elliptical", "permuted pixels"),
    ),
    Claim(
        "L3",
        "elliptical inputs give sinusoids",
        "On elliptical inputs of any kurtosis, the field becomes a sinusoid with the frequency at "
        "which the ratio s1/s0 of the spectra of the classes is largest.",
        (
            _at_least("flow: R^2 of a sinusoid", 0.99, "derivation"),
            _near("flow: L x IPR", 1.5, 0.01, "sinusoid", 2),
            Quantity(f"flow: {_CYCLES}", "derivation", 0.0, 0.0, digits=0),
            _at_least("neuron: R^2 of a sinusoid", 0.9),
            _near("neuron: L x IPR", 1.5, 0.1, "sinusoid", 2),
            Quantity(f"neuron: {_CYCLES}", "derivation", 0.0, 0.0, digits=0),
            _near("flow, spectra largest at 0: L x IPR", 1.0, 0.01, "uniform field", 2),
        ),
        sinusoids,
        draw_sinusoids,
        controls=("NLGP inputs", "permuted pixels"),
    ),
    Claim(
        "L4",
        "Ising spins give a cusp",
        "On Ising spins, the field is a cusp: it decays exponentially from its peak.",
        (
            _near("flow, t = 100: IPR", 0.347, 0.02, _FLOW),
            _near("flow, t = 100: peak", 0.254, 0.05, _FLOW),
            _at_least("flow: first drop of log w over the second", 0.8),
            _near("flow: decay at 4 to 8 sites over the derived one", 1.0, 0.05, "linear tail"),
            _at_least("neuron: IPR over control", 2.0),
            _at_most("neuron: spread (sites)", 4.0),
            Quantity("neuron: first drop of log w over the second", "report", digits=2),
        ),
        cusp,
        draw_cusp,
        controls=("Gaussian inputs", "elliptical", "permuted pixels"),
    ),
    Claim(
        "L5",
        "ICA localizes where the neuron does not",
        "On inputs of positive excess kurtosis, FastICA finds localized filters, but the field of "
        "a ReLU neuron does not localize.",
        (
            *(
                quantity
                for name in ("algebraic(3)", "Laplace")
                for quantity in (
                    _at_least(f"FastICA, {name}: IPR over control", 2.0),
                    _at_most(f"FastICA, {name}: spread (sites)", 4.0),
                    _at_most(f"neuron, {name}: IPR over control", 1.5),
                )
            ),
        ),
        contrast,
        draw_contrast,
        controls=("Gaussian inputs", "elliptical"),
    ),
)
