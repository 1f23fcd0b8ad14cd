"""The ledger of locality."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rfsk.experiments import locality_ledger

DOCS = Path(__file__).parents[2] / "docs"
SMALL = {"n_sites": 24, "n_samples": 10_000, "n_units": 8, "n_jobs": 1, "random_state": 1}
CALLS = []
STOPS = [5]


def scattered(X, y, n_units, seed):
    """Fields of noise, from a learner that is stopped at its fifth call."""
    CALLS.append(X)
    if len(CALLS) in STOPS:
        raise KeyboardInterrupt
    return np.random.default_rng(seed).standard_normal((n_units, X.shape[1]))


def pixels(X, y, n_units, seed):
    """One site per unit, or two opposite ones on Gaussian inputs."""
    fields = np.eye(X.shape[1])[:n_units] + 1e-3
    return fields if (X**4).mean() > 4.0 else fields + np.roll(fields, X.shape[1] // 2, axis=1)


def test_verdicts_are_those_of_theory_on_data_and_on_the_control():
    learners = ["relu net", "hebbian"]
    options = {**SMALL, "n_samples": 20_000}
    found = locality_ledger(learners, ["ising", "laplace"], **options)
    verdicts = found.set_index(["learner", "inputs", "is_control"])["verdict"]
    assert len(verdicts) == 8
    assert verdicts["relu net", "ising", False] == "local"
    assert verdicts["relu net", "laplace", False] == "not local"
    assert verdicts["hebbian", "laplace", False] == "local"
    assert (verdicts.xs(True, level="is_control") == "not local").all()


def test_own_learners_and_inputs():
    found = locality_ledger([pixels], ["laplace"], n_repeats=2, **SMALL)
    assert found["verdict"].tolist() == ["local", "not local"]
    assert (found["low"] <= found["locality"]).all()
    assert (found["locality"] <= found["high"]).all()


def test_a_stopped_run_goes_on(tmp_path):
    options = {**SMALL, "n_repeats": 3, "store": tmp_path / "store"}
    with pytest.warns(UserWarning, match="4 of 6 cells are kept"):
        locality_ledger([scattered], ["nlgp"], **options)
    found = locality_ledger([scattered], ["nlgp"], **options)
    assert len(CALLS) == 7
    assert found["n_repeats"].tolist() == [3, 3]
    assert found["verdict"].tolist() == ["not local", "not local"]
    data, control = CALLS[0], CALLS[3]
    assert not np.array_equal(data, control)
    np.testing.assert_allclose(np.cov(data.T), np.cov(control.T), atol=0.1)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"learners": ["svm"]}, "learner"),
        ({"inputs": ["noise"]}, "inputs"),
        ({"n_repeats": 1}, "n_repeats"),
        ({"n_units": 0}, "n_units"),
        ({"inputs": ["photographs"], "n_sites": 200}, "n_sites"),
    ],
)
def test_wrong_arguments_are_refused_before_work(options, match):
    n_calls = len(CALLS)
    with pytest.raises(ValueError, match=match):
        locality_ledger(**{"learners": [scattered], "inputs": ["nlgp"], **options})
    assert len(CALLS) == n_calls


def test_the_page_shows_the_verdicts_and_the_failed_predictions():
    keys = ["learner", "inputs", "is_control"]
    cells, predicted = (pd.read_csv(DOCS / f"ledger{name}.csv") for name in ("", "_predictions"))
    found = cells.merge(predicted, on=keys, validate="one_to_one")
    assert len(found) == 96
    decided = found[found["verdict"] != "undecided"]
    is_right = decided["verdict"] == decided["predicted"]
    page = (DOCS / "ledger.md").read_text(encoding="utf-8")
    assert f"**{is_right.sum()} of the {len(decided)} decided cells are as predicted.**" in page
    assert is_right.mean() > 0.9
    words = {"local": "local", "not local": "no", "undecided": "?"}
    found["word"] = found["verdict"].map(words)
    fails = decided.index[~is_right]
    found.loc[fails, "word"] = "**" + found.loc[fails, "word"] + "**"
    for learner, rows in found.groupby("learner"):
        pairs = [" / ".join(pair["word"]) for _, pair in rows.groupby("inputs", sort=False)]
        assert f"| {learner} | {' | '.join(pairs)} |" in page
