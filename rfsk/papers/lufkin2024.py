"""Claims of Lufkin, Saxe and Grant (NeurIPS 2024, arXiv:2501.17284) on a single ReLU neuron.

Rings of 40 sites, with target 1 for the class of longer range. The bounds are ours. Independent
code followed the effective flow; its source names a setting.
"""

import warnings
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from .._core._types import Array
from ..analysis import field_spread, ipr
from ..datasets import NLGP, Discrimination, EllipticalField, Ising, StudentT, TransformedField
from ..datasets import Algebraic
from ..nets import FCNet
from ..theory import RectifiedFlow, localization_index
from ._bench import Bench
from ._claim import Claim, Quantity

SIDE, END = 40, 1000.0
LENGTHS = 0.3, 0.7
GAINS = {0.278: 0.148, 0.774: 0.520, 2.15: 0.848, 10.0: 0.933}  # of erf(g z), and end states
EXPONENTS = {6.1: 0.141, 10.0: 0.353}
_CLONE, _ELLIPTICAL = "clone of ", "elliptical "


def _wave(r: Array) -> Array:
    """Kernel whose spectrum is largest at four cycles around the ring, for a length of 4 sites."""
    return np.asarray(np.exp(-(r**2)) * np.cos(2 * np.pi * 4 / SIDE * 4.0 * r))


def models(name: str) -> list[Any]:
    """Class 0 and class 1 by name, such as "erf(0.774 z)" or "clone of Ising"."""
    if name.startswith(_CLONE):
        return [model.gaussian_clone() for model in models(name.removeprefix(_CLONE))]
    heavy: dict[str, Any] = {"radial": StudentT(5.0)}
    if name.startswith(_ELLIPTICAL):
        return [
            EllipticalField(
                SIDE,
                correlation_length=model.correlation_length,
                kernel=getattr(model, "kernel", "exponential"),
                **heavy,
            )
            for model in models(name.removeprefix(_ELLIPTICAL))
        ]
    if name == "Ising":
        return [Ising(SIDE, temperature=1.0 / J) for J in (0.3, 0.7)]
    if name in ("waves", "NLGP waves"):
        make: Any = partial(NLGP, gain=3.0) if "NLGP" in name else partial(EllipticalField, **heavy)
        kernels = ("gaussian", LENGTHS[0]), (_wave, 4.0)
        return [make(SIDE, kernel=kernel, correlation_length=xi) for kernel, xi in kernels]
    number = name.partition("(")[2].rstrip(" z)")
    if name.startswith("erf"):
        make = partial(NLGP, gain=float(number) * 2**0.5)
    else:
        make = partial(TransformedField, marginal=Algebraic(float(number)) if number else "laplace")
    return [make(SIDE, correlation_length=xi) for xi in LENGTHS]


def _law(bench: Bench, name: str) -> str:
    """Name of the inputs that the control of the bench puts in place of others."""
    if bench.control == "NLGP inputs":
        return "NLGP " + name
    prefix = {"Gaussian clone": _CLONE, "elliptical": _ELLIPTICAL}.get(bench.control or "", "")
    return name if name.startswith(prefix) else prefix + name


def _changed(bench: Bench, fields: Array, number: int) -> Array:
    if bench.control == "permuted pixels":
        return fields[:, np.random.default_rng(bench.seeds[number]).permutation(SIDE)]
    return fields


def flow_end(bench: Bench, name: str, number: int, end: float = END) -> Array:
    """Field at the end of the effective flow, from a random initial field."""
    name, seed = _law(bench, name), bench.seeds[number]

    def follow() -> Array:
        flow = RectifiedFlow(models(name))
        return flow.integrate(1, end, n_steps=3000, random_state=seed).fields

    return _changed(bench, bench.once(("flow", name, number, end), follow), number)


def _neuron(seed: int, rate: float) -> FCNet:
    options: dict[str, Any] = {"bias_init": 0.0, "train_bias": False, "weight_decay": 0.0}
    options |= {"activation": "relu", "batch_size": 1000, "learning_rate": rate}
    return FCNet(1, random_state=seed, **options)


