"""Make what students get from the solutions, so that the two cannot drift apart.

Run from anywhere: ``python build.py`` writes the student's script and both notebooks of every
``solution_*.py`` beside it; ``--figures`` also runs the solution notebooks and writes their figures
to ``figures/``; ``--handout FILE.zip`` packs what students get, without solutions.

In a solution, between lines that hold one mark each, stand the answer and what replaces it::

    # <answer>
    return x.mean()
    # <student>
    # > # One number for all rows.
    # > return ...
    # </answer>
"""

import argparse
import base64
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
_BLOCK = re.compile(r" *# <answer>\n(.*?) *# <student>\n(.*?) *# </answer>\n", re.DOTALL)
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def solutions() -> list[Path]:
    """List the files from which all others are made."""
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
    """Make a notebook without outputs of a script, with the same ids in each build."""
    made = jupytext.reads(text, fmt="py:percent")
    made.metadata = nbformat.from_dict(_METADATA)
    made.nbformat, made.nbformat_minor = 4, 5
    for place, cell in enumerate(made.cells):
        cell.id, cell.metadata = f"cell-{place:02d}", nbformat.from_dict({})
    nbformat.validate(made)
    return made


def build(source: Path) -> dict[str, str]:
    """Make both notebooks and the student's script of a solution; texts by file names."""
    text = source.read_text(encoding="utf-8")
    student, solved = extract(text, answers=False), extract(text, answers=True)
    exercise = source.stem.replace("solution", "exercise")
    return {
        f"{exercise}.py": student,
        f"{exercise}.ipynb": nbformat.writes(notebook(student)) + "\n",
        f"{source.stem}.ipynb": nbformat.writes(notebook(solved)) + "\n",
    }


def figures(source: Path) -> Iterator[tuple[str, bytes]]:
    """Run a solution and yield the names and PNGs of its figures."""
    from nbclient import NotebookClient

    ran = notebook(extract(source.read_text(encoding="utf-8"), answers=True))
    NotebookClient(ran, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    outputs = [output for cell in ran.cells for output in cell.get("outputs", ())]
    images = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    for letter, image in zip("abcdef", images, strict=False):
        yield f"exercise_{source.stem.split('_')[1]}{letter}.png", base64.b64decode(image)


def handout(target: Path) -> None:
    """Pack exercises and checks, but no solutions."""
    files = [*HERE.glob("exercise_*"), *HERE.glob("checks/*.py"), HERE / "README.md"]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(files):
            packed.write(file, Path("exercises") / file.relative_to(HERE))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Make the exercises from the solutions.")
    parser.add_argument("--figures", action="store_true", help="run all and write the figures")
    parser.add_argument("--handout", type=Path, metavar="FILE.zip", help="pack what students get")
    options = parser.parse_args(arguments)
    for source in solutions():
        for name, text in build(source).items():
            (HERE / name).write_text(text, encoding="utf-8", newline="\n")
        if options.figures:
            for name, png in figures(source):
                (HERE / "figures" / name).write_bytes(png)
    if options.handout is not None:
        handout(options.handout)


if __name__ == "__main__":
    main()
