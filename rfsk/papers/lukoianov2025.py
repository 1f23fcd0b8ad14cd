"""Claims of A. Lukoianov et al. (arXiv:2509.09672): denoisers are local due to correlations."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

from ..analysis import field_width
from ..datasets import NLGP, Ising
from ..plotting.style import BLUE, GREEN, ORANGE, tidy
from ..theory import denoiser_fields
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

SIDE, XI = 40, 5.0
NOISES = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0)
SPINS = Ising.from_correlation_length(SIDE, XI)
FIELD = NLGP(SIDE, correlation_length=4.0, gain=3.0)
MODELS = {"spins": SPINS, "NLGP": FIELD, "clone": FIELD.gaussian_clone()}
CASES = (("NLGP", 0.5), ("NLGP", 2.0), ("clone", 0.5))  # of trained nets
CONTROLS = ("permuted pixels", "white pixels")


def spin_fields(noise: float) -> Array:
    """Sensitivity r^d of the linear denoiser of a long ring of spins, relative to d = 0.

    Spins of covariance rho^d have the spectrum (1 - rho^2) / (1 - 2 rho cos q + rho^2), so that
    C / (C + s^2) is proportional to 1 / (a - 2 cos q) and r + 1 / r = a.
    """
    rho = np.exp(-1.0 / XI)
    a = (1.0 + rho**2 + (1.0 - rho**2) / noise**2) / rho
    distance = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
    return np.asarray(((a - np.sqrt(a**2 - 4.0)) / 2.0) ** distance)


def profile(fields: Array) -> Array:
    """Mean sensitivity as a function of the displacement between the pixels."""
    return np.mean([np.roll(row, -site) for site, row in enumerate(fields)], axis=0)


def width(curve: Array) -> float:
    """Full width at half maximum of a sensitivity."""
    return float(field_width(curve[None])[0])


def pairs(bench: Bench, name: str, noise: float, n: int, seed: Any) -> tuple[Array, Array]:
    """Noisy and clean inputs, with the pixels of each input or the values of each pixel shuffled.

    "permuted pixels" and "white pixels" shuffle these.
    """
    rng = np.random.default_rng(seed)
    X = MODELS[name].sample(n, rng)
    if bench.control in CONTROLS:
        X = rng.permuted(X, axis=1 - CONTROLS.index(bench.control))
    return X + noise * rng.standard_normal(X.shape), X


def linear(bench: Bench, number: int, name: str, noise: float) -> Array:
    """Sensitivity of a linear denoiser that is fitted to samples."""
    n = 10_000 if bench.quick else 50_000
    fit = LinearRegression().fit(*pairs(bench, name, noise, n, [bench.seeds[number], 1]))
    return profile(fit.coef_)


def denoiser(bench: Bench, number: int, name: str, noise: float) -> tuple[Array, float]:
    """Mean sensitivity of a trained ReLU net, and its error relative to the linear denoiser."""

    def train() -> tuple[Array, float]:
        seed, chunk = bench.seeds[number], 5000
        net = MLPRegressor(hidden_layer_sizes=(128,), alpha=0.0, random_state=seed % 2**32)
        for part in range(80 if bench.quick else 400):
            net.partial_fit(*pairs(bench, name, noise, chunk, [seed, 2, part]))
        noisy, clean = pairs(bench, name, noise, 4 * chunk, [seed, 3])
        (encoder, decoder), bias = net.coefs_, net.intercepts_[0]
        active = (noisy @ encoder + bias > 0.0).mean(axis=0)
        best = noisy @ denoiser_fields(MODELS[name], noise)
        errors = [np.mean((guess - clean) ** 2) for guess in (net.predict(noisy), best)]
        return profile(((encoder * active) @ decoder).T), float(errors[0] / errors[1])

    return bench.once((bench.control, number, name, noise), train)


def spin_denoiser(bench: Bench, number: int, noise: float) -> Array:
    """Mean sensitivity cov(x_0, x_d | y) / noise^2 of the best denoiser of spins, by transfer."""
    rng = np.random.default_rng([bench.seeds[number], 4])
    n, coupling = 5000 if bench.quick else 50_000, np.arctanh(np.exp(-1.0 / XI))
    noisy = pairs(bench, "spins", noise, n, rng)[0]
    signs = np.array([1.0, -1.0])
    bond = np.exp((0.0 if bench.control else coupling) * np.outer(signs, signs))
    local = np.exp((noisy / noise**2)[:, :, None] * signs)
    local /= local.sum(axis=2, keepdims=True)

    def messages(sites: range) -> dict[int, Array]:
        """Weights of the values of each site, given x_0, from the sites before it."""
        message, found = np.tile(np.eye(2), (n, 1, 1)), {}
        for site in sites:
            found[site] = message @ bond
            message = found[site] * local[:, site, None, :]
            message /= message.sum(axis=(1, 2), keepdims=True)
        return found

    right, left = messages(range(1, SIDE)), messages(range(SIDE - 1, 0, -1))
    curve = np.empty(SIDE)
    for site in range(1, SIDE):
        joint = right[site] * left[site] * local[:, 0, :, None] * local[:, site, None, :]
        joint /= joint.sum(axis=(1, 2), keepdims=True)
        first, other = joint.sum(axis=2) @ signs, joint.sum(axis=1) @ signs
        curve[site] = np.mean(signs @ joint @ signs - first * other)
    curve[0] = np.mean(1.0 - first**2)
    return curve / noise**2


def linear_denoiser(bench: Bench, number: int) -> dict[str, float]:
    """L1: fields of fitted linear denoisers, against the formula."""
    spins = [width(linear(bench, number, "spins", s)) / width(spin_fields(s)) for s in NOISES]
    low, middle, high = (width(linear(bench, number, "NLGP", s)) for s in (0.25, 1.0, 4.0))
    return {
        "spins: width at noise 0.05": width(linear(bench, number, "spins", 0.05)),
        "spins: width over formula, largest deviation": max(abs(ratio - 1.0) for ratio in spins),
        "NLGP: width over that on the clone": middle / width(linear(bench, number, "clone", 1.0)),
        "NLGP: width at noise 4 over 0.25": high / low,
    }


def trained_denoiser(bench: Bench, number: int) -> dict[str, float]:
    """L2: fields of trained nonlinear denoisers, against the linear one."""
    found: dict[str, float] = {}
    for name, noise in CASES:
        curve, error = denoiser(bench, number, name, noise)
        best, case = profile(denoiser_fields(MODELS[name], noise)), f"{name}, noise {noise:g}: "
        cosine = curve @ best / np.sqrt((curve @ curve) * (best @ best))
        found[case + "width over linear"] = width(curve) / width(best)
        found[case + "cosine with linear"] = cosine
        found[case + "own pixel over linear"] = curve[0] / best[0]
        found[case + "error over linear"] = error
    curves = [denoiser(bench, number, "NLGP", noise)[0] for noise in (2.0, 0.5)]
    return {**found, "NLGP: width at noise 2 over 0.5": width(curves[0]) / width(curves[1])}


def best_denoiser(bench: Bench, number: int) -> dict[str, float]:
    """L3: fields of the best denoiser of spins, against the linear one."""
    best = {noise: spin_denoiser(bench, number, noise) for noise in (0.5, 1.0, 2.0)}
    linear = {noise: profile(denoiser_fields(SPINS, noise)) for noise in best}
    excess = [np.fft.fft(best[noise] - linear[noise]).real.max() for noise in best]
    ratios = {s: width(best[s]) / width(linear[s]) for s in (1.0, 2.0)}
    return {
        **{f"noise {noise:g}: width over linear": ratio for noise, ratio in ratios.items()},
        "all noises: largest excess over linear in a Fourier mode": max(excess),
        "width at noise 2 over 0.5": width(best[2.0]) / width(best[0.5]),
    }


def _trained(case: str) -> tuple[Quantity, ...]:
    is_clone = case.startswith("clone")
    own = {"value": 1.0, "tolerance": 0.1} if is_clone else {"high": 1.0}
    error = {"value": 1.0, "tolerance": 0.1} if is_clone else {"high": 1.0}
    return (
        Quantity(f"{case}: width over linear", "inequality", 2.0**-0.5, 2.0**0.5, digits=2),
        Quantity(f"{case}: cosine with linear", "inequality", low=0.9),
        Quantity(f"{case}: own pixel over linear", "derivation", **own),
        Quantity(f"{case}: error over linear", "derivation", **error),
    )


def _axes() -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    return plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")


def _curve(ax: Any, curve: Array, style: str, color: str, label: str) -> None:
    """Draw a sensitivity against the displacement, with its centre in the middle."""
    ax.plot(np.arange(SIDE) - SIDE // 2, np.roll(curve, SIDE // 2), style, color=color, label=label)
    ax.set(xlabel="displacement (sites)", ylabel="sensitivity", xlim=(-12, 12))
    ax.legend(frameon=False)
    tidy(ax)


def draw_linear(bench: Bench) -> Any:
    """L1: fields of linear denoisers of spins and of the NLGP, and their width."""
    figure, axes = _axes()
    for color, noise in zip((BLUE, ORANGE, GREEN), (0.5, 1.0, 4.0), strict=True):
        for ax, name in zip(axes, ("spins", "NLGP"), strict=False):
            best = profile(denoiser_fields(MODELS[name], noise))
            _curve(ax, best, "-", color, f"formula, noise {noise:g}")
            _curve(ax, linear(bench, 0, name, noise), "x", color, "")
            ax.set_title(f"{name}: fits (crosses) and formula")
    grid = np.geomspace(NOISES[0], NOISES[-1], 50)
    styles = {"spins": ("-", "o", BLUE), "NLGP": ("--", "s", ORANGE), "clone": (":", "x", GREEN)}
    for name, (dash, marker, color) in styles.items():
        curves = [profile(denoiser_fields(MODELS[name], noise)) for noise in grid]
        axes[2].plot(grid, [width(curve) for curve in curves], dash, color=color)
        fits = [width(linear(bench, 0, name, noise)) for noise in NOISES]
        axes[2].plot(NOISES, fits, marker, color=color, label=name)
    axes[2].set(xscale="log", xlabel="noise", ylabel="FWHM (sites)", title="width of the fields")
    axes[2].legend(frameon=False)
    tidy(axes[2])
    return figure


def draw_trained(bench: Bench) -> Any:
    """L2: mean sensitivity of trained nets and of the linear denoiser."""
    figure, axes = _axes()
    for ax, (name, noise) in zip(axes, CASES, strict=True):
        _curve(ax, profile(denoiser_fields(MODELS[name], noise)), "-", ORANGE, "linear")
        _curve(ax, denoiser(bench, 0, name, noise)[0], "x", BLUE, "net")
        ax.set_title(f"{name}, noise {noise:g}")
    return figure


def draw_best(bench: Bench) -> Any:
    """L3: mean sensitivity of the best and of the linear denoiser of spins."""
    figure, axes = _axes()
    for ax, noise in zip(axes, (0.5, 1.0, 2.0), strict=True):
        _curve(ax, profile(denoiser_fields(SPINS, noise)), "-", ORANGE, "linear")
        _curve(ax, spin_denoiser(bench, 0, noise), "x", BLUE, "best")
        ax.set_title(f"spins, noise {noise:g}")
    return figure


CLAIMS = (
    Claim(
        "L1",
        "the covariance makes linear denoisers local",
        "The best linear denoiser estimates a pixel from its neighbourhood. The neighbourhood "
        "follows from the covariance, is one pixel at low noise and grows with the noise.",
        (
            Quantity("spins: width at noise 0.05", "derivation", value=1.0, tolerance=0.05),
            Quantity("spins: width over formula, largest deviation", "derivation", high=0.05),
            Quantity("NLGP: width over that on the clone", "derivation", value=1.0, tolerance=0.1),
            Quantity("NLGP: width at noise 4 over 0.25", "inequality", low=1.5, digits=2),
        ),
        linear_denoiser,
        draw_linear,
        CONTROLS,
    ),
    Claim(
        "L2",
        "trained denoisers have the fields of the linear one",
        "A fully-connected net that is trained to remove noise has a mean sensitivity of about "
        "the width and shape of that of the linear denoiser, on non-Gaussian inputs and on "
        "Gaussian ones of equal covariance.",
        (
            *_trained("NLGP, noise 0.5"),
            *_trained("NLGP, noise 2"),
            *_trained("clone, noise 0.5"),
            Quantity("NLGP: width at noise 2 over 0.5", "inequality", low=1.2, digits=2),
        ),
        trained_denoiser,
        draw_trained,
        CONTROLS,
    ),
    Claim(
        "L3",
        "the best denoiser has fields of about the same width",
        "The mean sensitivity of the best denoiser of spins, which is nonlinear, has about the "
        "width of that of the linear one, and exceeds it in no Fourier mode.",
        (
            *(
                Quantity(
                    f"noise {s}: width over linear", "inequality", 2.0**-0.5, 2.0**0.5, digits=2
                )
                for s in (1, 2)
            ),
            Quantity(
                "all noises: largest excess over linear in a Fourier mode", "derivation", high=0.01
            ),
            Quantity("width at noise 2 over 0.5", "inequality", low=1.2, digits=2),
        ),
        best_denoiser,
        draw_best,
        ("white pixels",),
    ),
)
