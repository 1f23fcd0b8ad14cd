import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from rfsk.experiments import sweep
from rfsk.experiments._store import Store

# A slow study that notes each of its calls, run as a script of its own, which can be killed.
SCRIPT = """
import os, resource, sys, time
from rfsk.experiments import sweep

def slow(scale, random_state):
    time.sleep(0.1)
    with open(os.environ["LOG"], "a") as file:
        file.write(f"{scale}\\n")
    return {"value": scale / 3, "seed_again": random_state}

if __name__ == "__main__":
    folder, most_bytes = sys.argv[1], int(sys.argv[2])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    grid = {"scale": list(range(16))}
    found = sweep(slow, grid, store=folder, n_jobs=1, random_state=0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    found.table().to_pickle(os.environ["LOG"] + ".table")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "study.py"
    path.write_text(SCRIPT)

    def run(store, log="calls", most_bytes=-1):
        command = [sys.executable, "-W", "ignore", path, store, str(most_bytes)]
        environment = {**os.environ, "LOG": log}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, start_new_session=True)

    return run


def calls(folder, log="calls"):
    path = folder / log
    return sorted(int(line) for line in path.read_text().split()) if path.exists() else []


def finish(process):
    assert process.wait(120) == 0


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_killed_sweep_goes_on_where_it_was(script, tmp_path):
    store = tmp_path / "store"
    process = script(store)
    wait_for(lambda: len(list(store.glob("[!.]*.json"))) >= 5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = len(list(store.glob("[!.]*.json")))
    assert 5 <= kept < 16
    first = calls(tmp_path)
    finish(script(store))
    again = calls(tmp_path)
    assert set(again) == set(range(16))
    assert len(again) - len(first) == 16 - kept
    assert table(tmp_path, "calls").equals(undisturbed())


def table(folder, log):
    return pd.read_pickle(folder / f"{log}.table")[COLUMNS]


def undisturbed():
    return sweep(third, {"scale": list(range(16))}, n_jobs=1, random_state=0).table()[COLUMNS]


@pytest.mark.slow
def test_two_sweeps_share_one_store(script, tmp_path):
    store = tmp_path / "store"
    for process in [script(store, log) for log in ("one", "two")]:
        finish(process)
    assert len(list(store.iterdir())) == 16
    mine, yours = calls(tmp_path, "one"), calls(tmp_path, "two")
    assert set(mine) | set(yours) == set(range(16))
    assert len(mine) + len(yours) < 32  # they took some cells from each other
    assert table(tmp_path, "one").equals(undisturbed())
    assert table(tmp_path, "two").equals(undisturbed())


@pytest.mark.slow
def test_a_sweep_survives_files_that_cannot_be_written(script, tmp_path):
    store = tmp_path / "store"
    finish(script(store, most_bytes=200))  # a record takes some 500
    assert not list(store.iterdir())
    assert table(tmp_path, "calls").equals(undisturbed())


def third(scale, random_state):
    return {"value": scale / 3, "seed_again": random_state}


COLUMNS = ["scale", "repeat", "seed", "value", "seed_again"]
OPTIONS = {"n_jobs": 1, "random_state": 0}
GRID = {"scale": [1, 2, 4, 5]}


@pytest.fixture
def counted(monkeypatch):
    calls = []
    monkeypatch.setattr(sys.modules[__name__], "called", calls.append, raising=False)
    return counting, calls


def counting(scale, random_state):
    called(scale)  # noqa: F821
    return third(scale, random_state)


def test_a_full_disk_loses_nothing(monkeypatch, tmp_path):
    whole = sweep(third, GRID, **OPTIONS).table()
    sync, n_synced = os.fsync, []

    def full(descriptor):
        n_synced.append(descriptor)
        if len(n_synced) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(UserWarning, match="finished cell") as caught:
        found = sweep(third, GRID, store=tmp_path, **OPTIONS)
    messages = [str(warning.message) for warning in caught]
    assert messages[0].startswith("A finished cell could not be stored ([Errno 28] No space left")
    assert messages[1].startswith("2 finished cell(s) are not in the store")
    assert len(messages) == 2
    pd.testing.assert_frame_equal(found.table(), whole, check_exact=True)
    assert len(list(tmp_path.iterdir())) == 2  # two cells, and nothing half written
    monkeypatch.undo()
    again = sweep(third, GRID, store=tmp_path, **OPTIONS)
    pd.testing.assert_frame_equal(again.table(), whole, check_exact=True)
    assert len(list(tmp_path.iterdir())) == 4


def test_what_could_not_be_written_is_written_at_the_end(monkeypatch, tmp_path):
    sync, failures = os.fsync, [OSError(errno.ENOSPC, "No space left on device")]

    def briefly_full(descriptor):
        if failures:
            raise failures.pop()
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", briefly_full)
    with pytest.warns(UserWarning, match="A finished cell could not be stored"):
        sweep(third, GRID, store=tmp_path, **OPTIONS)
    assert len(list(tmp_path.glob("*.json"))) == 4


@pytest.mark.parametrize("damage", ["cut", "number", "empty", "other"])
def test_a_damaged_entry_is_noticed_and_computed_anew(damage, counted, tmp_path):
    study, calls = counted
    whole = sweep(study, GRID, store=tmp_path, **OPTIONS).table()
    paths = sorted(tmp_path.glob("*.json"))
    text = paths[0].read_text()
    if damage == "number":
        assert '"value": ' in text
        text = text.replace('"value": ', '"value": 1')
    paths[0].write_text(
        {"cut": text[:-20], "number": text, "empty": "", "other": paths[1].read_text()}[damage]
    )
    del calls[:]
    with pytest.warns(UserWarning, match=r"The entry \w+\.json of the store is damaged"):
        found = sweep(study, GRID, store=tmp_path, **OPTIONS)
    assert len(calls) == 1
    pd.testing.assert_frame_equal(found.table(), whole, check_exact=True)
    sweep(study, GRID, store=tmp_path, **OPTIONS)
    assert len(calls) == 1


def test_a_store_is_asked_before_anything_is_computed(counted, tmp_path):
    study, calls = counted
    first = sweep(study, GRID, 2, store=tmp_path, **OPTIONS)
    assert len(calls) == 8
    again = sweep(study, {"scale": [4, 1, 7]}, 2, store=tmp_path, **OPTIONS)
    assert sorted(calls[8:]) == [7, 7]
    both = {"scale": [1, 4]}
    rows = [t.table().query("scale in @both['scale']", local_dict={"both": both})
            for t in (first, again)]  # fmt: skip
    sort = [r.sort_values(["scale", "repeat"], ignore_index=True) for r in rows]
    pd.testing.assert_frame_equal(*sort, check_exact=True)
    sweep(study, GRID, 2, store=tmp_path, n_jobs=1, random_state=1)
    assert len(calls) == 18


def test_what_a_killed_writer_left_is_swept_up(tmp_path):
    old, young = tmp_path / ".a.b.tmp", tmp_path / ".c.d.tmp"
    for path in (old, young):
        path.write_text("{")
    os.utime(old, (0, 0))
    Store(tmp_path)
    assert [path.name for path in Path(tmp_path).iterdir()] == [young.name]


def test_a_failure_does_not_take_the_place_of_a_result(tmp_path, monkeypatch):
    """Another sweep finishes the cell while this one fails at it."""
    finished = sweep(third, {"scale": [1]}, store=tmp_path, **OPTIONS)
    (key,) = finished.records
    read, asked = Store.read, []

    def late(store, wanted):
        asked.append(wanted)
        return None if len(asked) <= 2 else read(store, wanted)  # as if it came only then

    def failing(study, calls):
        return [{"error": "MemoryError", "traceback": "", "seconds": 0.0}]

    monkeypatch.setattr(Store, "read", late)
    monkeypatch.setattr("rfsk.experiments._run.run_cells", failing)
    again = sweep(third, {"scale": [1]}, store=tmp_path, **OPTIONS)
    assert asked == [key] * 3
    assert again.table()["value"].tolist() == [1 / 3]
    assert Store(tmp_path).read(key)["result"] == finished.records[key]["result"]
