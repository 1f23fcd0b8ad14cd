"""What students get is made from the solutions, and holds no answer."""

import doctest
import sys
import zipfile

import checks
import jupytext
import nbformat
import pytest

MARKED = """# %% [markdown]
# Why?
# <answer>
# Because.
# <student>
# > *Your words.*
# </answer>

# %%
def mean(x):
    # <answer>
    return x.mean()
    # <student>
    # > # One number.
    # >
    # > return ...
    # </answer>
"""


def test_the_files_in_the_folder_are_those_of_a_fresh_build(build, exercises):
    sources = build.solutions()
    assert len(sources) == 6
    for source in sources:
        for name, text in build.build(source).items():
            is_current = (exercises / name).read_text(encoding="utf-8") == text
            assert is_current, f"{name} is not current: run python examples/exercises/build.py"


def test_no_file_is_left_of_a_solution_that_was_renamed(build, exercises):
    made = {name for source in build.solutions() for name in build.build(source)}
    there = {path.name for path in [*exercises.glob("exercise_*"), *exercises.glob("*.ipynb")]}
    assert there == made


def test_students_get_the_stub_and_solutions_the_answer(build):
    student = build.extract(MARKED, answers=False)
    assert student == (
        "# %% [markdown]\n# Why?\n# *Your words.*\n\n"
        "# %%\ndef mean(x):\n    # One number.\n\n    return ...\n"
    )
    solution = build.extract(MARKED, answers=True)
    assert solution == (
        "# %% [markdown]\n# Why?\n# Because.\n\n# %%\ndef mean(x):\n    return x.mean()\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# <student>\n", "line 1: # <student> follows 'common'"),
        ("# <answer>\n# </answer>\n", "line 2: # </answer> follows 'answer'"),
        ("# <answer>\nx = 1\n", "does not end"),
        ("# <answer>\nx = 1\n# <student>\nx = 2\n# </answer>\n", "line 4: 'x = 2'; expected a"),
    ],
)
@pytest.mark.parametrize("answers", [True, False])
def test_marks_out_of_order_are_refused(build, text, message, answers):
    with pytest.raises(ValueError, match=message):
        build.extract(text, answers=answers)


def test_no_line_of_an_answer_is_in_a_students_file(build, exercises):
    for source in build.solutions():
        lines = source.read_text(encoding="utf-8").splitlines()
        student = (exercises / source.name.replace("solution", "exercise")).read_text("utf-8")
        is_answer, n_answers = False, 0
        for line in map(str.strip, lines):
            if line in ("# <answer>", "# <student>"):
                is_answer = line == "# <answer>"
                n_answers += is_answer
            elif is_answer and len(line) > 12:  # "return x" and the like may occur elsewhere
                assert line not in student.splitlines(), line
        assert n_answers >= 2
        assert "answer>" not in student


@pytest.mark.parametrize("kind", ["exercise", "solution"])
def test_notebooks_hold_the_code_of_the_scripts_and_no_outputs(build, exercises, kind):
    for source in build.solutions():
        script = build.extract(source.read_text(encoding="utf-8"), answers=kind == "solution")
        name = source.with_suffix(".ipynb").name.replace("solution", kind)
        notebook = nbformat.read(exercises / name, as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert not any(cell.outputs or cell.execution_count for cell in code)
        cells = jupytext.reads(script, fmt="py:percent").cells
        assert [cell.source for cell in code] == [c.source for c in cells if c.cell_type == "code"]


def test_the_handout_holds_exercises_and_checks_and_no_solution(build, tmp_path):
    build.handout(tmp_path / "exercises.zip")
    with zipfile.ZipFile(tmp_path / "exercises.zip") as packed:
        names = packed.namelist()
    assert sum(name.startswith("exercises/exercise_") for name in names) == 12
    assert "exercises/checks/__init__.py" in names
    assert not any("solution" in name for name in names)


def test_examples_in_docstrings_hold(build):
    for module in (build, sys.modules[checks.Verdict.__module__]):
        failed, attempted = doctest.testmod(module)
        assert attempted >= 1
        assert failed == 0
