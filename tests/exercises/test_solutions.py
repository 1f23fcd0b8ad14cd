"""All notebooks run: solutions pass their checks and print what they and the plan show."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

NUMBER = re.compile(r"-?\d+\.?\d*")
CHECK = re.compile(r"^(?:verdict = )?check_\w+\(", re.MULTILINE)


def run_in_one_kernel(notebooks, folder):
    """Run notebooks one after the other, in place; names are cleared in between.

    The kernel is the same, so that torch is imported once.
    """
    joined = nbformat.v4.new_notebook(metadata=notebooks[0].metadata)
    for place, notebook in enumerate(notebooks):
        for cell in notebook.cells:
            cell.id = f"{place}-{cell.id}"
        joined.cells += [*notebook.cells, nbformat.v4.new_code_cell("%reset_selective -f .")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(joined, timeout=120, resources=resources).execute()


def outputs_of(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def data_of(notebook, kind):
    return [o.data for o in outputs_of(notebook) if kind in o.get("data", {})]


def text_of(notebook, stream):
    return "".join(o.text for o in outputs_of(notebook) if o.get("name") == stream)


def check_verdicts(name, notebook, word):
    """Check that every verdict of a notebook begins with a word, and that nothing warned."""
    source = "\n".join(cell.source for cell in notebook.cells)
    n_checks = len(CHECK.findall(source))
    verdicts = data_of(notebook, "text/html")
    assert len(verdicts) == n_checks > 0
    for shown in verdicts:
        assert shown["text/plain"].startswith(word), f"{name}: {shown['text/plain']}"
        assert f"{word}</b>" in shown["text/html"]
    assert text_of(notebook, "stderr") == "", name


def test_notebooks_run_and_solutions_show_what_the_lesson_plan_shows(build, exercises):
    """One test, so that parallel workers run the notebooks once."""
    names = [source.stem for source in build.solutions()]
    students = [name.replace("solution", "exercise") for name in names]
    notebooks, untouched = (
        [nbformat.read(exercises / f"{name}.ipynb", as_version=4) for name in group]
        for group in (names, students)
    )
    committed = [nbformat.read(exercises / f"{name}.ipynb", as_version=4) for name in names]
    run_in_one_kernel([*notebooks, *untouched], exercises)
    for name, notebook in zip(students, untouched, strict=True):
        check_verdicts(name, notebook, "Not answered yet.")
    figures = {}
    for source, notebook, kept in zip(build.solutions(), notebooks, committed, strict=True):
        check_verdicts(source.stem, notebook, "Right.")
        check_verdicts(source.stem, kept, "Right.")
        shown = [text_of(either, "stdout").splitlines() for either in (kept, notebook)]
        for before, now in zip(*shown, strict=True):
            assert agree(before, now), f"{before!r} is now {now!r}: run build.py"
        assert len(data_of(notebook, "image/png")) == len(data_of(kept, "image/png"))
        figures |= build.figures(kept, source)
    kept = sorted((exercises / "figures").glob("*.png"))
    assert {path.name: path.read_bytes() for path in kept} == figures
    assert all(path.stat().st_size < 100_000 for path in kept)
    plan = (exercises / "lesson_plan.md").read_text(encoding="utf-8")
    assert re.findall(r"\(figures/(.*?)\)", plan) == sorted(figures)
    printed = "".join(text_of(notebook, "stdout") for notebook in notebooks).splitlines()
    boxes = re.findall(r"^```text\n(.*?)^```$", plan, re.DOTALL | re.MULTILINE)
    assert len(boxes) == 7
    for quoted in "".join(boxes).splitlines():
        assert any(agree(quoted, line) for line in printed), quoted


def agree(quoted, printed):
    """Same words, and numbers within two units of the last digit shown."""
    if NUMBER.sub("#", quoted).split() != NUMBER.sub("#", printed).split():
        return False
    return all(
        abs(float(one) - float(other)) <= 2.001 * 10.0 ** -len(one.partition(".")[2])
        for one, other in zip(NUMBER.findall(quoted), NUMBER.findall(printed), strict=True)
    )
