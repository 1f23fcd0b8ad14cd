"""The check of exercise 1 tells which mistake was made."""

import math

import numpy as np
import pytest
from checks import check_draw_nlgp
from scipy.special import erf

from rfsk import NLGP

ROOT = math.sqrt(2.0)


def kernel(n_sites, length):
    images = np.arange(-5, 6)[:, None] * n_sites
    values = np.exp(-(((np.arange(n_sites) + images) / length) ** 2)).sum(axis=0)
    return values / values[0]


def spectrum(n_sites, length):
    return np.maximum(np.fft.rfft(kernel(n_sites, length)).real, 0.0)


def smooth(noise, power):
    return np.fft.irfft(np.fft.rfft(noise) * power, n=noise.shape[1])


def z_of(gain):
    return math.sqrt(2.0 / math.pi * math.asin(gain**2 / (1.0 + gain**2)))


def latent(n, d, xi, rng):
    return smooth(rng.standard_normal((n, d)), np.sqrt(spectrum(d, xi)))


def right(n, d, xi, gain, rng):
    return erf(gain * latent(n, d, xi, rng) / ROOT) / z_of(gain)


def own_seed(n, d, xi, gain, rng):
    return right(n, d, xi, gain, np.random.default_rng(0))


def global_generator(n, d, xi, gain, rng):
    return right(n, d, xi, gain, np.random.default_rng())


def one_noise(n, d, xi, gain, rng):
    return np.repeat(right(1, d, xi, gain, rng), n, axis=0)


def each_row_scaled(n, d, xi, gain, rng):
    fields = right(n, d, xi, gain, rng)
    return fields / fields.std(axis=1, keepdims=True)


def forgot_n_sites(n, d, xi, gain, rng):
    return right(n, d, xi, gain, rng)[:, : d // 2 * 2]


def nearest_image(n, d, xi, gain, rng):
    nearest = np.minimum(np.arange(d), d - np.arange(d))
    power = np.sqrt(np.fft.rfft(np.exp(-((nearest / xi) ** 2))).real)
    return erf(gain * smooth(rng.standard_normal((n, d)), power) / ROOT) / z_of(gain)


def nearest_image_clipped(n, d, xi, gain, rng):
    nearest = np.minimum(np.arange(d), d - np.arange(d))
    power = np.sqrt(np.maximum(np.fft.rfft(np.exp(-((nearest / xi) ** 2))).real, 0.0))
    return erf(gain * smooth(rng.standard_normal((n, d)), power) / ROOT) / z_of(gain)


def one_way(n, d, xi, gain, rng):
    power = np.sqrt(np.fft.rfft(np.exp(-((np.arange(d) / xi) ** 2))).real)
    return erf(gain * smooth(rng.standard_normal((n, d)), power) / ROOT) / z_of(gain)


def by_spectrum(n, d, xi, gain, rng):
    return erf(gain * smooth(rng.standard_normal((n, d)), spectrum(d, xi)) / ROOT) / z_of(gain)


def by_spectrum_rescaled(n, d, xi, gain, rng):
    z = smooth(rng.standard_normal((n, d)), spectrum(d, xi))
    return erf(gain * z / z.std() / ROOT) / z_of(gain)


def complex_fields(n, d, xi, gain, rng):
    power = np.sqrt(np.fft.fft(kernel(d, xi)).astype(complex))
    z = np.fft.ifft(np.fft.fft(rng.standard_normal((n, d))) * power)
    return z / z_of(gain)


def open_boundary(n, d, xi, gain, rng):
    return NLGP(d, correlation_length=xi, gain=gain, boundary="open").sample(n, rng)


def uniform_noise(n, d, xi, gain, rng):
    z = smooth(rng.random((n, d)), np.sqrt(spectrum(d, xi)))
    return erf(gain * z / ROOT) / z_of(gain)


def tanh(n, d, xi, gain, rng):
    fields = np.tanh(gain * latent(n, d, xi, rng))
    return fields / fields.std()


MISTAKES = {
    "the division by Z is missing": lambda n, d, xi, g, rng: erf(g * latent(n, d, xi, rng) / ROOT),
    "divided by Z\\^2; expected Z": lambda n, d, xi, g, rng: right(n, d, xi, g, rng) / z_of(g),
    "multiplied by Z": lambda n, d, xi, g, rng: right(n, d, xi, g, rng) * z_of(g) ** 2,
    "argument is divided by sqrt 2": lambda n, d, xi, g, rng: (
        erf(g * latent(n, d, xi, rng)) / z_of(g)
    ),
    "another convention": lambda n, d, xi, g, rng: erf(g * latent(n, d, xi, rng)) / z_of(ROOT * g),
    "convention.* And the division by Z": lambda n, d, xi, g, rng: erf(g * latent(n, d, xi, rng)),
    "Gaussian: gain and erf are missing": lambda n, d, xi, g, rng: latent(n, d, xi, rng),
    "Gaussian and scaled by the gain": lambda n, d, xi, g, rng: g * latent(n, d, xi, rng),
    "The gain does nothing": lambda n, d, xi, g, rng: erf(latent(n, d, xi, rng) / ROOT) / z_of(1.0),
    "The map is tanh": tanh,
    "noise is not filtered": lambda n, d, xi, g, rng: (
        erf(g * rng.standard_normal((n, d)) / ROOT) / z_of(g)
    ),
    "expected its square root": by_spectrum,
    "The filter is the spectrum": by_spectrum_rescaled,
    "in one direction only": one_way,
    "the boundary is open": open_boundary,
    "Is the noise normal": uniform_noise,
    "transposed. A row is a sample": lambda n, d, xi, g, rng: right(n, d, xi, g, rng).T,
    "that is one field": lambda n, d, xi, g, rng: right(1, d, xi, g, rng)[0],
    "tell it how many there are": forgot_n_sites,
    "a row for every sample": lambda n, d, xi, g, rng: right(n, d, xi, g, rng)[:-1],
    "is complex": complex_fields,
    "one noise was drawn for all samples": one_noise,
    "All values are the same": lambda n, d, xi, g, rng: np.ones((n, d)),
    "not drawn from rng": global_generator,
    "generator with a seed of its own": own_seed,
    "its own standard deviation": each_row_scaled,
    "its spectrum is negative somewhere": nearest_image,
    "Right at .* wrong with n_sites=16": nearest_image_clipped,
    "Some values are NaN": lambda n, d, xi, g, rng: right(n, d, xi, g, rng) * np.nan,
    "variance 4.00 .expected 0.99.* the map": lambda n, d, xi, g, rng: (
        2.0 * right(n, d, xi, g, rng)
    ),
}


def test_a_right_answer_passes():
    verdict = check_draw_nlgp(right)
    assert verdict.passed, verdict


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_is_named(reason):
    verdict = check_draw_nlgp(MISTAKES[reason])
    assert verdict.status == "wrong"
    with pytest.raises(ValueError, match=reason):
        raise ValueError(verdict.message)
