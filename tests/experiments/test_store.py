import errno
import importlib
import multiprocessing
import os
import random
import sys
import time

import numpy as np
import pandas as pd
import pytest

from rfsk import FCNet
from rfsk.experiments import FieldStudy, sweep

OPTIONS = {"n_jobs": 1, "random_state": 0}
GRID = {"scale": [1, 2, 4, 5]}
CALLS: list = []


def third(scale, random_state):
    CALLS.append(scale)
    return {"value": scale / 3, "seed_again": random_state}


def numbers(table):
    return table.drop(columns="duration")


def entries(store):
    return [path for path in store.glob("*.json") if path.name != "manifest.json"]


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.clear()


def test_a_sweep_killed_twenty_times_ends_with_the_table_of_an_undisturbed_one(tmp_path):
    grid, log, moments = {"scale": list(range(40))}, tmp_path / "log", random.Random(0)
    store, fork = tmp_path / "store", multiprocessing.get_context("fork")
    options = {"fixed": {"log": str(log)}, "store": store, **OPTIONS}
    sweep(noting, {"scale": [0]}, **options)
    for _ in range(20):
        process = fork.Process(target=sweep, args=(noting, grid), kwargs=options)
        before = len(entries(store))
        process.start()
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        process.join()
        assert len(entries(store)) >= before
    found = sweep(noting, grid, **options).table()
    assert 1 < len(entries(store)) == 40
    assert len(log.read_text().split()) <= 60  # a kill costs one cell at most
    whole = sweep(third, grid, **OPTIONS).table()
    pd.testing.assert_frame_equal(numbers(found), numbers(whole), check_exact=True)


def noting(scale, log, random_state):
    time.sleep(0.01)
    with open(log, "a") as file:
        file.write(f"{scale}\n")
    return third(scale, random_state)


def test_a_full_disk_ends_the_sweep_and_loses_no_finished_cell(monkeypatch, tmp_path):
    whole = sweep(third, GRID, **OPTIONS).table()
    sync, n_synced = os.fsync, []

    def full(descriptor):
        n_synced.append(descriptor)
        if len(n_synced) > 3:  # the manifest and two cells
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left .*\n.*cannot be written to. The cells that"):
        sweep(third, GRID, store=tmp_path, **OPTIONS)
    assert len(entries(tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 3  # nothing half written
    monkeypatch.undo()
    CALLS.clear()
    again = sweep(third, GRID, store=tmp_path, **OPTIONS).table()
    assert len(CALLS) == 2
    pd.testing.assert_frame_equal(numbers(again), numbers(whole), check_exact=True)


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "number"])
def test_an_entry_that_is_not_whole_is_computed_again(damage, tmp_path):
    whole = sweep(third, GRID, store=tmp_path, **OPTIONS).table()
    first, second = sorted(entries(tmp_path))[:2]
    text = first.read_text()
    texts = {"cut": text[:-20], "empty": "", "other": second.read_text(), "number": "3"}
    first.write_text(texts[damage])
    CALLS.clear()
    for _ in range(2):
        found = sweep(third, GRID, store=tmp_path, **OPTIONS).table()
        assert len(CALLS) == 1
        pd.testing.assert_frame_equal(found, whole.assign(duration=found["duration"]))


def test_finished_cells_of_other_points_and_repeats_are_taken_from_the_store(tmp_path):
    first = sweep(third, GRID, store=tmp_path, **OPTIONS).table()
    again = sweep(third, {"scale": [4, 1.0, 7]}, 2, store=tmp_path, **OPTIONS).table()
    assert sorted(CALLS[4:]) == [1, 4, 7, 7]
    rows = again[again["repeat"] == 0].set_index("scale")
    assert rows["duration"][4] == first.set_index("scale")["duration"][4]


def scaled_by(x, function, random_state, factor=1.0):
    return {"value": factor * function(x)}


def scaled_too(x, function, random_state, factor=1.0):
    return scaled_by(x, function, random_state, factor)


class Scale:
    """A study with a state, which no later run can recognize."""

    def __call__(self, scale, random_state):
        return {"value": scale}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fixed": {"function": abs, "factor": 3.0}}, "fixed.factor was 2 and is 3 now"),
        ({"fixed": {"function": abs}}, "fixed.factor was 2 and is None now"),
        ({"fixed": {"function": np.sqrt, "factor": 2.0}}, "'builtins.abs' and is 'numpy.sqrt' now"),
        ({"random_state": 1}, "random_state was 0 and is 1 now"),
        ({"paired": True}, "paired was False and is True now"),
        ({"study": scaled_too}, r"study was '.*\.scaled_by' and is '.*\.scaled_too' now"),
        ({"versions": {"rfsk": "9.9"}}, r"versions\.\w+ was '.*' and is (None|'9.9') now"),
    ],
)
def test_a_store_is_refused_if_anything_else_has_changed(changes, message, tmp_path, monkeypatch):
    options = {"fixed": {"function": abs, "factor": 2}, "store": tmp_path, **OPTIONS}
    with pytest.warns(UserWarning, match="1 of 2 cells failed"):
        sweep(scaled_by, {"x": [1.0, "a"]}, **options)
    assert len(entries(tmp_path)) == 1  # the cell that failed will run again
    changes = dict(changes)
    study, versions = changes.pop("study", scaled_by), changes.pop("versions", None)
    if versions:
        monkeypatch.setattr("rfsk.experiments._sweep.installed_versions", lambda: versions)
    with pytest.raises(ValueError, match=message):
        sweep(study, {"x": [1.0]}, **{**options, **changes})


