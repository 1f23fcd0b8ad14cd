"""The claims on correlated latent variables at small size, and the controls on which they fail."""

import numpy as np
import pytest

from rfsk.papers import Bench
from rfsk.papers.bardone2024 import CLAIMS, QUARTIC, P, drive, gradient, models, waits

CONTROLS = [None, "independent latents", "Gaussian inputs"]
LARGEST = "samples over theory, largest size"
DECISIVE = {
    ("B1", "independent latents"): "correlated: final overlap with v over theory",
    ("B1", "Gaussian inputs"): "correlated: final overlap with v over theory",
    ("B2", "independent latents"): f"correlated: {LARGEST}",
    ("B2", "Gaussian inputs"): f"v alone: {LARGEST}",
}


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("claim", [CLAIMS[0], pytest.param(CLAIMS[1], marks=pytest.mark.slow)])
@pytest.mark.usefixtures("_close_figures")
def test_claims_hold_at_small_size_and_fail_on_their_controls(claim, control, bench, failures):
    failed = failures(claim, bench.under(control))
    if control is None:
        assert not failed
        claim.draw(bench)
    else:
        assert DECISIVE[claim.name, control] in failed


def test_number_of_samples_follows_theory_with_correlated_latent_variables_alone(bench):
    _, samples, theory = waits(bench, 0, 1.0)
    np.testing.assert_allclose(samples, theory, rtol=0.25)
    _, samples, _ = waits(bench.under("independent latents"), 0, 1.0)
    assert np.isinf(samples[-1])


def test_drive_is_the_mean_gradient_and_has_its_hermite_expansion():
    w, coupling, n = np.array([0.5, 0.7, 0.26**0.5]), 0.6, 300_000
    spiked, noise = models(Bench(1), 3, coupling)
    X = np.concatenate([model.sample(n, i) for i, model in enumerate((spiked, noise))])[None]
    slope = gradient(X, X @ w[:, None])[0, 0]
    tangent = (slope - (slope @ w) * w)[:2]
    np.testing.assert_allclose(drive(w[1], w[0], coupling)[::-1], tangent, atol=4 * 0.7 / n**0.5)
    assert drive(0.0, 0.02, None)[1] == pytest.approx(QUARTIC * 0.02**3, rel=0.01)
    linear = 2.0 * 3.0**-1.5 * P * (2.0 / np.pi) ** 0.5 * 0.01 / 2.0  # f_2 c a / 2
    assert drive(0.01, 0.0, 1.0)[1] == pytest.approx(linear, rel=0.01)
