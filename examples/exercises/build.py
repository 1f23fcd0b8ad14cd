"""Make the files for students from the solutions, and run the solutions.

Run from anywhere: ``python build.py`` writes the student's script and notebook of each
``solution_*.py`` beside it, the solution notebook with its outputs, and its figures in
``figures/``. Scripts for students have no hints, because a script cannot fold them.

In a solution, an answer and its replacement stand between lines that hold one mark each::

    # <answer>
    return x.mean()
    # <student>
    # > # One number for all rows.
    # > return ...
    # </answer>
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
_BLOCK = re.compile(r" *# <answer>\n(.*?) *# <student>\n(.*?) *# </answer>\n", re.DOTALL)
_HINT = re.compile(r"(#\n)?# <details>.*?# </details>\n", re.DOTALL)
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def solutions() -> list[Path]:
    """List the files from which build makes all others."""
    return sorted(HERE.glob("solution_*.py"))


def extract(text: str, *, answers: bool) -> str:
    r"""Replace each marked block of a solution by its answer, or by what students get.

    Examples
    --------
    >>> text = "# <answer>\nx = 1\n# <student>\n# > x = ...\n# </answer>\n"
    >>> extract(text, answers=False)
    'x = ...\n'
    """

    def part(block: re.Match[str]) -> str:
        if re.search(r"^(?! *# >)", block[2][:-1], re.MULTILINE):
            raise ValueError(f"Each line for students must begin with '# >', got {block[2]!r}.")
        if answers:
            return block[1]
        cell = text[text.rfind("# %%", 0, block.start()) :].partition("\n")[0]
        prefix = r"\1# " if "[markdown]" in cell else r"\1"
        uncovered = re.sub(r"^( *)# > ?", prefix, block[2], flags=re.MULTILINE)
        return re.sub(r" +$", "", uncovered, flags=re.MULTILINE)

    extracted = _BLOCK.sub(part, text)
    left = re.search("# <(answer|student|/answer)>", extracted)
    if left is not None:
        raise ValueError(f"{left[0]} must be one of the marks answer, student, /answer in order.")
    return extracted


def notebook(text: str) -> nbformat.NotebookNode:
    """Make a notebook without outputs from a script, with the same ids in each build."""
    made = jupytext.reads(text, fmt="py:percent")
    made.metadata = nbformat.from_dict(_METADATA)
    made.nbformat, made.nbformat_minor = 4, 5
    for place, cell in enumerate(made.cells):
        cell.id, cell.metadata = f"cell-{place:02d}", nbformat.from_dict({})
    nbformat.validate(made)
    return made


def build(source: Path) -> dict[str, nbformat.NotebookNode | str]:
    """Make both notebooks and the student's script of a solution; contents by file names."""
    text = source.read_text(encoding="utf-8")
    student, solved = extract(text, answers=False), extract(text, answers=True)
    exercise = source.stem.replace("solution", "exercise")
    return {
        f"{exercise}.py": _HINT.sub("", student),
        f"{exercise}.ipynb": notebook(student),
        f"{source.stem}.ipynb": notebook(solved),
    }


def outputs(solved: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """List the outputs of all cells of a notebook."""
    return [output for cell in solved.cells for output in cell.get("outputs", ())]


def figures(solved: nbformat.NotebookNode, source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names and PNGs of the figures in a notebook that has run."""
    images = [o.data["image/png"] for o in outputs(solved) if "image/png" in o.get("data", {})]
    for letter, image in zip("abcdef", images, strict=False):
        yield f"exercise_{source.stem.split('_')[1]}{letter}.png", base64.b64decode(image)


def run(solved: nbformat.NotebookNode) -> None:
    """Run a notebook in place, such that equal outputs make equal files."""
    options = {"timeout": 300, "coalesce_streams": True, "record_timing": False}
    NotebookClient(solved, resources={"metadata": {"path": str(HERE)}}, **options).execute()
    solved.metadata = nbformat.from_dict(_METADATA)  # without the version of Python


def main() -> None:
    """Write the files."""
    for source in solutions():
        for name, made in build(source).items():
            if name.startswith("solution"):
                run(made)
                for figure, png in figures(made, source):
                    (HERE / "figures" / figure).write_bytes(png)
            text = made if isinstance(made, str) else nbformat.writes(made) + "\n"
            (HERE / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