def other_third(scale, random_state):
    return third(scale, random_state)


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """Function that writes a study and the helpers it imports, and imports it afresh."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = ("study_of_test", "helper_of_test", "package_of_test", "package_of_test.deep")

    def written(study, helper="", deep=""):
        (tmp_path / "package_of_test").mkdir(exist_ok=True)
        (tmp_path / "study_of_test.py").write_text(study)
        (tmp_path / "helper_of_test.py").write_text(helper)
        (tmp_path / "package_of_test" / "__init__.py").write_text("")
        (tmp_path / "package_of_test" / "deep.py").write_text(deep)
        for name in names:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module("study_of_test").study

    yield written
    for name in names:
        sys.modules.pop(name, None)


STUDY = """
def study(x, random_state):
    import helper_of_test  # when it is called
    return {"value": helper_of_test.scaled(x)}
"""
HELPER = "from package_of_test.deep import FACTOR\n\ndef scaled(x):\n    return FACTOR * x\n"


@pytest.mark.parametrize(
    ("texts", "module"),
    [
        ((STUDY + "\n# new", HELPER, "FACTOR = 1"), "study_of_test"),
        ((STUDY, HELPER + "\n# new", "FACTOR = 1"), "helper_of_test"),
        ((STUDY, HELPER, "FACTOR = 2"), "package_of_test"),
    ],
)
def test_a_change_in_any_module_that_is_not_installed_is_noticed(
    texts, module, own_module, tmp_path
):
    options = {"store": tmp_path / "store", **OPTIONS}
    study = own_module(STUDY, HELPER, "FACTOR = 1")
    for _ in range(2):
        assert sweep(study, {"x": [3]}, **options).table()["value"].tolist() == [3]
    study = own_module(*texts)
    with pytest.raises(ValueError, match=rf"sources\.{module} was '\w+' and is '\w+' now"):
        sweep(study, {"x": [3]}, **options)


def test_functions_of_a_grid_belong_to_the_study(own_module, tmp_path):
    options = {"fixed": {"x": 3}, "store": tmp_path / "store", **OPTIONS}
    sweep(scaled_by, {"function": [abs]}, **options)
    function = own_module("def study(x):\n    return x")
    sweep(scaled_by, {"function": [abs, function]}, **options)
    function = own_module("def study(x):\n    return 2 * x")
    with pytest.raises(ValueError, match=r"sources.study_of_test was"):
        sweep(scaled_by, {"function": [function]}, **options)


@pytest.mark.parametrize(
    ("study", "fixed", "message"),
    [
        (lambda scale, random_state: {"value": scale}, {}, "cannot be recognized in a later run"),
        (Scale(), {}, "cannot be recognized in a later run; expected"),
        (Scale().__call__, {}, "cannot be recognized in a later run"),
        (scaled_by, {"x": 1.0, "function": lambda x: x}, "cannot be recognized in a later run"),
    ],
)
def test_a_store_takes_only_what_a_later_run_can_recognize(study, fixed, message, tmp_path):
    grid = {"factor": [1.0]} if fixed else {"scale": [1]}
    with pytest.raises(TypeError, match=message):
        sweep(study, grid, fixed=fixed, store=tmp_path / "store", **OPTIONS)


def test_code_of_a_notebook_is_not_stored(monkeypatch, tmp_path):
    main = sys.modules["__main__"]
    monkeypatch.delattr(main, "__file__", raising=False)
    monkeypatch.setattr(main, "__package__", None, raising=False)
    monkeypatch.setattr(main, "study_of_notebook", other_third, raising=False)
    monkeypatch.setattr(other_third, "__module__", "__main__")
    monkeypatch.setattr(other_third, "__qualname__", "study_of_notebook")
    with pytest.raises(ValueError, match="cannot recognize code of a notebook or console"):
        sweep(other_third, GRID, store=tmp_path / "store", **OPTIONS)


def test_studies_of_the_package_have_stores(tmp_path):
    small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 2, "learning_time": 20}
    options = {"fixed": small, "store": tmp_path, **OPTIONS}
    first = sweep(FieldStudy(), {"gain": [3.0]}, **options).table()
    assert first.equals(sweep(FieldStudy(), {"gain": [3.0]}, **options).table())
    with pytest.raises(ValueError, match=r"study was .* and is .* now"):
        sweep(FieldStudy(measure=measure), {"gain": [3.0]}, **options)


def measure(net: FCNet, task, random_state):
    return {"n": net.n_steps_}


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "mine.json").write_text("{}")
    with pytest.raises(ValueError, match="holds files but no manifest; name another folder"):
        sweep(third, GRID, store=tmp_path, **OPTIONS)
    with pytest.raises(FileExistsError):
        sweep(third, GRID, store=tmp_path / "mine.json", **OPTIONS)
