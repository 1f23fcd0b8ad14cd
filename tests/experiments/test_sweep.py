import functools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import types
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import torch

from rfsk import FCNet, make_nlgp
from rfsk.datasets import NLGP, Discrimination
from rfsk.experiments import Sweep, sweep
from rfsk.experiments._digests import digest, fingerprint


def by_value(study):
    """A copy that other processes can take, which cannot import this module."""
    return types.FunctionType(
        study.__code__, {**study.__globals__, "__name__": "__main__"}, study.__name__,
        study.__defaults__,
    )  # fmt: skip


def noisy(scale, random_state, offset=0.0):
    draw = np.random.default_rng(random_state).standard_normal(3)
    return {"mean": offset + scale * draw.mean(), "largest": draw.max()}


def course(length, random_state):
    return {"time": np.arange(length), "value": np.arange(length) ** 2, "label": "up"}


def failing(scale, random_state):
    if scale == 2:
        raise RuntimeError("scale two is out of order")
    return {"mean": scale}


def deadly(scale, random_state):
    if scale == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.2)  # others are under way when it dies, and are not to blame
    return {"mean": scale}


GRID = {"scale": [1, 2, 4], "offset": [0.0, 10.0]}


@pytest.fixture(scope="module")
def found():
    return sweep(noisy, GRID, 3, n_jobs=1, random_state=0)


def test_a_table_has_one_row_for_each_point_and_seed(found):
    table = found.table()
    assert list(table) == ["scale", "offset", "repeat", "seed", "version", "mean", "largest"]
    assert len(table) == 18
    assert table["scale"].tolist() == [1] * 6 + [2] * 6 + [4] * 6
    assert table["repeat"].tolist() == [0, 1, 2] * 6
    assert table["seed"].nunique() == 18
    for row in table.itertuples():
        alone = noisy(row.scale, row.seed, row.offset)
        assert (row.mean, row.largest) == (alone["mean"], alone["largest"])


def test_means_and_standard_errors_are_those_of_pandas(found):
    by = found.table().groupby(["scale", "offset"])["mean"]
    mean = found.mean("mean")
    np.testing.assert_allclose(mean["mean"], by.mean())
    np.testing.assert_allclose(mean["mean_sem"], by.sem())
    assert mean["n"].tolist() == [3] * 6


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_numbers_do_not_depend_on_where_or_in_which_order_cells_run(found, backend):
    with joblib.parallel_config(backend, n_jobs=2):
        again = sweep(by_value(noisy), {name: GRID[name][::-1] for name in GRID}, 3, random_state=0)
    columns = ["scale", "offset", "repeat"]
    sort = [t.table().sort_values(columns, ignore_index=True) for t in (found, again)]
    pd.testing.assert_frame_equal(*sort, check_exact=True)


def test_more_points_and_seeds_leave_the_others_unchanged(found):
    more = sweep(noisy, {**GRID, "scale": [0.5, 1.0, 2.0, 4.0]}, 4, n_jobs=1, random_state=0)
    shared = more.table().query("scale >= 1 and repeat < 3").reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, found.table(), check_dtype=False, check_exact=True)


def test_grids_may_come_in_parts():
    grids = [{"scale": [1]}, {"scale": [2], "offset": [5.0]}]
    table = sweep(noisy, grids, n_jobs=1, random_state=0).table()
    assert table["scale"].tolist() == [1, 2]
    assert np.isnan(table["offset"][0])
    assert table["offset"][1] == 5.0


def test_arrays_become_rows():
    found = sweep(course, {"length": [2, 3]}, 2, n_jobs=1, random_state=0)
    assert found.table()["value"].tolist() == [0, 1, 0, 1, 0, 1, 4, 0, 1, 4]
    mean = found.mean("value")
    assert mean["value"].tolist() == [0, 1, 0, 1, 4]
    assert mean["n"].tolist() == [2] * 5
    assert set(found.table()["label"]) == {"up"}


def test_a_result_that_is_missing_does_not_count_in_the_mean():
    def sometimes(random_state):
        return {"value": np.nan if random_state % 2 else 1.0}

    found = sweep(sometimes, [{}], 20, n_jobs=1, random_state=0)
    values = found.table()["value"]
    assert 0 < values.isna().sum() < 20
    assert found.mean()["value"].tolist() == [1.0]


