import numpy as np
import pytest

from rfsk.analysis import (
    compactness,
    dominant_frequency,
    field_center,
    field_orientation,
    field_spread,
    field_width,
    ipr,
)

SITES = np.arange(100)


def bump(center, sigma, side=100):
    distance = (np.arange(side) - center + side / 2) % side - side / 2
    return np.exp(-(distance**2) / (2 * sigma**2))


def test_ipr_of_known_fields():
    sinusoid = np.cos(2 * np.pi * 7 * SITES / 100 + 0.4)
    found = ipr([np.ones(100), sinusoid, np.eye(100)[3]])
    np.testing.assert_allclose(found, [1 / 100, 1.5 / 100, 1.0], rtol=1e-12)
    product = np.outer(sinusoid, sinusoid).ravel()
    assert ipr([product])[0] == pytest.approx(2.25 / 100**2, rel=1e-12)
    noise = np.random.default_rng(0).standard_normal((2000, 400))
    error = ipr(noise).std() / np.sqrt(2000)
    # E IPR of Gaussian noise is 3 / (D + 2): Dirichlet moments of the squared direction.
    assert abs(ipr(noise).mean() - 3 / 402) < 5 * error


@pytest.mark.parametrize("sigma", [2.0, 4.0, 8.0])
def test_measures_of_a_gaussian_bump(sigma):
    fwhm = 2 * np.sqrt(2 * np.log(2)) * sigma
    ring = bump(30.3, sigma)
    for scale in (1e-200, 1e200):
        assert ipr([scale * ring])[0] == pytest.approx(ipr([ring])[0])
        assert field_width([scale * ring])[0] == pytest.approx(field_width([ring])[0])
    assert field_width([ring])[0] == pytest.approx(fwhm, rel=0.02)
    assert field_width([-ring])[0] == field_width([ring])[0]
    assert field_spread([ring])[0] == pytest.approx(sigma / np.sqrt(2), rel=5e-3)
    assert ipr([ring])[0] == pytest.approx(0.94 / fwhm, rel=0.01)
    torus = np.outer(bump(12.0, sigma), bump(70.6, sigma)).ravel()
    assert field_width([torus], (100, 100))[0] == pytest.approx(fwhm, rel=0.02)
    assert ipr([torus])[0] == pytest.approx(0.883 / fwhm**2, rel=0.01)
    for measure in (field_spread, field_width):
        line = measure([ring], (1, 100))
        np.testing.assert_allclose(line, measure([ring]), rtol=1e-12)


def test_width_and_spread_of_a_torus_are_geometric_means_over_axes():
    image = np.outer(bump(5.0, 1.5, 20), bump(6.5, 3.0, 24)).ravel()
    spread, width = field_spread([image], (20, 24)), field_width([image], (20, 24))
    assert spread[0] == pytest.approx(np.sqrt(1.5 * 3.0) / np.sqrt(2), rel=2e-2)
    assert width[0] == pytest.approx(np.sqrt(8 * np.log(2) * 1.5 * 3.0), rel=0.03)
    np.testing.assert_allclose(field_center([image], (20, 24)), [[5.0, 6.5]], atol=1e-6)
    pair = np.tile(bump(10.0, 2.0, 20), 2)  # an axis of two sites counts
    expected = np.sqrt(2.0 * field_width([bump(10.0, 2.0, 20)]))
    np.testing.assert_allclose(field_width([pair], (2, 20)), expected)
    assert np.isnan(field_spread([pair], (2, 20))[0])


def test_width_spread_and_center_of_a_single_site_and_of_even_fields():
    even = [np.ones(10), np.cos(2 * np.pi * 3 * np.arange(10) / 10)]
    assert np.isnan([*field_center(even)[:, 0], *field_spread(even)]).all()
    nearly_even = 1.0 + 1e-3 * np.cos(2 * np.pi * (SITES - 30) / 100)
    assert field_center([nearly_even])[0, 0] == pytest.approx(30.0)
    assert field_width([np.eye(10)[4]])[0] == pytest.approx(1.0)
    assert field_spread([np.eye(100)[70]])[0] == 0.0
    assert field_width([np.ones(10)])[0] == 10.0
    assert (field_width([[2.0]])[0], field_spread([[2.0]])[0]) == (1.0, 0.0)


@pytest.mark.parametrize("center", [0.0, 0.4, 49.7, 99.6])
def test_center_is_found_across_the_seam(center):
    found = field_center([bump(center, 4.0)])[0, 0]
    assert min(abs(found - center), 100 - abs(found - center)) < 1e-6


def test_dominant_frequency_is_in_cycles_per_site():
    sinusoids = [np.cos(2 * np.pi * k * SITES / 100) for k in (0, 3, 50)]
    np.testing.assert_allclose(dominant_frequency(sinusoids), [0.0, 0.03, 0.5])
    rows, columns = np.indices((20, 30))
    plane = np.cos(2 * np.pi * (2 * rows / 20 + 3 * columns / 30)).ravel()
    expected = np.hypot(2 / 20, 3 / 30)
    np.testing.assert_allclose(dominant_frequency([plane], (20, 30)), [expected])


@pytest.mark.parametrize("k", [(0, 3), (3, 3), (3, 0), (3, -3), (2, 1), (0, 8), (8, 0)])
def test_orientation_is_that_of_the_fourier_mode(k):
    rows, columns = np.indices((16, 16))
    sinusoid = np.cos(2 * np.pi * (k[0] * rows + k[1] * columns) / 16 + 0.3)
    found = field_orientation([sinusoid.ravel(), np.ones(256), np.zeros(256)], (16, 16))
    assert found[0] == pytest.approx(np.degrees(np.arctan2(*k)) % 180.0, abs=1e-9)
    assert np.isnan(found[1:]).all()
    rows, columns = rows * 2 * np.pi / 16, columns * 2 * np.pi / 16
    mixed = 1.2 * np.cos(3 * columns) + np.cos(2 * rows + 2 * columns)
    # Modes are weighted by power and squared frequency.
    expected = np.degrees(0.5 * np.arctan2(2 * 4, 1.44 * 9 + 4 - 4))
    assert field_orientation([mixed.ravel()], (16, 16))[0] == pytest.approx(expected)
    # Alternating in both directions, a field runs along both diagonals.
    assert np.isnan(field_orientation([np.cos(8 * (rows + columns)).ravel()], (16, 16))[0])
    ellipse = np.outer(bump(8.0, 2.01, 16), bump(8.0, 2.0, 16)).ravel()  # hardly round
    assert field_orientation([ellipse], (16, 16))[0] == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(ValueError, match="Fields on a ring have no orientation"):
        field_orientation([np.ones(9)], (9,))


def test_compactness_of_masks_is_that_of_the_best_disc():
    """Discs of 1, 5, 9 and 13 sites are unambiguous; every shift of them is tried in turn."""
    rng = np.random.default_rng(0)
    away = np.add.outer(np.array([0, 1, 4, 9, 4, 1]), np.array([0, 1, 4, 9, 9, 4, 1])).ravel()
    for count, radius in ((1, 0), (5, 1), (9, 2), (13, 4)):
        disc = (away <= radius).reshape(6, 7)
        assert disc.sum() == count
        mask = (rng.permutation(42) < count).reshape(6, 7)
        shifts = [np.roll(disc, shift, axis=(0, 1)) for shift in np.ndindex(6, 7)]
        best = max((mask & shifted).sum() for shifted in shifts)
        found = compactness([-2.0 * mask.ravel(), shifts[17].ravel(), 0.0 * away], (6, 7))
        np.testing.assert_allclose(found, [best / count, 1.0, np.nan])
