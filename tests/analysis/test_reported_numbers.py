"""Numbers that a decomposition and a comparison report beside their fields."""

import numpy as np

from rfsk import CumulantCP, TensorComparison, ipr, make_nlgp
from rfsk.analysis import random_phase_fields


def test_stability_of_components_of_noise_is_low():
    """500 rows of white noise have no factor that all three initial fields lead to."""
    noise = np.random.default_rng(0).standard_normal((500, 20))
    stability = CumulantCP(3, n_init=3, random_state=0).fit(noise).stability_
    assert stability.shape == (3,)
    assert 0.0 < stability.min() < 0.8


def test_comparison_reports_the_median_ipr_of_the_references():
    X, _ = make_nlgp(500, 20, correlation_length=(1.5, 3.0), random_state=0)
    filters = np.vstack([np.eye(20)[:2], np.ones((1, 20))])
    comparison = TensorComparison(references=[("filters", filters)], n_null=19, random_state=0)
    fields = random_phase_fields(np.eye(20)[:3], random_state=0)
    table = comparison.fit(X).compare(fields)
    assert (table.reference_ipr == np.median(ipr(filters))).all()
