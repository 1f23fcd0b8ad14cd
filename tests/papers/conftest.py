"""Fixtures: nets for the tests of one paper, and a function that finds quantities that fail."""

import pytest

from rfsk.papers import Bench


@pytest.fixture(scope="module")
def bench():
    """Nets of one seed at small size."""
    return Bench(1, quick=True, n_jobs=1, random_state=1)


@pytest.fixture(scope="session")
def failures():
    """Function that measures a claim, and returns the names of the quantities that fail."""

    def of(claim, bench):
        values = claim.run(bench)
        return {q.name for q in claim.quantities if not q.holds(values[q.name])}

    return of
