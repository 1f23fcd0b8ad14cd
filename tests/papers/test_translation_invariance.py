"""The inputs of claim C8, and the claim where its control must make it fail."""

import numpy as np
import pytest
from scipy import stats

from rfsk import NLGP
from rfsk.claims import Bench, _translation_invariance
from rfsk.claims._translation_invariance import CLAIM, UnevenNLGP, sites


def test_uneven_sites_have_the_distribution_of_columns_of_a_fine_ring():
    """Covariance in closed form and of columns of a fine ring; Kolmogorov-Smirnov at each site."""
    kept, fine = sites(), NLGP(1000, correlation_length=50.0, gain=3.0)
    spacing = np.diff(kept)
    assert (spacing.min(), spacing.max()) == (3, 17)
    assert 40 <= spacing.argmin() < 60
    X = UnevenNLGP(5.0).sample(4000, random_state=0)
    columns = fine.sample(4000, random_state=1)[:, kept]
    covariance = UnevenNLGP(5.0).gaussian_clone().covariance()
    for rows in (X, columns):
        np.testing.assert_allclose(np.cov(rows.T), covariance, atol=5 * np.sqrt(1.0 / 4000))
    assert min(stats.ks_2samp(X[:, i], columns[:, i]).pvalue for i in range(0, 100, 20)) > 1e-3


def test_shifts_make_the_uneven_covariance_circulant():
    X = UnevenNLGP(5.0, shifted=True).sample(20_000, random_state=0)
    covariance = UnevenNLGP(5.0).gaussian_clone().covariance()
    lags = [np.mean([covariance[i, (i + lag) % 100] for i in range(100)]) for lag in range(100)]
    expected = np.array([np.roll(lags, site) for site in range(100)])
    np.testing.assert_allclose(np.cov(X.T), expected, atol=5 * np.sqrt(1.0 / 20_000))


@pytest.mark.slow
def test_c8_fails_where_sites_are_spaced_evenly(monkeypatch):
    monkeypatch.setattr(_translation_invariance, "UNEVENNESS", 0.0)
    found = CLAIM.measure(Bench(1, quick=True, random_state=0), 0)
    failed = {
        quantity.name for quantity in CLAIM.quantities if not quantity.holds(found[quantity.name])
    }
    assert failed == {"uneven: fraction of centres in the dense third"}
