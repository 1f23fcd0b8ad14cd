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

from rfsk._core._runs import installed_versions
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
    found = sweep(noting, grid, **options)
    assert 1 < len(entries(store)) == 40
    assert not list(store.glob(".*"))  # no leftovers of killed writes
    assert len(log.read_text().split()) <= 60  # a kill costs one cell at most
    whole = sweep(third, grid, **OPTIONS)
    pd.testing.assert_frame_equal(numbers(found), numbers(whole), check_exact=True)


def noting(scale, log, random_state):
    time.sleep(0.01)
    with open(log, "a") as file:
        file.write(f"{scale}\n")
    return third(scale, random_state)


def test_a_full_disk_ends_the_sweep_and_loses_no_finished_cell(monkeypatch, tmp_path):
    whole = sweep(third, GRID, **OPTIONS)
    sync, n_synced = os.fsync, []

    def full(descriptor):
        n_synced.append(descriptor)
        if len(n_synced) > 3:  # the manifest and two cells
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left .*\nA later call continues from the cells"):
        sweep(third, GRID, store=tmp_path, **OPTIONS)
    assert len(entries(tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 3  # nothing half written
    monkeypatch.undo()
    CALLS.clear()
    again = sweep(third, GRID, store=tmp_path, **OPTIONS)
    assert len(CALLS) == 2
    pd.testing.assert_frame_equal(numbers(again), numbers(whole), check_exact=True)


DAMAGES = {
    "empty": lambda text: "",
    "cut": lambda text: text[:-20],
    "digit": lambda text: text.replace("0.333", "0.332"),
    "other": lambda text: "{}",
    "nested": lambda text: "[" * 10**5,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_computed_again(damage, tmp_path):
    whole = sweep(third, GRID, store=tmp_path, **OPTIONS)
    entry = next(entry for entry in entries(tmp_path) if "0.333" in entry.read_text())
    entry.write_text(DAMAGES[damage](entry.read_text()))
    CALLS.clear()
    for _ in range(2):
        found = sweep(third, GRID, store=tmp_path, **OPTIONS)
        assert len(CALLS) == 1
        pd.testing.assert_frame_equal(numbers(found), numbers(whole))


def test_finished_cells_of_other_points_and_repeats_are_taken_from_the_store(tmp_path):
    first = sweep(third, GRID, store=tmp_path, **OPTIONS)
    again = sweep(third, {"scale": [4, 1.0, 7]}, 2, store=tmp_path, **OPTIONS)
    assert sorted(CALLS[4:]) == [1, 4, 7, 7]
    rows = again[again["repeat"] == 0].set_index("scale")
    assert rows["duration"][4] == first.set_index("scale")["duration"][4]


def scaled_by(x, function, random_state, factor=1.0):
    return {"value": factor * function(x)}


def scaled_too(x, function, random_state, factor=1.0):
    return scaled_by(x, function, random_state, factor)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fixed": {"function": abs, "factor": 3.0}}, r'fixed was .*"factor": 2.* is now .*: 3'),
        ({"fixed": {"function": abs}}, r'fixed was .*"factor": 2.* and is now .*"builtins.abs"'),
        ({"fixed": {"function": np.sqrt, "factor": 2.0}}, "builtins.abs.* and is now .*numpy.sqrt"),
        ({"random_state": 1}, "random_state was 0 and is now 1"),
        ({"paired": True}, "paired was false and is now true"),
        ({"study": scaled_too}, r"study was .*\.scaled_by.* and is now .*\.scaled_too"),
        ({"versions": {"rfsk": "9.9"}}, r"the version of rfsk was .* and is now 9\.9"),
    ],
)
def test_a_store_is_refused_if_anything_else_has_changed(changes, message, tmp_path, monkeypatch):
    options = {"fixed": {"function": abs, "factor": 2}, "store": tmp_path, **OPTIONS}
    with pytest.warns(UserWarning, match="1 of 2 cells failed"):
        sweep(scaled_by, {"x": [1.0, "a"]}, **options)
    assert len(entries(tmp_path)) == 1  # the cell that failed will run again
    changes = {"study": scaled_by, **changes}
    if "versions" in changes:
        versions = {**installed_versions(), **changes.pop("versions")}
        monkeypatch.setattr("rfsk.experiments._store.installed_versions", lambda: versions)
    with pytest.raises(ValueError, match=message):
        sweep(grid={"x": [1.0]}, **{**options, **changes})


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """Function that writes a study and the helpers it imports, and imports it afresh."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "package_of_test").mkdir()
    files = ("study_of_test", "helper_of_test", "package_of_test/deep", "package_of_test/__init__")

    def forget():
        for name in ("package_of_test", *(file.replace("/", ".") for file in files)):
            sys.modules.pop(name, None)

    def written(*texts):
        for file, text in zip(files, (*texts, "", "", "", ""), strict=False):
            (tmp_path / f"{file}.py").write_text(text)
        forget()
        importlib.invalidate_caches()
        return importlib.import_module("study_of_test").study

    yield written
    forget()


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
        assert sweep(study, {"x": [3]}, **options)["value"].tolist() == [3]
    study = own_module(*texts)
    with pytest.raises(ValueError, match=rf"the source of {module} was \w+ and is now \w+"):
        sweep(study, {"x": [3]}, **options)


def test_functions_of_a_grid_belong_to_the_study(own_module, tmp_path):
    options = {"fixed": {"x": 3}, "store": tmp_path / "store", **OPTIONS}
    sweep(scaled_by, {"function": [abs]}, **options)
    function = own_module("def study(x):\n    return x")
    sweep(scaled_by, {"function": [abs, function]}, **options)
    function = own_module("def study(x):\n    return 2 * x")
    with pytest.raises(ValueError, match="the source of study_of_test was"):
        sweep(scaled_by, {"function": [function]}, **options)


@pytest.mark.parametrize(
    ("study", "fixed"),
    [
        (lambda random_state: {}, {}),
        (np.vectorize(third), {"scale": 1}),  # a study with a state
        (scaled_by, {"x": 1.0, "function": lambda x: x}),
    ],
)
def test_a_store_takes_only_what_a_later_run_can_recognize(study, fixed, tmp_path):
    with pytest.raises(TypeError, match="Arguments of a sweep must be numbers"):
        sweep(study, [{}], fixed=fixed, store=tmp_path / "store", **OPTIONS)


@pytest.mark.parametrize("file", [None, "<stdin>"])
def test_code_of_a_notebook_or_of_standard_input_is_not_stored(file, monkeypatch, tmp_path):
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", file, raising=False)
    monkeypatch.setattr(main, "__package__", None, raising=False)
    monkeypatch.setattr(main, "scaled_too", scaled_too, raising=False)
    monkeypatch.setattr(scaled_too, "__module__", "__main__")
    fixed = {"x": 1, "function": abs}
    with pytest.raises(ValueError, match="notebook, a console or standard input cannot be comp"):
        sweep(scaled_too, [{}], fixed=fixed, store=tmp_path / "store", **OPTIONS)


def measure(net, task, random_state):
    return {"n": net.n_steps_}


def test_studies_of_the_package_have_stores_and_folders_of_other_things_are_refused(tmp_path):
    small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 2, "learning_time": 20}
    options = {"grid": {"gain": [3.0]}, "fixed": small, "store": tmp_path, **OPTIONS}
    first = sweep(FieldStudy(), **options)
    assert first.equals(sweep(FieldStudy(), **options))
    with pytest.raises(ValueError, match=r"study was .*measure_fields.* and is now "):
        sweep(FieldStudy(measure=measure), **options)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ValueError, match=r"has JSON files and no manifest\. Choose another folder"):
        sweep(FieldStudy(), **options)
    with pytest.raises(FileExistsError):
        sweep(FieldStudy(), **options | {"store": next(tmp_path.iterdir())})
