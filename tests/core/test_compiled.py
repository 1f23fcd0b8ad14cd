import importlib.util

import numba
import pytest

SOURCE = """
from rfsk._core._compiled import compiled


@compiled(fastmath=True)
def total(n):
    result = 0.0
    for i in range(n):
        result += i
    return result
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Import a module with a compiled function, whose source lies in the test's own folder."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    path = tmp_path / "loops.py"
    path.write_text(SOURCE)

    def load():
        spec = importlib.util.spec_from_file_location("loops", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.total

    return load


def hits(function):
    return sum(function.stats.cache_hits.values())


def test_machine_code_is_kept_for_the_next_process(load):
    first, second = load(), load()
    assert (first(4), hits(first)) == (6.0, 0)
    assert (second(4), hits(second)) == (6.0, 1)


def test_functions_compile_where_no_folder_can_be_written(load, tmp_path, monkeypatch):
    for folder in ("__pycache__", "user"):
        (tmp_path / folder).touch()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "user" / "cache"))
    function = load()
    assert (function(4), hits(function)) == (6.0, 0)
    assert function.stats.cache_path is None


def test_files_that_cannot_be_read_are_replaced_or_ignored(load, tmp_path):
    load()(4)
    for index in (tmp_path / "__pycache__").glob("*.nbi"):
        index.unlink()
        index.mkdir()
    function = load()
    assert (function(4), hits(function)) == (6.0, 0)
