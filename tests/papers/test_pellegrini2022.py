"""The claims on the connectivity that pruning leaves at small size, and their controls."""

import pytest

from rfsk.papers.pellegrini2022 import CLAIMS

DECISIVE = {
    "P1": "an eighth left: spread over random masks",
    "P2": "a third left, 2,000 samples: spread over that of 20,000",
    "P3": "2,000 samples: spread of one-shot masks over IMP",
}
# At small size, one seed in three or so is below its bound.
UNSURE = {"a third left, half of labels random: spread over that of 20,000"}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claims_hold_at_small_size_and_fail_on_their_controls(claim, bench, failures):
    assert failures(claim, bench) - UNSURE == set()
    assert claim.controls
    for control in claim.controls:
        assert DECISIVE[claim.name] in failures(claim, bench.under(control)), control
    claim.draw(bench)
