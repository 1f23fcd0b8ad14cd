"""What students get is made from the solutions, and holds no answer."""

import doctest
import re
import sys
import zipfile

import checks
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
    assert len(build.solutions()) == 6
    made = {}
    for source in build.solutions():
        made |= build.build(source)
    there = {path.name for path in [*exercises.glob("exercise_*"), *exercises.glob("*.ipynb")]}
    assert there == set(made)
    for name, expected in made.items():
        kept = (exercises / name).read_text(encoding="utf-8")
        assert name.endswith(".py") != ("<details><summary>Hint 1" in kept), name
        if name.endswith(".ipynb"):
            kept = without_outputs(nbformat.reads(kept, as_version=4))
        assert kept == expected, f"{name} is not current: run python examples/exercises/build.py"


def without_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    return notebook


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
        ("# <student>\n", "# <student> must be one of the marks answer, student, /answer in"),
        ("# <answer>\n# </answer>\n", "# <answer> must be one of"),
        ("# <answer>\nx = 1\n", "# <answer> must be"),
        ("# <answer>\nx = 1\n# <student>\nx = 2\n# </answer>\n", "with '# >', got 'x = 2"),
        ("# <answer>\n# <student>\n# > x\n\n# </answer>\n", "with '# >'"),
    ],
)
@pytest.mark.parametrize("answers", [True, False])
def test_marks_out_of_order_are_refused(build, text, message, answers):
    with pytest.raises(ValueError, match=message):
        build.extract(text, answers=answers)


def test_pages_slides_and_handout_are_made_of_the_committed_files(publish, exercises, tmp_path):
    publish.publish(tmp_path)
    pages = [path.read_text(encoding="utf-8") for path in sorted(tmp_path.glob("*.md"))]
    assert len(pages) == 6
    for page in pages:
        asked, _, solved = page.partition("<summary>Solution</summary>")
        assert "...\n```" in asked
        assert "Right.</b>" in solved
        assert "Right.</b>" not in asked
        assert "<summary>Answer</summary>" in page
        assert "*Write your answer here.*" not in page
        assert page.count("<details") == page.count("</details>")
    shown = re.findall(r"exercises/figures/(\w+\.png)", "".join(pages))
    assert shown == sorted(path.name for path in exercises.glob("figures/*.png"))
    slides = (tmp_path / "slides.html").read_text(encoding="utf-8")
    assert slides.count("<section>") == 19
    assert slides.count('src="data:image/png;base64,') == slides.count("src=") == len(shown)
    assert "http" not in slides
    with zipfile.ZipFile(tmp_path / "exercises.zip") as packed:
        names = packed.namelist()
        readme = packed.read("exercises/README.md").decode()
    assert sum(name.startswith("exercises/exercise_") for name in names) == 12
    assert "exercises/checks/__init__.py" in names
    assert not any("solution" in text for text in (*names, readme))
    assert "## Start" in readme


def test_examples_in_docstrings_hold(build):
    for module in (build, sys.modules[checks.Verdict.__module__]):
        failed, attempted = doctest.testmod(module)
        assert attempted >= 1
        assert failed == 0