def test_a_failing_cell_is_recorded_while_the_rest_go_on(tmp_path):
    options = {"n_jobs": 2, "random_state": 0, "store": tmp_path}
    with pytest.warns(UserWarning, match=r"2 of 6 cells failed, the first with 'RuntimeError: sc"):
        found = sweep(by_value(failing), {"scale": [1, 2, 4]}, 2, **options)
    assert found.table()["scale"].tolist() == [1, 1, 4, 4]
    assert found.n_finished == 4
    failures = found.failures()
    assert failures["scale"].tolist() == [2, 2]
    assert failures["error"][0] == "RuntimeError: scale two is out of order"
    assert "in failing" in failures["traceback"][0]
    kept = [json.loads(path.read_text())["record"] for path in tmp_path.glob("*.json")]
    assert sum("traceback" in record for record in kept) == 2


def test_a_cell_that_failed_is_tried_again(tmp_path):
    switch = tmp_path / "on"

    def study(random_state):
        if not os.path.exists(str(switch)):
            raise OSError("not yet")
        return {"value": 1}

    options = {"n_jobs": 1, "random_state": 0, "store": tmp_path / "store"}
    with pytest.warns(UserWarning, match="1 of 1 cells failed"):
        assert not sweep(study, [{}], **options).n_finished
    switch.touch()
    assert sweep(study, [{}], **options).n_finished == 1


def test_a_worker_that_dies_costs_nothing_but_its_cell(monkeypatch):
    monkeypatch.setattr("rfsk.experiments._run._ATTEMPTS", 2)
    with pytest.warns(UserWarning, match="1 of 3 cells failed, the first with 'The worker died 2"):
        found = sweep(by_value(deadly), {"scale": [1, 2, 4]}, n_jobs=2, random_state=0)
    assert found.table()["scale"].tolist() == [1, 4]
    assert "The worker died 2 times" in found.failures()["error"][0]


def test_an_interrupt_keeps_finished_cells():
    def study(scale, random_state):
        if scale == 3:
            signal.raise_signal(signal.SIGINT)
        return {"mean": scale}

    with pytest.warns(UserWarning, match=r"The sweep was interrupted; \d+ of 4 cells are kept"):
        found = sweep(study, {"scale": [1, 2, 3, 4]}, n_jobs=1, random_state=0)
    assert found.n_finished < 4
    results = [r["result"]["mean"] for r in found.records.values()]
    assert 3 not in results


