"""The claims on Hebbian rules at small size, and the controls on which they fail."""

import numpy as np
import pytest

from rfsk.papers.ocker2021 import CLAIMS, basin_volumes

DECISIVE = {
    "Gaussian inputs": "sources, rule: smallest cosine with a source",
    "second-order rule": "ring: smallest D x IPR",
    "equal cumulants": "exact: largest deviation of a fraction",
}


@pytest.mark.parametrize("control", [None, *DECISIVE], ids=str)
def test_claims_hold_at_small_size_and_fail_on_their_controls(control, bench, failures):
    bench, failed = bench.under(control), set()
    for claim in CLAIMS:
        if control is None or control in claim.controls:
            found = failures(claim, bench)
            assert bool(found) == (control is not None)
            failed |= found
        if control is None:
            claim.draw(bench)
    assert control is None or DECISIVE[control] in failed


@pytest.mark.parametrize("sizes", [(2.0, 8.0), (3.0, 1.0)])
def test_basins_of_two_factors_are_angles(sizes):
    """Factor 0 wins for a fraction (2 / pi) arctan sqrt(lambda_0 / lambda_1) of directions."""
    first = 2.0 / np.pi * np.arctan(np.sqrt(sizes[0] / sizes[1]))
    np.testing.assert_allclose(basin_volumes(np.array(sizes)), [first, 1.0 - first], atol=1e-8)
