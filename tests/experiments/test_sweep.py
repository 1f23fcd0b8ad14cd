import contextlib
import os
import re
import signal
import sys
import threading
import time
import types
from concurrent.futures.process import BrokenProcessPool

import joblib
import numpy as np
import pandas as pd
import pytest
import torch

from rfsk import FCNet, make_nlgp
from rfsk.datasets import NLGP
from rfsk.experiments import sweep


def by_value(study):
    """A copy that other processes can take, which cannot import this module."""
    names = {**study.__globals__, "__name__": "__main__"}
    return types.FunctionType(study.__code__, names, study.__name__, study.__defaults__)


def noisy(scale, random_state, offset=0.0, mark=None):
    if mark is not None:
        with contextlib.suppress(FileExistsError):
            open(mark, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)  # the first worker dies
    draw = np.random.default_rng(random_state).standard_normal(3)
    return {"mean": offset + scale * draw.mean(), "largest": draw.max()}


def failing(scale, random_state):
    if scale == 2:
        raise RuntimeError("scale two is out of order")
    if scale == 3:
        sys.exit(3)
    return {"mean": scale}


GRID, GRID_OF_ONE = {"scale": [1, 2, 4], "offset": [0.0, 10.0]}, {"scale": [1.0, 2.0]}
OPTIONS = {"n_jobs": 1, "random_state": 0}


def numbers(found):
    """The table in a common order, without what the clock says."""
    table = found.drop(columns="duration")
    return table.sort_values([*found.attrs["parameters"], "repeat"], ignore_index=True)


@pytest.fixture(scope="module")
def found():
    return sweep(noisy, GRID, 3, **OPTIONS)


def test_a_table_has_one_row_for_each_point_and_repeat(found):
    table = found
    assert table.attrs["parameters"] == ["scale", "offset"]
    own = ["mean", "largest", "duration", "error"]
    assert list(table) == ["scale", "offset", "repeat", "seed", *own]
    assert sorted(table["scale"]) == [1] * 6 + [2] * 6 + [4] * 6
    assert table["repeat"].tolist() == [0, 1, 2] * 6
    assert table["seed"].nunique() == 18
    assert table["error"].isna().all()
    assert (table["duration"] > 0.0).all()
    for row in table.itertuples():
        alone = noisy(row.scale, row.seed, row.offset)
        assert (row.mean, row.largest) == (alone["mean"], alone["largest"])


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_numbers_do_not_depend_on_where_or_in_which_order_cells_run(found, backend, tmp_path):
    die = backend == "loky" and hasattr(signal, "SIGKILL")
    fixed = {"mark": str(tmp_path / "mark")} if die else {}
    with joblib.parallel_config(backend, n_jobs=2):
        grid = {name: GRID[name][::-1] for name in GRID}
        again = sweep(by_value(noisy), grid, 3, fixed=fixed, n_jobs=None, random_state=0)
    pd.testing.assert_frame_equal(numbers(found), numbers(again), check_exact=True)
    assert (tmp_path / "mark").exists() == die


def test_more_points_repeats_and_fixed_arguments_leave_the_others_unchanged(found):
    more = sweep(noisy, {**GRID, "scale": [0.5, 1.0, 2.0, 4.0]}, 4, **OPTIONS)
    shared = numbers(more).query("scale >= 1 and repeat < 3").reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, numbers(found), check_dtype=False, check_exact=True)
    plain, fixed = (sweep(noisy, GRID_OF_ONE, fixed=f, **OPTIONS) for f in ({}, {"offset": 0.0}))
    pd.testing.assert_frame_equal(numbers(plain), numbers(fixed), check_exact=True)


def test_points_share_the_seed_of_a_repeat_if_they_are_paired():
    table = sweep(noisy, GRID, 3, paired=True, **OPTIONS)
    assert (table.groupby("repeat")["seed"].nunique() == 1).all()
    assert table["seed"].nunique() == 3
    assert table.groupby("repeat")["largest"].nunique().tolist() == [1, 1, 1]


