"""The claims on the samples that ICA needs at small size, and the control on which they fail."""

import numpy as np
import pytest
from sklearn.decomposition import FastICA

from rfsk.papers.ricci2025 import (
    CLAIMS,
    K,
    by_ascent,
    by_fastica,
    fastica_numbers,
    fastica_overlaps,
    model_of,
    online_numbers,
)

CONTROL = "Gaussian latent"


@pytest.mark.slow
@pytest.mark.parametrize("control", [None, CONTROL])
@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.usefixtures("_close_figures")
def test_claims_hold_at_small_size_and_fail_on_their_control(claim, control, bench, failures):
    failed = failures(claim, bench.under(control))
    if control is None:
        assert not failed
        claim.draw(bench)
    else:
        methods = {"R1": ["FastICA step"], "R2": ["online", "smoothed"]}[claim.name]
        assert {f"{method}: samples over theory, largest size" for method in methods} <= failed


@pytest.mark.parametrize("method", ["FastICA step", "online", "smoothed"])
def test_number_of_samples_follows_theory_and_only_on_non_gaussian_inputs(method, bench):
    size = 8 if method == "FastICA step" else 16
    theory, found = online_numbers(method, size)[1], []
    for control in (None, CONTROL):
        here = bench.under(control)
        if method == "FastICA step":
            theory = fastica_numbers(size)
            found.append(by_fastica(here, 0, size)[0])
        else:
            found.append(by_ascent(here, 0, method, size)[0])
    assert found[0] == pytest.approx(theory, rel=0.25)
    assert found[1] > 4.0 * theory


def test_step_is_that_of_scikit_learn(bench):
    X = model_of(bench, 4).sample(500, 0)
    start = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    options = {"algorithm": "deflation", "fun": "cube", "whiten": False, "max_iter": 1}
    step = FastICA(**options, w_init=start).fit(X).components_[0]
    (ours,) = fastica_overlaps(start[None, :1], iter([X[None]]), 1)
    assert abs(ours[0, 0]) == pytest.approx(abs(step[0]), rel=1e-10)


def test_number_of_samples_of_one_step_is_the_leading_term_in_high_dimension():
    assert fastica_numbers(2000) == pytest.approx(5.0 * 1999 * 2000.0**3 / K**2, rel=0.01)
