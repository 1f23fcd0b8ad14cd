"""The check of exercise 1 names the mistake."""

import math

import numpy as np
import pytest
from checks import check_draw_nlgp
from scipy.special import erf

from rfsk import NLGP

ROOT = math.sqrt(2.0)


def ring_kernel(d, xi):
    images = np.arange(-5, 6)[:, None] * d
    values = np.exp(-(((np.arange(d) + images) / xi) ** 2)).sum(axis=0)
    return values / values[0]


def shortest_distance(d, xi):
    return np.exp(-((np.minimum(np.arange(d), d - np.arange(d)) / xi) ** 2))


def one_way(d, xi):
    return np.exp(-((np.arange(d) / xi) ** 2))


def z_of(gain):
    return math.sqrt(2.0 / math.pi * math.asin(gain**2 / (1.0 + gain**2)))


def positive_root(spectrum):
    return np.sqrt(np.maximum(spectrum, 0.0))


def saturated(z, gain):
    return erf(gain * z / ROOT) / z_of(gain)


def nlgp(
    *,
    kernel=ring_kernel,
    power=positive_root,
    noise=lambda n, d, rng: rng.standard_normal((n, d)),
    pointwise=saturated,
    after=lambda fields: fields,
):
    """An answer of which one step may be replaced."""

    def draw(n, d, xi, gain, rng):
        filtered = np.fft.rfft(noise(n, d, rng)) * power(np.fft.rfft(kernel(d, xi)).real)
        return after(pointwise(np.fft.irfft(filtered, n=d), gain))

    return draw


def complex_fields(n, d, xi, gain, rng):
    power = np.sqrt(np.fft.fft(ring_kernel(d, xi)).astype(complex))
    return np.fft.ifft(np.fft.fft(rng.standard_normal((n, d))) * power) / z_of(gain)


def open_boundary(n, d, xi, gain, rng):
    return NLGP(d, correlation_length=xi, gain=gain, boundary="open").sample(n, rng)


def of_seed(seed):
    return nlgp(noise=lambda n, d, rng: np.random.default_rng(seed).standard_normal((n, d)))


def mapped(function):
    return nlgp(pointwise=function)


def then(function):
    return nlgp(after=function)


MISTAKES = {
    "the division by Z is missing": mapped(lambda z, g: erf(g * z / ROOT)),
    "divided by Z\\^2; expected Z": mapped(lambda z, g: saturated(z, g) / z_of(g)),
    "multiplied by Z": mapped(lambda z, g: saturated(z, g) * z_of(g) ** 2),
    "argument is divided by sqrt 2": mapped(lambda z, g: erf(g * z) / z_of(g)),
    "another convention": mapped(lambda z, g: erf(g * z) / z_of(ROOT * g)),
    "convention.* And the division by Z": mapped(lambda z, g: erf(g * z)),
    "Gaussian: gain and erf are missing": mapped(lambda z, g: z),
    "Gaussian and scaled by the gain": mapped(lambda z, g: g * z),
    "The gain does nothing": mapped(lambda z, g: saturated(z, 1.0)),
    "The map is tanh": mapped(lambda z, g: np.tanh(g * z) / np.tanh(g * z).std()),
    "noise is not filtered": nlgp(power=np.ones_like),
    "expected its square root": nlgp(power=lambda spectrum: spectrum),
    "The filter is the spectrum": nlgp(
        power=lambda spectrum: spectrum, pointwise=lambda z, g: saturated(z / z.std(), g)
    ),
    "in one direction only": nlgp(kernel=one_way, power=np.sqrt),
    "the boundary is open": open_boundary,
    "Is the noise normal": nlgp(noise=lambda n, d, rng: rng.random((n, d))),
    "transposed. A row is a sample": then(np.transpose),
    "that is one field": then(lambda fields: fields[0]),
    "tell it how many there are": then(lambda fields: fields[:, : fields.shape[1] // 2 * 2]),
    "a row for every sample": then(lambda fields: fields[:-1]),
    "is complex": complex_fields,
    "one noise was drawn for all samples": then(lambda fields: fields[[0] * len(fields)]),
    "All values are the same": then(np.ones_like),
    "not drawn from rng": of_seed(None),
    "generator with a seed of its own": of_seed(0),
    "its own standard deviation": then(lambda fields: fields / fields.std(axis=1, keepdims=True)),
    "its spectrum is negative somewhere": nlgp(kernel=shortest_distance, power=np.sqrt),
    "Right at .* wrong with n_sites=16": nlgp(kernel=shortest_distance),
    "Some values are NaN": then(lambda fields: fields * np.nan),
    "variance 4.00 .expected 0.99.* the map": then(lambda fields: 2.0 * fields),
}


def test_a_right_answer_passes():
    verdict = check_draw_nlgp(nlgp())
    assert verdict.passed, verdict


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_is_named(reason, assert_wrong):
    assert_wrong(check_draw_nlgp(MISTAKES[reason]), reason)
