"""The claims on denoisers at small size, and the controls on which they fail."""

import pytest

from rfsk.papers.lukoianov2025 import CLAIMS

CASES = [(claim, control) for claim in CLAIMS for control in (None, *claim.controls)]
DECISIVE = {
    "L1": "spins: width over formula, largest deviation",
    "L2": "NLGP, noise 2: width over linear",
    "L3": "noise 1: width over linear",
}


def case(claim, control):
    is_slow = (claim.name, control) == ("L2", "white pixels")
    marks = [pytest.mark.slow] if is_slow else []
    return pytest.param(claim, control, marks=marks, id=f"{claim.name} {control}")


@pytest.mark.parametrize(("claim", "control"), [case(*each) for each in CASES])
def test_claims_hold_at_small_size_and_fail_on_their_controls(claim, control, bench, failures):
    failed = failures(claim, bench.under(control))
    assert failed == set() if control is None else DECISIVE[claim.name] in failed
    if control is None:
        claim.draw(bench)
