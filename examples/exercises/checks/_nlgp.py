"""Exercise 1: draw an NLGP."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import erf

from rfsk import NLGP

from ._grading import (
    Array,
    Wrong,
    call,
    checked,
    is_close,
    listed,
    mistake_in,
    numbers,
    require_seeded,
)

_SAMPLES, _SITES, _LENGTH, _GAIN = 6000, 31, 2.0, 2.0
_ON = f"n_samples={_SAMPLES}, n_sites={_SITES}, correlation_length={_LENGTH}, gain={_GAIN}"
# Five standard errors or more of what _statistics holds, at 6000 samples.
_TOLERANCE = np.array([0.03, 0.03, 0.05, 0.03, 0.03, 0.03, 0.07])
_SHORT_RING, _LONG_LENGTH = 16, 6.0


@checked
def check_draw_nlgp(draw_nlgp: Any) -> str:
    """Check draw_nlgp(n_samples, n_sites, correlation_length, gain, rng).

    Parameters
    ----------
    draw_nlgp : callable
        The student's function.
    """
    inputs = _draw(draw_nlgp, seed=0)
    _require_right_shape(inputs)
    if not np.isfinite(inputs).all():
        raise Wrong(
            "Some values are NaN, from the square root of a negative number or from zero divided "
            "by zero. A spectrum can be negative if its kernel is not summed around the ring: use "
            "ring_spectrum."
        )
    _require_independent_rows(inputs)
    require_seeded(lambda seed: _draw(draw_nlgp, seed), inputs)
    _require_no_mean(inputs)
    _require_one_scale(inputs)
    expected = _statistics(NLGP(_SITES, correlation_length=_LENGTH, gain=_GAIN).sample(_SAMPLES, 1))
    got = _statistics(inputs)
    if not is_close(got, expected, _TOLERANCE):
        raise mistake_in(got, _mistakes(), _TOLERANCE, _in_numbers(got, expected))
    _require_periodic_kernel(draw_nlgp)
    return (
        f"{_SAMPLES} inputs have the mean, variance, kurtosis and covariance of an NLGP with gain "
        f"{_GAIN:g}, the rows are independent, and the same seed gives the same inputs."
    )


def _draw(draw_nlgp: Any, seed: int, sites: int = _SITES, length: float = _LENGTH) -> Array:
    rng = np.random.default_rng(seed)
    drawn = call(draw_nlgp, _SAMPLES, sites, length, _GAIN, rng, on=_ON)
    return numbers(drawn, "What your function returned")


def _require_right_shape(inputs: Array) -> None:
    if inputs.shape == (_SAMPLES, _SITES):
        return
    got = f"Your array has shape {inputs.shape}; expected ({_SAMPLES}, {_SITES})"
    if inputs.shape == (_SITES, _SAMPLES):
        raise Wrong(f"{got}: it is transposed. Rows are samples and columns are sites.")
    if inputs.shape == (_SAMPLES, _SITES - 1):
        raise Wrong(
            f"{got}. The inverse of the real Fourier transform assumes an even number of sites. "
            "Pass the number of sites: np.fft.irfft(..., n=n_sites)."
        )
    if inputs.ndim == 1 and inputs.size == _SITES:
        raise Wrong(f"{got}: that is a single input. Draw noise for every sample.")
    raise Wrong(f"{got}: one row per sample and one column per site.")


def _require_independent_rows(inputs: Array) -> None:
    if np.ptp(inputs) == 0.0:
        raise Wrong("All values are equal. Does your function use the noise?")
    if np.allclose(inputs, inputs[:1]):
        raise Wrong(
            "All rows are equal, because a single row of noise was drawn. Draw n_samples times "
            "n_sites normal numbers."
        )


def _require_no_mean(inputs: Array) -> None:
    if abs(inputs.mean()) > 0.1:
        raise Wrong(
            f"The inputs have mean {inputs.mean():.2f}; expected 0. Is the noise normal? Uniform "
            "numbers have mean 1/2."
        )


def _require_one_scale(inputs: Array) -> None:
    if np.allclose(inputs.std(axis=1), 1.0, atol=1e-3):
        raise Wrong(
            "Every input was divided by its own standard deviation, which changes the "
            "distribution. Z is a single number: the standard deviation of the model."
        )


def _statistics(inputs: Array) -> Array:
    """Mean, variance, kurtosis, correlation at distances 1, 2, 4, and across the seam."""
    mean, variance = inputs.mean(), inputs.var()
    scaled = (inputs - mean) / math.sqrt(variance)
    at_distance = [np.mean(scaled[:, d:] * scaled[:, :-d]) for d in (1, 2, 4)]
    seam = np.mean(scaled[:, 0] * scaled[:, -1])
    return np.array([mean, variance, np.mean(scaled**4), *at_distance, seam])


def _in_numbers(got: Array, expected: Array) -> str:
    distances = ("neighbours", "two sites", "four sites", "first and last site")
    names = np.array(["mean", "variance", "kurtosis", *(f"correlation, {d}" for d in distances)])
    off = np.abs(got - expected) / _TOLERANCE
    parts = {"the filter": off[3:], "the map and Z": off[:3]}
    where = ", and then ".join(part for part, of_part in parts.items() if of_part.max() > 1.0)
    table = listed(names[off > 1.0], got[off > 1.0], expected[off > 1.0], ".2f")
    return f"The distribution differs from that of the NLGP: {table}. Check {where}."


def _spectrum() -> Array:
    """Power of the latent field at each frequency."""
    distances = np.arange(_SITES) + np.arange(-2, 3)[:, None] * _SITES
    kernel = np.exp(-((distances / _LENGTH) ** 2)).sum(axis=0)
    return np.asarray(np.fft.rfft(kernel / kernel[0]).real)


def _smooth(spectrum: Array, power: float) -> Array:
    """White noise filtered by a power of the spectrum."""
    noise = np.random.default_rng(2).standard_normal((_SAMPLES, _SITES))
    amplitude = np.maximum(spectrum, 0.0) ** power
    return np.asarray(np.fft.irfft(np.fft.rfft(noise) * amplitude, n=_SITES))


def _normalization(gain: float) -> float:
    return math.sqrt(2.0 / math.pi * math.asin(gain**2 / (1.0 + gain**2)))


def _mistakes() -> Iterator[tuple[Array, str]]:
    """Statistics of the inputs that each typical mistake draws, and the message."""
    one_way = np.fft.rfft(np.exp(-((np.arange(_SITES) / _LENGTH) ** 2))).real
    spectrum = _spectrum()
    z, scale, norm = _smooth(spectrum, 0.5), _GAIN / math.sqrt(2.0), _normalization(_GAIN)
    root = math.sqrt(2.0)
    by_spectrum = "The filter is the spectrum; expected its square root, because the covariance of "
    by_spectrum += "filtered noise is the square of the filter."
    convention = "The argument of erf is gain z; expected gain z / sqrt 2. Some papers omit sqrt 2 "
    convention += "and their gain is smaller by this factor."
    no_gain = "The gain has no effect: the argument of erf does not contain it."
    drawn = [
        (erf(scale * z), "The variance is Z^2 and not 1: the division by Z is missing."),
        (erf(scale * z) / norm**2, "It is divided by Z^2; expected Z. Is a square root missing?"),
        (erf(scale * z) * norm, "It is multiplied by Z; expected a division."),
        (erf(_GAIN * z) / norm, convention),
        (erf(_GAIN * z) / _normalization(root * _GAIN), convention),
        (erf(_GAIN * z), f"{convention} And the division by Z is missing."),
        (z, "The inputs are Gaussian: gain and erf are missing."),
        (z / norm, "The inputs are Gaussian: gain and erf are missing."),
        (_GAIN * z, "The inputs are Gaussian and scaled by the gain: erf is missing."),
        (erf(z / root) / _normalization(1.0), no_gain),
        (erf(z / root) / norm, no_gain),
        (np.tanh(_GAIN * z) / np.tanh(_GAIN * z).std(), "The map is tanh; expected erf."),
    ]
    for power, reason in (
        (1.0, by_spectrum),
        (0.0, "Sites are independent: the noise is not filtered."),
    ):
        latent = _smooth(spectrum, power)
        drawn += [(erf(scale * latent) / norm, reason)]
        drawn += [(erf(scale * latent / latent.std()) / norm, reason)]
        drawn += [(erf(scale * latent), f"{reason} And the division by Z is missing.")]
    drawn += [
        (
            erf(scale * _smooth(one_way, 0.5)) / norm,
            "Distances are measured in one direction only. On a ring the last site is next to the "
            "first: use ring_spectrum.",
        ),
        (
            NLGP(_SITES, correlation_length=_LENGTH, gain=_GAIN, boundary="open").sample(
                _SAMPLES, 2
            ),
            "The first and the last site are uncorrelated: the boundary is open. On a ring they "
            "are neighbours. Filter with the Fourier transform over exactly n_sites sites.",
        ),
    ]
    for inputs, reason in drawn:
        yield _statistics(inputs), reason


def _require_periodic_kernel(draw_nlgp: Any) -> None:
    """Check a correlation length at which the kernel must be summed around the ring."""
    inputs = _draw(draw_nlgp, 0, _SHORT_RING, _LONG_LENGTH)
    model = NLGP(_SHORT_RING, correlation_length=_LONG_LENGTH, gain=_GAIN)
    if inputs.shape == (_SAMPLES, _SHORT_RING) and np.isfinite(inputs).all():
        got = np.mean(inputs * np.roll(inputs, _SHORT_RING // 2, axis=1))
        if abs(got - model.autocovariance()[_SHORT_RING // 2]) < 0.05:
            return
    raise Wrong(
        f"The inputs are right for {_ON}, but wrong for n_sites={_SHORT_RING}, "
        f"correlation_length={_LONG_LENGTH}. If a kernel uses only the shortest distance around "
        "the ring, its spectrum is negative somewhere at long correlation lengths. Use "
        "ring_spectrum, which sums the kernel around the ring, and no constant that belongs to one "
        "number of sites."
    )