def test_a_net_whose_training_was_interrupted_is_not_taken_for_a_result():
    X, y = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=0)

    def study(random_state):
        threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
        net = FCNet(8, max_epochs=10**6, random_state=random_state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net.fit(X, y)  # keeps the net trained so far
        return {"n_steps": net.n_steps_}

    with pytest.warns(UserWarning, match="The sweep was interrupted; 0 of 2 cells"):
        found = sweep(study, [{}], 2, n_jobs=1, random_state=0)
    assert not found.n_finished


def test_cells_compute_on_one_thread():
    def study(random_state):
        return {"threads": torch.get_num_threads()}

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert sweep(study, [{}], n_jobs=1).table()["threads"].tolist() == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_cells_of_one_group_run_together_and_others_alone():
    class Study:
        def __call__(self, size, random_state):
            return {"together": 1}

        def group(self, arguments):
            return arguments["size"] if arguments["size"] < 3 else None

        def at_once(self, arguments):
            return 4

        def run_many(self, cells):
            return [{"together": len(cells)} for _ in cells]

    table = sweep(Study(), {"size": [1, 2, 3]}, 6, n_jobs=1, random_state=0).table()
    assert sorted(table["together"][table["size"] == 1]) == [2, 2, 4, 4, 4, 4]
    assert set(table["together"][table["size"] == 3]) == {1}


def test_one_bad_cell_does_not_spoil_its_group():
    class Study:
        def __call__(self, size, random_state):
            return failing(size, random_state)

        def group(self, arguments):
            return "all"

        def run_many(self, cells):
            return [self(**cell) for cell in cells]

    with pytest.warns(UserWarning, match="1 of 3 cells failed"):
        found = sweep(Study(), {"size": [1, 2, 3]}, n_jobs=1, random_state=0)
    assert found.table()["size"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3.0, "The study returned a float; expected a dict of names"),
        ({"field": np.zeros((2, 2))}, "The study returned 'field' with list in it; expected a num"),
        ({"net": object()}, "The study returned 'net' with object in it"),
        ({"a": [1, 2], "b": [1]}, r"arrays of lengths {'a': 2, 'b': 1}; expected equal ones"),
    ],
)
def test_a_study_that_returns_no_numbers_is_told_so(answer, message):
    with pytest.warns(UserWarning, match="cells failed"):
        found = sweep(lambda random_state: answer, [{}], n_jobs=1)
    assert re.search(message, found.failures()["error"][0])


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"),
    [
        (("noisy", GRID), {}, TypeError, "study is a str; expected a function"),
        ((noisy, {"scale": 3}), {}, TypeError, r"grid\['scale'\]=3; expected a list of values"),
        ((noisy, {"scale": "ab"}), {}, TypeError, r"grid\['scale'\]='ab'; expected a list"),
        ((noisy, {"scale": []}), {}, ValueError, r"grid\['scale'\] is empty"),
        ((noisy, []), {}, ValueError, "grid is empty"),
        ((noisy, [3]), {}, TypeError, "grid holds a int; expected a dict of parameter names"),
        ((noisy, {"scale": [1, 1.0]}), {}, ValueError, r"the point {'scale': 1} more than once"),
        ((noisy, {"gain": [1]}), {}, TypeError, "noisy cannot be called with"),
        ((noisy, GRID), {"fixed": {"scale": 1}}, ValueError, "'scale' is both in the grid and in"),
        ((noisy, {**GRID, "random_state": [1]}), {}, ValueError, "random_state is an argument of"),
        ((noisy, 3), {}, TypeError, "grid is a int; expected a dict of parameter names"),
        ((noisy, {"seed": [1]}), {}, ValueError, "grid has a parameter 'seed', which is a column"),
        ((noisy, GRID), {"fixed": [1]}, TypeError, "fixed is a list; expected a dict"),
        ((noisy, GRID), {"n_jobs": "2"}, TypeError, "n_jobs='2'; expected an integer or None"),
        ((max, GRID), {}, TypeError, "max tells no signature; wrap it in a function"),
        ((noisy, GRID, 0), {}, ValueError, "n_seeds=0; expected an integer > 0"),
        ((noisy, GRID), {"random_state": "x"}, ValueError, "random_state='x' cannot seed"),
        ((noisy, GRID), {"store": "there"}, ValueError, "random_state=None with a store; expected"),
        (
            (noisy, GRID),
            {"store": __file__, "random_state": 0},
            ValueError,
            "cannot be used .*; expected a folder, or the name of one",
        ),
    ],
)
def test_bad_arguments_are_refused_before_any_work(arguments, options, kind, message):
    with pytest.raises(kind, match=message):
        sweep(*arguments, **options)


def test_there_is_no_mean_of_what_was_not_measured(found):
    with pytest.raises(ValueError, match=r"no result 'ipr'; expected one of \['mean', 'largest'\]"):
        found.mean("ipr")


