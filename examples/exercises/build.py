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
_MARKS = {"# <answer>": "answer", "# <student>": "student", "# </answer>": "common"}
_FOLLOWS = {"answer": "common", "student": "answer", "common": "student"}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def solutions() -> list[Path]:
    """Return the files from which all is made, in order."""
    return sorted(HERE.glob("solution_*.py"))


def extract(text: str, *, answers: bool) -> str:
    r"""Return the text of a solution without marks, with answers or with what replaces them.

    Parameters
    ----------
    text : str
        A solution with marks.
    answers : bool
        True for the solution, False for the student's text.

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If marks are out of order, or a line for students does not begin with ``# >``.

    Examples
    --------
    >>> text = "# <answer>\nx = 1\n# <student>\n# > x = ...\n# </answer>\n"
    >>> extract(text, answers=False)
    'x = ...\n'
    """
    part, in_prose, lines = "common", False, []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped in _MARKS:
            if part != _FOLLOWS[_MARKS[stripped]]:
                raise ValueError(
                    f"line {number}: {stripped} follows {part!r}; expected answer, student, end."
                )
            part = _MARKS[stripped]
            continue
        if part == "common" and line.startswith("# %%"):
            in_prose = "[markdown]" in line
        if part == "common" or (part == "answer" and answers):
            lines.append(line)
        elif part == "student" and not answers:
            lines.append(_uncover(line, number, in_prose))
        elif part == "student":
            _uncover(line, number, in_prose)
    if part != "common":
        raise ValueError("The last # <answer> does not end; expected # </answer>.")
    return "\n".join(lines) + "\n"


def _uncover(line: str, number: int, in_prose: bool) -> str:
    found = re.fullmatch(r"( *)# >(?: (.*))?", line)
    if found is None:
        raise ValueError(f"line {number}: {line!r}; expected a line for students, '# > ...'.")
    return (found[1] + ("# " if in_prose else "") + (found[2] or "")).rstrip()


def notebook(text: str) -> nbformat.NotebookNode:
    """Return the notebook of a script in percent format, without outputs.

    Parameters
    ----------
    text : str
        The script.

    Returns
    -------
    notebook : nbformat.NotebookNode
        Its cells have ids by their place, so that two builds are equal.
    """
    made = jupytext.reads(text, fmt="py:percent")
    made.metadata = nbformat.from_dict(_METADATA)
    made.nbformat, made.nbformat_minor = 4, 5
    for place, cell in enumerate(made.cells):
        cell.id = f"cell-{place:02d}"
        cell.metadata = nbformat.from_dict({})
    nbformat.validate(made)
    return made


def build(source: Path) -> dict[str, str]:
    """Return what is made from one solution: file names and their texts.

    Parameters
    ----------
    source : Path
        A solution.

    Returns
    -------
    files : dict of str to str
        The student's script and notebook, and the notebook of the solution.
    """
    text = source.read_text(encoding="utf-8")
    student, solved = extract(text, answers=False), extract(text, answers=True)
    exercise = source.stem.replace("solution", "exercise", 1)
    return {
        f"{exercise}.py": student,
        f"{exercise}.ipynb": nbformat.writes(notebook(student)) + "\n",
        f"{source.stem}.ipynb": nbformat.writes(notebook(solved)) + "\n",
    }


def figures(source: Path) -> Iterator[tuple[str, bytes]]:
    """Run the notebook of a solution and yield the names and PNGs of its figures.

    Parameters
    ----------
    source : Path
        A solution.

    Yields
    ------
    name : str
    png : bytes
    """
    from nbclient import NotebookClient

    ran = notebook(extract(source.read_text(encoding="utf-8"), answers=True))
    NotebookClient(ran, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    exercise = "_".join(source.stem.replace("solution", "exercise", 1).split("_")[:2])
    outputs = [output for cell in ran.cells for output in cell.get("outputs", ())]
    images = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    for letter, image in zip("abcdef", images, strict=False):
        yield f"{exercise}{letter}.png", base64.b64decode(image)


def handout(target: Path) -> None:
    """Pack what students get: exercises and checks, no solution.

    Parameters
    ----------
    target : Path
        The zip file to write.
    """
    files = [*HERE.glob("exercise_*"), *(HERE / "checks").glob("*.py"), HERE / "README.md"]
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