def test_grids_may_come_in_parts_and_hold_objects_which_the_table_names():
    grids = [{"scale": [1]}, {"scale": [2], "offset": [5.0]}]
    found = sweep(noisy, grids, **OPTIONS)
    assert found["scale"].tolist() == [1, 2]
    np.testing.assert_array_equal(found["offset"], [np.nan, 5.0])
    found = sweep(lambda f, random_state: {"v": f(2.0)}, {"f": [np.sqrt, abs]}, n_jobs=1)
    assert found["f"].tolist() == ["sqrt", "abs"]
    assert found["v"].tolist() == [2.0**0.5, 2.0]


@pytest.mark.parametrize("kind", [np.array, list, tuple, pd.Series, torch.tensor])
def test_arrays_become_rows(kind):
    def course(length, random_state):
        return {"value": kind([k**2 for k in range(length)]), "label": "up"}

    found = sweep(course, {"length": [2, 3]}, 2, **OPTIONS)
    assert found["value"].tolist() == [0, 1, 0, 1, 0, 1, 4, 0, 1, 4]
    assert set(found["label"]) == {"up"}


def test_a_failing_cell_is_a_row_with_its_traceback_while_the_others_go_on():
    with pytest.warns(UserWarning, match=r"4 of 8 cells failed, the first with 'RuntimeError: sc"):
        found = sweep(by_value(failing), {"scale": [1, 2, 3, 4]}, 2, n_jobs=2, random_state=0)
    nan = np.nan
    np.testing.assert_array_equal(found["mean"], [1, 1, nan, nan, nan, nan, 4, 4])
    failures = found[found["error"].notna()].reset_index()
    assert failures["scale"].tolist() == [2, 2, 3, 3]
    assert failures["error"][0].endswith("RuntimeError: scale two is out of order\n")
    assert failures["error"][2].endswith("SystemExit: 3\n")
    assert "in failing" in failures["error"][0]


def test_three_deaths_of_workers_without_a_finished_cell_between_them_end_a_sweep(monkeypatch):
    outcomes = iter("dfddd")  # of each call: a death, or a finished cell before one

    def pool(self, calls):
        if next(outcomes) == "f":
            call, arguments, _ = next(calls)
            yield call(*arguments)
        raise BrokenProcessPool

    monkeypatch.setattr(joblib.Parallel, "__call__", pool)
    with pytest.raises(BrokenProcessPool):
        sweep(noisy, GRID, **OPTIONS)
    assert list(outcomes) == ["d"]  # the second call lost a worker as well


def test_an_interrupt_keeps_finished_cells():
    def study(scale, random_state):
        if scale == 3:
            signal.raise_signal(signal.SIGINT)
        return {"mean": scale}

    with pytest.warns(UserWarning, match="The sweep was interrupted: 2 of 4 cells are kept"):
        found = sweep(study, {"scale": [1, 2, 3, 4]}, **OPTIONS)
    assert found["mean"].tolist() == [1, 2]


@pytest.mark.filterwarnings("ignore:Training was interrupted")
@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_a_net_whose_training_was_interrupted_is_not_taken_for_a_result(backend):
    """Threads end soon after the interrupt, although only the main one is interrupted."""
    X, y = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=0)
    FCNet(8, max_epochs=1).fit(X, y)  # imports what it needs
    threads = set(threading.enumerate())

    def study(random_state):
        FCNet(8, max_epochs=10**6, random_state=random_state).fit(X, y)  # keeps what it learnt
        return {}

    # One signal, in whichever thread the fits are.
    threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
    with (
        joblib.parallel_config(backend),
        pytest.warns(UserWarning, match="The sweep was interrupted: 0 of 2 cells"),
    ):
        found = sweep(study, [{}], 2, **{**OPTIONS, "n_jobs": 2})
    assert found.empty
    time.sleep(0.2)
    others = set(threading.enumerate()) - threads
    assert all(type(thread).__name__ == "TMonitor" for thread in others)  # that of tqdm stays