def test_digests_tell_values_apart_and_equal_ones_alike():
    models = [NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    task = Discrimination(models)
    before = digest(task)
    task.sample(3, 0)
    task.gaussian_clone()
    assert digest(task) == before == digest(Discrimination(models))
    assert digest(1) == digest(1.0) == digest(np.float32(1.0)) == digest(np.int64(1))
    assert digest((1, 2)) == digest([1.0, 2.0])
    values = [1, 1.5, "1", True, None, [1], {"a": 1}, task, np.arange(3), FCNet(3), FCNet(4), len]
    assert len({digest(value) for value in values}) == len(values)


def test_a_study_that_was_edited_is_another_one():
    def scaled(factor):
        return lambda random_state: {"value": factor * random_state}

    same, other = scaled(2), scaled(3)
    assert fingerprint(same) == fingerprint(scaled(2)) != fingerprint(other)
    assert fingerprint(functools.partial(noisy, offset=1)) != fingerprint(noisy)
    assert fingerprint(functools.partial(noisy, offset=1)) == fingerprint(
        functools.partial(noisy, offset=1.0)
    )
    typed = [compile(f"def study(random_state): return {{'a': {k}}}", "<s>", "exec") for k in "12"]
    studies: list[dict] = [{}, {}]
    for code, names in zip(typed, studies, strict=True):
        exec(code, names)
    assert fingerprint(studies[0]["study"]) != fingerprint(studies[1]["study"])


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def run(self, x, random_state):
        return {"y": self.factor * x}


OFFSET = 1.0


def shifted(x, random_state):
    return {"y": x + OFFSET}


def test_a_study_is_told_by_all_that_it_uses(monkeypatch):
    assert fingerprint(Scale(1).run) != fingerprint(Scale(2).run)
    first, second = (lambda random_state: {"y": 1}), (lambda random_state: {"y": 2})
    assert fingerprint(first) != fingerprint(second)
    before = fingerprint(shifted)
    assert fingerprint(shifted) == before
    monkeypatch.setattr(sys.modules[__name__], "OFFSET", 2.0)
    assert fingerprint(shifted) != before

    def recursive(random_state):
        return recursive(random_state) if random_state < 0 else {"y": re.escape("a")}

    assert fingerprint(recursive) == fingerprint(recursive)


@pytest.mark.slow
def test_digests_are_the_same_in_every_process():
    code = (
        "from rfsk.experiments._digests import digest, fingerprint\n"
        "def f(a, random_state): return {'y': (lambda: a in {'x', 'y', 'z'})()}\n"
        "print(digest([frozenset('abc'), {'a', 'b'}, {1: 2}]), fingerprint(f))"
    )
    run = [sys.executable, "-c", code]
    found = [
        subprocess.run(run, capture_output=True, text=True, check=True, env={**os.environ, **seed})
        for seed in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"})
    ]
    assert found[0].stdout == found[1].stdout != ""
    array = np.arange(6.0).reshape(2, 3)
    assert digest(array) == digest(np.asfortranarray(array)) == digest(array.astype(int))


def test_cells_share_no_arguments():
    def study(box, rng, random_state):
        box["k"] += 1
        return {"k": box["k"], "draw": rng.random()}

    fixed = {"rng": np.random.default_rng(0)}
    found = sweep(study, {"box": [{"k": 0}]}, 3, fixed=fixed, n_jobs=1, random_state=0).table()
    assert found["k"].tolist() == [1, 1, 1]
    assert found["draw"].nunique() == 1


@pytest.mark.parametrize(
    "answer", [[np.float32(1), np.float64(2)], pd.Series([1, 2]), torch.tensor([1, 2]), (1, 2)]
)
def test_any_array_of_numbers_is_taken(answer):
    found = sweep(lambda random_state: {"x": answer}, [{}], n_jobs=1)
    assert found.table()["x"].tolist() == [1, 2]


def test_results_take_no_column_of_the_table():
    with pytest.warns(UserWarning, match="The study returned 'seed', which is a column of its own"):
        sweep(lambda random_state: {"seed": 1}, [{}], n_jobs=1)


def test_sys_exit_ends_one_cell_only():
    with pytest.warns(UserWarning, match=r"1 of 1 cells failed, .*The study called sys.exit\(3\)"):
        sweep(lambda random_state: sys.exit(3), [{}], n_jobs=1)


def test_missing_results_are_counted():
    def sometimes(k, random_state):
        return {"value": np.nan if random_state % 2 else 1.0, "other": 1.0}

    mean = sweep(sometimes, {"k": [0]}, 20, n_jobs=1, random_state=0).mean()
    assert 0 < mean["value_n"][0] < mean["n"][0] == 20
    assert "other_n" not in mean


def test_objects_in_the_grid_are_named_in_the_table():
    found = sweep(lambda f, random_state: {"v": f(2.0)}, {"f": [np.sqrt, abs]}, n_jobs=1)
    assert isinstance(found, Sweep)
    assert found.table()["f"].tolist() == ["sqrt", "abs"]
    assert found.table()["v"].tolist() == [2.0**0.5, 2.0]