def trained(bench: Bench, name: str, number: int) -> Array:
    """Field of a trained ReLU neuron, at t = learning rate x steps / SIDE = 200."""
    name, rate = _law(bench, name), 16.0 if bench.quick else 8.0
    tasks, n_steps = {name: Discrimination(models(name))}, round(200.0 * SIDE / rate)
    nets = bench.nets(name, partial(_neuron, rate=rate), tasks, n_steps)[name]
    return _changed(bench, nets[number].receptive_fields_, number)


def ica(bench: Bench, name: str, number: int) -> Array:
    """Filters of FastICA on samples of class 1."""
    name, seed = _law(bench, name), bench.seeds[number]

    def fit() -> Array:
        X = models(name)[1].sample(10_000 if bench.quick else 40_000, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # on Gaussian inputs
            filters = FastICA(random_state=seed, max_iter=100).fit(X).components_
        return np.asarray(filters)

    return bench.once(("ICA", name, number), fit)


def drive(model: Any, field: Array, n_samples: int, seed: int) -> Array:
    """Mean of x sign(w.x) over samples and all their shifts."""
    modes = np.fft.rfft(model.sample(n_samples, seed))
    signs = np.sign(np.fft.irfft(modes * np.fft.rfft(field).conj(), SIDE))
    return np.fft.irfft((modes * np.fft.rfft(signs).conj()).mean(axis=0), SIDE) / SIDE


def amplifier(bench: Bench, number: int) -> dict[str, float]:
    """L1: the drive of samples, of pixels with noise and of a bump, compared with linear ones."""
    found, n_samples = {}, 10_000 if bench.quick else 40_000
    noise = 0.8 * np.random.default_rng(bench.seeds[number]).standard_normal((n_samples, SIDE))
    for name in ("Ising", "Laplace", "clone of Ising"):
        x = models(_law(bench, name))[1].sample(n_samples, bench.seeds[number] + 1)
        found[f"{name}: amplifier at 0.6"] = np.mean(x * np.sign(0.6 * x + noise))
    field = _bump()
    for name in ("erf(0.774 z)", "Laplace", "elliptical Laplace"):
        pair = models(_law(bench, name))
        driven = drive(pair[1], field, n_samples, bench.seeds[number])
        linear = pair[1].covariance() @ field
        found[f"{name}: IPR of the drive over S w"] = float(np.divide(*ipr([driven, linear])))
        if name == "erf(0.774 z)":
            effective = RectifiedFlow(pair).drive(field[None])[0]
            error = np.linalg.norm(effective - driven) / np.linalg.norm(driven)
            found[f"{name}: error of the effective drive"] = float(error)
    return found


def _bump() -> Array:
    distance = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
    return np.asarray(np.exp(-0.5 * distance**2))


def kurtosis(bench: Bench, number: int) -> dict[str, float]:
    """L2: end states of the flow, the index at the threshold, and trained neurons."""
    sweep = [f"erf({g:g} z)" for g in GAINS] + [f"algebraic({k:g})" for k in EXPONENTS]
    found = {f"flow, {name}: IPR": ipr(flow_end(bench, name, number))[0] for name in sweep}
    for k in (5, 6):
        name, seed = f"algebraic({k})", bench.seeds[number]
        found[f"flow, {name}: L x IPR"] = SIDE * ipr(flow_end(bench, name, number))[0]
        index = localization_index(models(_law(bench, name)), random_state=seed).index
        found[f"{name}: localization index"] = index
    clone = ipr(trained(bench, "clone of erf(0.774 z)", number))[0]
    for name in ("erf(0.774 z)", "algebraic(5)", "Laplace"):
        found[f"neuron, {name}: IPR over clone"] = ipr(trained(bench, name, number))[0] / clone
    spread = field_spread(trained(bench, "erf(0.774 z)", number))[0]
    return found | {"neuron, erf(0.774 z): spread (sites)": spread}


def _sinusoid(field: Array) -> tuple[float, int]:
    """R^2 of the best sinusoid, and its cycles around the ring."""
    power = np.abs(np.fft.rfft(field)) ** 2
    inside = 2.0 * power[1:-1]
    return float(inside.max() / (inside.sum() + power[0] + power[-1])), 1 + int(inside.argmax())


def sinusoids(bench: Bench, number: int) -> dict[str, float]:
    """L3: sinusoids fitted to the fields of flow and neuron on elliptical inputs."""
    ratio = np.divide(*(np.fft.rfft(m.autocovariance()).real for m in models("waves")[::-1]))
    found = {}
    for kind, grow in (("flow", flow_end), ("neuron", trained)):
        field = grow(bench, "waves", number)
        found[f"{kind}: R^2 of a sinusoid"], cycles = _sinusoid(field[0])
        found[f"{kind}: L x IPR"] = SIDE * ipr(field)[0]
        found[f"{kind}: cycles less those of the largest s1/s0"] = cycles - int(ratio.argmax())
    flat = flow_end(bench, "elliptical Laplace", number)
    return found | {"flow, spectra largest at 0: L x IPR": SIDE * ipr(flat)[0]}


def cusp(bench: Bench, number: int) -> dict[str, float]:
    """L4: size and profile of fields on Ising spins."""
    field = flow_end(bench, "Ising", number, 100.0)
    found = {"flow, t = 100: IPR": ipr(field)[0], "flow, t = 100: peak": np.abs(field).max()}
    profile, rate = tail(flow_end(bench, "Ising", number))
    drops = -np.diff(np.log(profile))
    found["flow: first drop of log w over the second"] = drops[0] / drops[1]
    found["flow: decay at 4 to 8 sites over the derived one"] = drops[4:8].mean() / rate
    field = trained(bench, "Ising", number)
    clone = trained(bench, "clone of Ising", number)
    found["neuron: IPR over clone"] = ipr(field)[0] / ipr(clone)[0]
    return found | {"neuron: spread (sites)": field_spread(field)[0]}


def tail(field: Array) -> tuple[Array, float]:
    """Mean profile about the peak, and the decay rate of its tail.

    In the tail the drive is linear: (S_0 + S_1) w = q S_1 w, q = sqrt(2/pi) / sqrt(w.S_1 w). With
    s_c(k) = (1 - a^2) / (1 + a^2 - 2 a cos k), a = tanh J, this gives cosh(rate).
    """
    w = field[0] * np.sign(field[0, np.abs(field[0]).argmax()])
    w = np.roll(w, -int(w.argmax()))
    q = np.sqrt(2.0 / np.pi / (w @ models("Ising")[1].covariance() @ w))
    a, b = np.tanh([0.3, 0.7])
    left, right = 1.0 - a**2, (q - 1.0) * (1.0 - b**2)
    cosh = (right * (1 + a**2) - left * (1 + b**2)) / (2 * a * right - 2 * b * left)
    profile = 0.5 * (w + np.roll(w[::-1], 1))[: SIDE // 2]
    return np.maximum(profile, 1e-300), float(np.arccosh(max(cosh, 1.0)))


def contrast(bench: Bench, number: int) -> dict[str, float]:
    """L5: filters of FastICA and neurons, on inputs of positive kurtosis."""
    found = {}
    for name in ("algebraic(3)", "Laplace"):
        clone = np.median(ipr(ica(bench, _CLONE + name, number)))
        filters = ica(bench, name, number)
        found[f"FastICA, {name}: IPR over clone"] = np.median(ipr(filters)) / clone
        found[f"FastICA, {name}: spread (sites)"] = np.median(field_spread(filters))
        fields = trained(bench, name, number), trained(bench, _CLONE + name, number)
        found[f"neuron, {name}: IPR over clone"] = ipr(fields[0])[0] / ipr(fields[1])[0]
    return found


def _near(name: str, value: float, tolerance: float, source: str, digits: int = 3) -> Quantity:
    kind = "independent code" if source.startswith("effective flow") else "derivation"
    return Quantity(name, kind, value=value, tolerance=tolerance, source=source, digits=digits)


def _at_least(name: str, low: float, evidence: str = "inequality") -> Quantity:
    return Quantity(name, evidence, low=low, digits=2)


def _at_most(name: str, high: float, evidence: str = "inequality") -> Quantity:
    return Quantity(name, evidence, high=high, digits=2)


_FLOW = "effective flow, 40 sites, lengths 0.3 and 0.7"
_CYCLES = "cycles less those of the largest s1/s0"
CLAIMS = (
    Claim(
        "L1",
        "the drive sharpens or flattens",
        "Inputs drive a ReLU neuron through an amplifier, which sharpens a field if the pixels "
        "have negative excess kurtosis, flattens it if positive, and is linear for elliptical ones.",
        (
            _near("Ising: amplifier at 0.6", 0.5467, 0.01, "erf(0.6 / (0.8 sqrt 2))"),
            _near("clone of Ising: amplifier at 0.6", 0.4787, 0.01, "0.6 sqrt(2/pi)"),
            _at_most("Laplace: amplifier at 0.6", 0.47),
            _at_least("erf(0.774 z): IPR of the drive over S w", 1.02),
            _at_most("Laplace: IPR of the drive over S w", 0.98),
            _near("elliptical Laplace: IPR of the drive over S w", 1.0, 0.01, "linear drive"),
            _at_most("erf(0.774 z): error of the effective drive", 0.08, "earlier measurement"),
        ),
        amplifier,
        controls=("Gaussian clone", "elliptical"),
    ),
    Claim(
        "L2",
        "negative kurtosis localizes",
        "The field of a ReLU neuron localizes if the excess kurtosis of pixels is sufficiently "
        "negative, the more the lower it is, and does not if it is positive.",
        (
            *(_near(f"flow, erf({g:g} z): IPR", i, 0.05, _FLOW) for g, i in GAINS.items()),
            *(_near(f"flow, algebraic({k:g}): IPR", i, 0.05, _FLOW) for k, i in EXPONENTS.items()),
            _at_most("flow, algebraic(5): L x IPR", 1.5),
            _at_most("algebraic(5): localization index", 1.0),
            _at_least("flow, algebraic(6): L x IPR", 3.0),
            _at_least("algebraic(6): localization index", 1.0),
            _at_least("neuron, erf(0.774 z): IPR over clone", 2.0),
            _at_most("neuron, erf(0.774 z): spread (sites)", 4.0),
            _at_most("neuron, algebraic(5): IPR over clone", 1.5),
            _at_most("neuron, Laplace: IPR over clone", 1.5),
        ),
        kurtosis,
        controls=("Gaussian clone", "elliptical", "permuted pixels"),
    ),
    Claim(
        "L3",
        "elliptical inputs give sinusoids",
        "On elliptical inputs, whatever their kurtosis, the field ends as a sinusoid, of the "
        "frequency at which the spectra s1/s0 of the classes differ most.",
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
        controls=("NLGP inputs", "permuted pixels"),
    ),
    Claim(
        "L4",
        "Ising spins give a cusp",
        "On Ising spins the field is a cusp: it falls exponentially from its peak.",
        (
            _near("flow, t = 100: IPR", 0.347, 0.02, "effective flow, couplings 0.3 and 0.7"),
            _near("flow, t = 100: peak", 0.254, 0.05, "effective flow, couplings 0.3 and 0.7"),
            _at_least("flow: first drop of log w over the second", 0.8),
            _near("flow: decay at 4 to 8 sites over the derived one", 1.0, 0.05, "linear tail"),
            _at_least("neuron: IPR over clone", 2.0),
            _at_most("neuron: spread (sites)", 4.0),
        ),
        cusp,
        controls=("Gaussian clone", "elliptical", "permuted pixels"),
    ),
    Claim(
        "L5",
        "ICA localizes where the neuron does not",
        "On inputs of positive kurtosis FastICA finds localized filters, and a ReLU neuron none.",
        (
            *(
                quantity
                for name in ("algebraic(3)", "Laplace")
                for quantity in (
                    _at_least(f"FastICA, {name}: IPR over clone", 2.0),
                    _at_most(f"FastICA, {name}: spread (sites)", 4.0),
                    _at_most(f"neuron, {name}: IPR over clone", 1.5),
                )
            ),
        ),
        contrast,
        controls=("Gaussian clone", "elliptical"),
    ),
)
