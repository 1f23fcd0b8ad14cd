"""A student's script that nobody has touched runs to its end."""

import re
import runpy
from pathlib import Path

import pytest

# The first and the last; all notebooks, which hold the same code as scripts, run in test_solutions.
SCRIPTS = sorted((Path(__file__).parents[2] / "examples" / "exercises").glob("exercise_*.py"))[::5]


@pytest.mark.usefixtures("_close_figures")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_untouched_script_runs_and_is_told_of_every_blank(script, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    said = capsys.readouterr().out
    n_checks = len(re.findall(r"^(?:verdict = )?check_\w+\(", script.read_text("utf-8"), re.M))
    assert n_checks >= 1
    assert said.count("Not answered yet. Replace each ... by your answer") == n_checks
    assert "Right." not in said
    assert "Not yet." not in said
