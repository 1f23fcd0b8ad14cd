"""The claims on place cells at small size, and the controls on which they fail."""

import numpy as np
import pytest

from rfsk.papers import Bench
from rfsk.papers.harsh2020 import CASES, CLAIMS, index, overlaps, theory_overlap

RUNS = [(claim, control) for claim in CLAIMS for control in (None, *claim.controls)]
DECISIVE = {
    "Gaussian inputs": "gain 3, length 4: D x IPR",
    "permuted sites": "gain 3, length 4: D x IPR",
    "white sites": next(iter(CASES)),
    "uneven sites": "batch 400: growth of the squared move over that of time",
}


def run_of(claim, control):
    is_slow = claim.name != "H1" or control == "permuted sites"
    marks = [pytest.mark.slow] * is_slow
    return pytest.param(claim, control, marks=marks, id=f"{claim.name} {control}")


@pytest.mark.parametrize(("claim", "control"), [run_of(*each) for each in RUNS])
def test_claims_hold_at_small_size_and_fail_on_their_controls(claim, control, bench, failures):
    failed = failures(claim, bench.under(control))
    assert failed == set() if control is None else DECISIVE[control] in failed
    if control is None and claim.name != "H3":
        claim.draw(bench)


@pytest.mark.parametrize("control", [None, "white sites"])
def test_fields_of_enough_samples_overlap_with_the_mode_unless_sites_are_white(control):
    bench = Bench(1, quick=True, random_state=2).under(control)
    overlap, quantity = overlaps(bench, 0, 1.0, 4.0), CLAIMS[1].quantities[0]
    assert quantity.holds(overlap / theory_overlap(1.0, 4.0)) == (control is None)


def test_index_of_white_inputs_is_that_of_independent_modes():
    """For Gaussian inputs x_q and S are independent: I_q = E[1 / cosh(a S)^2] = 1 / variance."""
    X = 1.5 * np.random.default_rng(0).standard_normal((100_000, 3))
    assert index(X) == pytest.approx(1.0, abs=0.02)
