"""Fits recover Gaussians, Gabor functions and differences of Gaussians at any position."""

import numpy as np
import pytest

from rfsk.analysis import field_orientation, fit_profiles

FWHM = np.sqrt(8 * np.log(2))


def displacement(center, shape):
    sites = np.indices(shape).reshape(len(shape), -1).astype(float)
    sides = np.array(shape)[:, None]
    moved = sites - np.array(center, dtype=float)[:, None]
    return moved - np.round(moved / sides) * sides


def bump(center, sigma, shape):
    scaled = displacement(center, shape) / np.array(sigma, dtype=float)[:, None]
    return np.exp(-0.5 * (scaled**2).sum(axis=0))


def gabor(center, sigma, frequency, phase, shape):
    angle = 2 * np.pi * np.array(frequency) @ displacement(center, shape) + phase
    return bump(center, sigma, shape) * np.cos(angle)


def oblique(angle, frequency, sigma=(1.8, 3.6), phase=0.7):
    """Gabor function on 16 x 16 pixels at an angle to the columns."""
    rows, columns = np.mgrid[:16, :16] - 8.0
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    u, v = c * columns + s * rows, c * rows - s * columns
    envelope = np.exp(-0.5 * (u / sigma[0]) ** 2 - 0.5 * (v / sigma[1]) ** 2)
    return (envelope * np.cos(2 * np.pi * frequency * u + phase)).ravel()


def fitted(field, shape, profile="gaussian"):
    """Numbers of the fit of one field, and its centre, width and frequency."""
    fit = fit_profiles([field], shape, profile=profile)
    return fit.loc[0], *(fit.filter(like=kind).to_numpy()[0] for kind in ("cent", "wid", "freq"))


@pytest.mark.parametrize("amplitude", [1.0, -3e-5])
@pytest.mark.parametrize("ratio", [0.0, -0.5, 0.2, 0.6, 0.95])
@pytest.mark.parametrize(
    ("center", "sigma", "scale", "shape"),
    [
        ((30.3,), (4.0,), 3.0, (100,)),
        ((99.6,), (1.5,), 1.5, (100,)),  # across the seam
        ((4.2, 17.9), (1.5, 1.5), 2.0, (20, 20)),
        ((11.7, 0.2), (2.0, 1.0), 1.6, (16, 20)),
    ],
)
def test_bumps_with_and_without_a_surround_are_found_again(
    center, sigma, scale, shape, ratio, amplitude
):
    surround = bump(center, scale * np.array(sigma), shape)
    field = amplitude * (bump(center, sigma, shape) - ratio * surround)
    error = 1e-3 if ratio else 1e-5
    for profile in ("dog", "gaussian") if ratio == 0.0 else ("dog",):
        fit, place, width, frequency = fitted(field, shape, profile)
        assert fit.amplitude == pytest.approx(amplitude, rel=error)
        np.testing.assert_allclose(place, center, atol=error)
        np.testing.assert_allclose(width, FWHM * np.array(sigma), rtol=error)
        assert fit.explained_variance == pytest.approx(1.0, abs=1e-8)
        assert not frequency.any()
        assert fit.surround_ratio == pytest.approx(ratio, rel=1e-3, abs=1e-6)
    if ratio:
        assert fit.surround_scale == pytest.approx(scale, rel=1e-3)


@pytest.mark.parametrize(
    ("center", "sigma", "frequency", "phase", "shape"),
    [
        ((3.4, 20.2), (2.5, 2.5), (0.1, 0.15), 0.5, (24, 24)),
        ((3.4, 20.2), (3.0, 2.0), (0.0, 0.2), 2.0, (24, 24)),
        ((3.4, 20.2), (2.0, 4.0), (-0.2, 0.05), 5.0, (24, 24)),
        ((40.0,), (8.0,), (0.07,), 1.0, (100,)),
    ],
)
def test_gabor_is_found_again_and_beats_a_bump(center, sigma, frequency, phase, shape):
    field = gabor(center, sigma, frequency, phase, shape)
    fit, place, width, found = fitted(field, shape, "gabor")
    assert fit.explained_variance == pytest.approx(1.0, abs=1e-6)
    again = fit.amplitude * gabor(place, width / FWHM, found, fit.phase, shape)
    np.testing.assert_allclose(again, field, atol=1e-3)
    sign = np.sign(found @ np.array(frequency))  # f and -f are the same Gabor function
    np.testing.assert_allclose(sign * found, frequency, atol=1e-3)
    np.testing.assert_allclose(width, FWHM * np.array(sigma), rtol=1e-2)
    assert fitted(field, shape)[0].explained_variance < 0.9


def test_difference_of_gaussians_explains_a_surround_that_a_gaussian_does_not():
    noise = 0.05 * np.random.default_rng(0).standard_normal(100)
    field = bump((40.0,), (4.0,), (100,)) - 0.4 * bump((40.0,), (10.0,), (100,)) + noise
    plain, both = (fitted(field, 100, name)[0] for name in ("gaussian", "dog"))
    assert plain.explained_variance < 0.75 < 0.9 < both.explained_variance
    assert both.width_0 == pytest.approx(4.0 * FWHM, rel=0.15)


def test_noise_is_no_bump_and_a_field_of_zeros_is_nan():
    noise = np.random.default_rng(0).standard_normal((5, 100))
    assert fit_profiles(noise).explained_variance.max() < 0.4
    assert fit_profiles(np.zeros((1, 100))).isna().all(axis=None)


@pytest.mark.parametrize("angle", [0.0, 20.0, 45.0, 70.0, 120.0, 160.0])
def test_oblique_gabor_is_found_again(angle):
    fit, _, width, _ = fitted(oblique(angle, 0.12), (16, 16), "gabor")
    assert fit.explained_variance > 0.9999
    np.testing.assert_allclose(np.sort(width), FWHM * np.array([1.8, 3.6]), rtol=0.01)
    narrow = 90.0 * (width[0] < width[1])  # the axis of index 0 runs down the rows
    assert abs((narrow - fit.angle - angle + 90.0) % 180.0 - 90.0) < 0.5
    seen = field_orientation([oblique(angle, 0.12)], (16, 16))[0]
    assert abs((seen - angle + 90.0) % 180.0 - 90.0) < 1.0


def test_bar_has_the_orientation_across_it_and_a_round_bump_has_none():
    bar = oblique(30.0, 0.0, sigma=(1.0, 4.0), phase=0.0)
    found = field_orientation([bar, bump((7.0, 8.0), (2.0, 2.0), (16, 16))], (16, 16))
    np.testing.assert_allclose(found, [30.0, np.nan], atol=0.5)