@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_cells_compute_on_one_thread(backend):
    def study(k, random_state):
        time.sleep(0.05 * k)
        return {"threads": torch.get_num_threads()}

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with joblib.parallel_config(backend, n_jobs=2):
            found = sweep(study, {"k": [0, 1, 2, 3]}, n_jobs=None)
        assert found["threads"].tolist() == [1] * 4
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_cells_share_no_arguments():
    def study(box, rng, random_state):
        box["k"] += 1
        return {"k": box["k"], "draw": rng.random()}

    fixed = {"rng": np.random.default_rng(0)}
    found = sweep(study, {"box": [{"k": 0}]}, 3, fixed=fixed, **OPTIONS)
    assert found["k"].tolist() == [1, 1, 1]
    assert found["draw"].nunique() == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3.0, "AttributeError: 'float' object has no attribute 'items'"),
        ({"field": np.zeros((2, 2))}, r"one-dimensional arrays, got 'field' with shape \(2, 2\)"),
        ({"net": object()}, r"got 'net' with shape \(\) and dtype object"),
        ({"a": [1, 2, 3], "b": [1, 2]}, "could not broadcast|could not be broadcast"),
        ({"seed": 1}, "The study must not return 'seed', which is a column. Rename it"),
        ({"k": 1}, "The study must not return 'k'"),
        ({"j": 1}, "The study must not return 'j'"),
    ],
)
def test_what_is_no_table_of_numbers_is_a_failure(answer, message):
    with pytest.warns(UserWarning, match="2 of 2 cells failed"):
        found = sweep(lambda random_state, k=0, j=0: answer, [{"k": [0]}, {"j": [0]}], n_jobs=1)
    assert re.search(message, found["error"][0])


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"),
    [
        (("noisy", GRID), {}, TypeError, "`study` must accept .* got 'noisy': .* not a callable"),
        ((noisy, {"scale": 3}), {}, TypeError, "parameter 'scale' needs to be a list"),
        ((noisy, {"scale": []}), {}, ValueError, "'scale' need to be a non-empty sequence"),
        ((noisy, []), {}, ValueError, "`grid` must have at least one point"),
        ((noisy, 3), {}, TypeError, "Parameter grid should be a dict or a list"),
        ((noisy, {"scale": [1, 1.0]}), {}, ValueError, "a point more than once"),
        ((noisy, {"gain": [1]}), {}, TypeError, "`study` must accept .*argument: 'scale'"),
        ((noisy, GRID), {"fixed": {"scale": 1}}, TypeError, "multiple values for .* 'scale'"),
        ((noisy, {**GRID, "random_state": [1]}), {}, TypeError, "multiple values for .*'random_st"),
        ((noisy, {"seed": [1]}), {}, ValueError, "`grid` must not have a parameter 'seed'"),
        ((noisy, {"scale": [lambda: 1]}), {}, TypeError, "Arguments of a sweep must be"),
        ((noisy, GRID, 0), {}, ValueError, "`n_repeats` must be a positive integer, got 0"),
        ((noisy, GRID), {"random_state": "x"}, ValueError, "`random_state` must be .*, got 'x'"),
        (
            (noisy, GRID),
            {"store": "there"},
            ValueError,
            "`random_state` must be an int if `store` is given",
        ),
    ],
)
def test_bad_arguments_are_refused_before_any_work(arguments, options, kind, message):
    with pytest.raises(kind, match=message):
        sweep(*arguments, **options)


def test_equal_values_are_one_point_and_others_have_seeds_of_their_own():
    def study(value, random_state):
        return {"seed_again": random_state}

    def seeds(*values):
        return sweep(study, {"value": list(values)}, **OPTIONS)["seed"]

    model = NLGP(20, correlation_length=1.0, gain=3.0)
    model.sample(3, 0)  # what it remembers does not matter
    different = [1, 1.5, "1", True, None, [1], {"a": 1}, model, np.arange(3), FCNet(3), FCNet(4)]
    functions = [np.sqrt, abs, torch.relu, FCNet]
    assert seeds(*different, *functions).nunique() == len(different) + len(functions)
    same = [seeds(value)[0] for value in (1, 1.0, np.float32(1), np.int64(1))]
    assert len(set(same)) == 1
    again = NLGP(20, correlation_length=1.0, gain=3.0)
    assert seeds(model)[0] == seeds(again)[0]
    assert seeds((1, 2))[0] == seeds([1.0, 2.0])[0]
