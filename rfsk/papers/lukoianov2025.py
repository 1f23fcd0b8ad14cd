"""Claims of Lukoianov et al. (arXiv:2509.09672): correlations make denoisers local."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

from ..analysis import field_width
from ..datasets import NLGP, Ising
from ..plotting.style import CONTROL, INPUT, tidy
from ..theory import denoiser_fields
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

SIDE, XI = 40, 5.0
FIELD = NLGP((SIDE,), correlation_length=4.0, gain=3.0)
MODELS = {
    "spins": Ising.from_correlation_length(SIDE, XI),
    "NLGP": FIELD,
    "control": FIELD.gaussian_clone(),
}
CASES = (("NLGP", 0.5), ("NLGP", 2.0), ("control", 0.5))  # trained nets
NOISES = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0)
CONTROLS = ("permuted pixels", "white pixels")  # permute pixels within, and across, inputs


def profile(fields: Array) -> Array:
    """Mean derivative of an estimated pixel with respect to a noisy one, for each displacement."""
    return np.asarray(np.mean([np.roll(row, -site) for site, row in enumerate(fields)], axis=0))


def wiener(name: str, noise: float) -> Array:
    """Sensitivity of the optimal linear denoiser."""
    return profile(denoiser_fields(MODELS[name], noise))


def spin_formula(noise: float) -> Array:
    """Sensitivity of the optimal linear denoiser of spins, relative to that at displacement 0.

    Spins with covariance rho^d at displacement d have the spectrum C = (1 - rho^2) / (1 - 2 rho cos
    q + rho^2) at wave number q. For noise of standard deviation s, the optimal linear denoiser has
    the spectrum C / (C + s^2), where C is the spectrum of the spins. If their covariance at
    displacement d is rho^d, C / (C + s^2) is proportional to 1 / (r + 1 / r - 2 cos q) with a
    number r < 1, so that the sensitivity at displacement d, relative to that at 0, is r^d.
    """
    rho, distance = np.exp(-1.0 / XI), np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
    total = (1.0 + rho**2 + (1.0 - rho**2) / noise**2) / rho
    return np.asarray(((total - np.sqrt(total**2 - 4.0)) / 2.0) ** distance)


def width(curve: Array) -> float:
    """Full width at half maximum of a curve of sensitivity."""
    return float(field_width(curve[None])[0])


def pairs(bench: Bench, name: str, noise: float, n: int, part: int, number: int) -> Any:
    """Noisy and clean inputs, changed as the control of the bench requires."""
    rng = np.random.default_rng([bench.seeds[number], part])
    X = MODELS[name].sample(n, rng)
    if bench.control in CONTROLS:
        X = rng.permuted(X, axis=1 - CONTROLS.index(bench.control))
    return X + noise * rng.standard_normal(X.shape), X


def fitted(bench: Bench, number: int, name: str, noise: float) -> Array:
    """Sensitivity of a linear denoiser that was fitted to samples."""
    n = 10_000 if bench.quick else 50_000
    return profile(LinearRegression().fit(*pairs(bench, name, noise, n, 0, number)).coef_)


def trained(bench: Bench, number: int, name: str, noise: float) -> tuple[Array, float]:
    """Mean sensitivity of a ReLU network, and ratio of its error to that of the Wiener filter."""

    def train() -> tuple[Array, float]:
        rates = {"batch_size": 500, "learning_rate_init": 0.003}
        seed = bench.seeds[number] % 2**32
        net = MLPRegressor(hidden_layer_sizes=(128,), alpha=0.0, random_state=seed, **rates)
        for part in range(80 if bench.quick else 200):
            net.partial_fit(*pairs(bench, name, noise, 5000, part + 2, number))
        noisy, clean = pairs(bench, name, noise, 20_000, 1, number)
        (encoder, decoder), bias = net.coefs_, net.intercepts_[0]
        active = (noisy @ encoder + bias > 0.0).mean(axis=0)
        best = noisy @ denoiser_fields(MODELS[name], noise)
        error = np.mean((net.predict(noisy) - clean) ** 2) / np.mean((best - clean) ** 2)
        return profile(((encoder * active) @ decoder).T), float(error)

    return bench.once((bench.control, number, name, noise), train)


def posterior(bench: Bench, number: int, noise: float) -> Array:
    """Mean sensitivity of the best denoiser of spins, by transfer matrices.

    At displacement d, the sensitivity of the best denoiser is the mean posterior covariance of the
    spins x_0 and x_d, divided by noise^2.
    """
    n, signs = 5000 if bench.quick else 50_000, np.array([1.0, -1.0])
    noisy = pairs(bench, "spins", noise, n, 0, number)[0]
    coupling = 0.0 if bench.control else np.arctanh(np.exp(-1.0 / XI))
    bond, local = np.exp(coupling * np.outer(signs, signs)), special.expit(2.0 * noisy / noise**2)
    local = np.stack([local, 1.0 - local], axis=2)[:, :, None]

    def messages(sites: range) -> dict[int, Array]:
        """Weight of each pair of values of spins 0 and `site`, summed over the spins in between."""
        message, found = np.tile(np.eye(2), (n, 1, 1)), {}
        for site in sites:
            found[site] = message @ bond
            message = found[site] * local[:, site]
            message /= message.sum(axis=(1, 2), keepdims=True)
        return found

    right, left, curve = messages(range(1, SIDE)), messages(range(SIDE)[:0:-1]), np.empty(SIDE)
    for site in range(1, SIDE):
        joint = right[site] * left[site] * local[:, 0].swapaxes(1, 2) * local[:, site]
        joint /= joint.sum(axis=(1, 2), keepdims=True)
        first, other = joint.sum(axis=2) @ signs, joint.sum(axis=1) @ signs
        curve[site] = np.mean(signs @ joint @ signs - first * other)
    curve[0] = np.mean(1.0 - first**2)
    return np.asarray(curve / noise**2)


def linear_denoiser(bench: Bench, number: int) -> dict[str, float]:
    """Claim L1: widths of the fields of fitted linear denoisers, compared with the theory."""
    of = partial(fitted, bench, number)
    widths = [width(of("spins", noise)) for noise in NOISES]
    ratios = np.array(widths) / [width(spin_formula(noise)) for noise in NOISES]
    low, middle, high = (width(of("NLGP", noise)) for noise in (0.25, 1.0, 4.0))
    return {
        "spins: width at noise 0.05": widths[0],
        "spins: width over formula, largest deviation": abs(ratios - 1.0).max(),
        "NLGP: width over that on the control": middle / width(of("control", 1.0)),
        "NLGP: width at noise 4 over 0.25": high / low,
    }


def trained_denoiser(bench: Bench, number: int) -> dict[str, float]:
    """Claim L2: fields of trained nonlinear denoisers and of the optimal linear denoiser."""
    found: dict[str, float] = {}
    for name, noise in CASES:
        (curve, error), linear = trained(bench, number, name, noise), wiener(name, noise)
        case, norms = f"{name}, noise {noise:g}", np.linalg.norm([curve, linear], axis=1)
        found[f"{case}: width over linear"] = width(curve) / width(linear)
        found[f"{case}: cosine with linear"] = curve @ linear / norms.prod()
        found[f"{case}: own pixel over linear"] = curve[0] / linear[0]
        found[f"{case}: error over linear"] = error
    low, high = (width(trained(bench, number, "NLGP", noise)[0]) for noise in (0.5, 2.0))
    return {**found, "NLGP: width at noise 2 over 0.5": high / low}


def best_denoiser(bench: Bench, number: int) -> dict[str, float]:
    """Claim L3: fields of the best denoiser of spins and of the optimal linear denoiser."""
    curves = {s: (posterior(bench, number, s), wiener("spins", s)) for s in (0.5, 1.0, 2.0)}
    excess = [np.fft.fft(best - linear).real.max() for best, linear in curves.values()]
    ratios = {
        f"noise {s:g}: width over linear": width(best) / width(linear)
        for s, (best, linear) in curves.items()
    }
    return {
        **ratios,
        "all noises: largest excess over linear in a Fourier mode": max(excess),
        "width at noise 2 over 0.5": width(curves[2.0][0]) / width(curves[0.5][0]),
    }


def draw(bench: Bench, claim: str) -> Any:
    """Draw sensitivities of a claim's denoisers (crosses) and of the optimal linear one (lines)."""
    import matplotlib.pyplot as plt

    names = {"L1": ("formula", "fit"), "L2": ("linear", "net"), "L3": ("linear", "best")}
    line, crosses = names[claim]
    panels: dict[str, dict[str, tuple[Array, Array]]] = {}
    if claim == "L1":
        for name in MODELS:
            pairs = {s: (fitted(bench, 0, name, s), wiener(name, s)) for s in NOISES[1::2]}
            panels[name] = {f"{line}, noise {s:g}": pair for s, pair in pairs.items()}
    elif claim == "L2":
        for name, s in CASES:
            panels[f"{name}, noise {s:g}"] = {
                line: (trained(bench, 0, name, s)[0], wiener(name, s))
            }
    else:
        for s in NOISES[2:5]:
            panels[f"spins, noise {s:g}"] = {line: (posterior(bench, 0, s), wiener("spins", s))}
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True, layout="constrained")
    for ax, (title, found) in zip(axes, panels.items(), strict=True):
        color, x = CONTROL if "control" in title else INPUT, np.arange(SIDE) - SIDE // 2
        for dash, (label, (curve, linear)) in zip(("-", "--", ":"), found.items(), strict=False):
            ax.plot(x, np.roll(linear, SIDE // 2), dash, color=color, label=label)
            ax.plot(x, np.roll(curve, SIDE // 2), "x", color=color)
        ax.plot([], [], "x", color=color, label=crosses)
        ax.set(xlabel="displacement (sites)", xlim=(-12, 12), title=title)
        tidy(ax)
    axes[0].set_ylabel("sensitivity")
    axes[0].legend(frameon=False, fontsize="small", loc="upper right", handlelength=1.5)
    return figure


def _quantity(
    name: str, evidence: str = "inequality", low: float | None = None, high: float | None = None
) -> Quantity:
    return Quantity(name, evidence, low, high, digits=2 if evidence == "inequality" else 3)


def _near(name: str, tolerance: float) -> Quantity:
    return Quantity(name, "derivation", value=1.0, tolerance=tolerance)


_SIMILAR = {"low": 2.0**-0.5, "high": 2.0**0.5}
_TRAINED = tuple(
    quantity
    for case in ("NLGP, noise 0.5", "NLGP, noise 2", "control, noise 0.5")
    for quantity in (
        _quantity(f"{case}: width over linear", **_SIMILAR),
        _quantity(f"{case}: cosine with linear", low=0.9),
        *(
            _near(name, 0.1) if case[0] == "c" else _quantity(name, "derivation", high=1.0)
            for name in (f"{case}: own pixel over linear", f"{case}: error over linear")
        ),
    )
)

CLAIMS = (
    Claim(
        "L1",
        "the covariance makes linear denoisers local",
        "The optimal linear denoiser estimates a pixel from a neighbourhood that follows from the "
        "covariance. The neighbourhood is one pixel at low noise and widens with the noise.",
        (
            _near("spins: width at noise 0.05", 0.05),
            _quantity("spins: width over formula, largest deviation", "derivation", high=0.05),
            _near("NLGP: width over that on the control", 0.1),
            _quantity("NLGP: width at noise 4 over 0.25", low=1.5),
        ),
        linear_denoiser,
        partial(draw, claim="L1"),
        CONTROLS,
    ),
    Claim(
        "L2",
        "trained denoisers have the fields of the linear one",
        "The mean sensitivity of a fully-connected network that is trained to remove noise has "
        "about the same width and shape as that of the linear denoiser, both on non-Gaussian "
        "inputs and on the Gaussian control.",
        (*_TRAINED, _quantity("NLGP: width at noise 2 over 0.5", low=1.2)),
        trained_denoiser,
        partial(draw, claim="L2"),
        CONTROLS,
    ),
    Claim(
        "L3",
        "the best denoiser has fields of about the same width",
        "The best denoiser of spins is nonlinear. The mean sensitivity of the best denoiser of "
        "spins has about the same width as that of the optimal linear denoiser, and no Fourier "
        "mode of this mean sensitivity is larger than that of the linear denoiser.",
        (
            Quantity("noise 0.5: width over linear", "report", digits=2),
            _quantity("noise 1: width over linear", **_SIMILAR),
            _quantity("noise 2: width over linear", **_SIMILAR),
            _quantity(
                "all noises: largest excess over linear in a Fourier mode", "derivation", high=0.01
            ),
            _quantity("width at noise 2 over 0.5", low=1.2),
        ),
        best_denoiser,
        partial(draw, claim="L3"),
        CONTROLS[1:],
    ),
)
