"""The claims on the order of statistics at small size, and the controls on which they fail."""

import numpy as np
import pytest

from rfsk import make_gaussian_clone
from rfsk.datasets import Discrimination
from rfsk.papers.refinetti2023 import CLAIMS, RUNGS, TIMES, classes, crossings, theory

ORDER, EDITS = CLAIMS
DECISIVE = {
    "Gaussian inputs": ("t2, cumulants: over flow", "t = 40: covariance edited"),
    "equal covariances": ("t1, covariances: over flow", "t = 6: mean edited"),
    "equal means": ("t0, means: over flow", "t = 0.25: mean edited"),
}


CASES = [None, "Gaussian inputs"]
CASES += [pytest.param(name, marks=pytest.mark.slow) for name in list(DECISIVE)[1:]]


@pytest.mark.parametrize("control", CASES, ids=str)
def test_claims_hold_at_small_size_and_fail_on_their_controls(bench, failures, control):
    here = bench.under(control)
    failed = [failures(claim, here) for claim in CLAIMS]
    if control is None:
        assert failed[0] == set()
        assert failed[1] <= {"t = 0.25: gap to the mean control over standard error"}
        for claim in CLAIMS:
            claim.draw(here)
    else:
        assert DECISIVE[control][0] in failed[0]
        assert DECISIVE[control][1] in failed[1]


def test_rungs_have_the_moments_of_the_controls():
    """Components against samples that `make_gaussian_clone` makes, 20,000 of each class."""
    X, y = Discrimination(classes(None)).sample(40_000, 0)
    u, b = np.random.default_rng(1).normal(size=(3, X.shape[1])), np.array([0.5, -1.0, 0.0])
    for rung in RUNGS:
        rows = X if rung == "data" else make_gaussian_clone(X, y, keep=rung, random_state=0)[0]
        flow = theory(None, rung)
        errors = (flow.output(u, b, rows) - (1 - 2 * y)) ** 2
        assert abs(flow.loss(u, b) - errors.mean()) < 4.0 * errors.std() / len(y) ** 0.5


def test_crossings_are_interpolated():
    gap = 0.04 * TIMES / TIMES[-1]  # half of the last time is where it exceeds 0.02
    curves = np.stack([-gap, 0.0 * gap, -gap], axis=1)
    t0, t1, t2 = crossings(curves)
    assert t0 == pytest.approx(TIMES[-1] / 2)
    assert (t1, t2) == (np.inf, pytest.approx(TIMES[-1] / 2))
