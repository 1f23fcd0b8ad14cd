"""Make the pages, the slides and the handout of the class from its notebooks and lesson plan.

``python publish.py FOLDER`` writes a page in Markdown for each exercise, ``slides.html``, a single
file that needs no network, and ``exercises.zip``, which holds no solutions. Each block quote of the
lesson plan is one slide.
"""

import base64
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

HERE = Path(__file__).resolve().parent
_BLANK = "*Write your answer here.*"
_FIGURES = "../../../examples/exercises/figures"  # from docs/generated/class


def plan() -> str:
    """Return the lesson plan."""
    return (HERE / "lesson_plan.md").read_text(encoding="utf-8")


def cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook, the source of each as one string."""
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in found]


def folded(summary: str, text: str, *, is_open: bool = False) -> str:
    """Return Markdown that a reader can unfold."""
    return f"<details{' open' * is_open}><summary>{summary}</summary>\n\n{text}\n\n</details>"


def page(exercise: Path) -> str:
    """Make the page of an exercise; answers and what follows from them are folded."""
    captions = {name: alt for alt, name in re.findall(r"!\[(.*?)\]\(figures/(.*?)\)", plan())}
    figures = iter(sorted(name for name in captions if name[:10] == exercise.name[:10]))
    solution = exercise.with_name(exercise.name.replace("exercise", "solution"))
    parts, is_open = [], True
    for asked, solved in zip(cells(exercise), cells(solution), strict=True):
        if asked["cell_type"] == "markdown":
            before, blank, after = asked["source"].partition(_BLANK)
            answer = solved["source"][len(before) : len(solved["source"]) - len(after)]
            parts.append(before + (folded("Answer", answer) if blank else "") + after)
            continue
        parts.append(f"```python\n{asked['source']}\n```")
        if asked["source"] != solved["source"]:
            parts.append(folded("Solution", f"```python\n{solved['source']}\n```"))
            is_open = False
        shown = []
        for output in solved["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                name = next(figures)
                shown.append(f"![{captions[name]}]({_FIGURES}/{name})")
            elif "text/html" in data:
                shown.append("".join(data["text/html"]))
            elif "text" in output:
                shown.append(f"```text\n{''.join(output['text']).rstrip()}\n```")
        if shown:
            parts.append(folded("Output", "\n\n".join(shown), is_open=is_open))
    return "\n\n".join(parts) + "\n"


def slides() -> str:
    """Make one HTML page of the block quotes of the lesson plan, with its figures in it."""

    def embedded(source: re.Match[str]) -> str:
        return f"data:image/png;base64,{base64.b64encode((HERE / source[0]).read_bytes()).decode()}"

    quotes = re.findall(r"^(?:>.*\n)+", plan(), re.MULTILINE)
    texts = [re.sub(r"^> ?", "", quote, flags=re.MULTILINE) for quote in quotes]
    html = "\n".join(f"<section>\n{MarkdownIt().render(text)}</section>" for text in texts)
    html = re.sub(r"figures/\w+\.png", embedded, html)
    return (HERE / "slides.html").read_text(encoding="utf-8").replace("<!-- slides -->", html)


def handout(target: Path) -> None:
    """Pack exercises and checks, but neither solutions nor the section for lecturers."""
    files = [*HERE.glob("exercise_*"), *HERE.glob("checks/*.py")]
    readme, _, _ = (HERE / "README.md").read_text(encoding="utf-8").partition("\n## For lecturers")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(files):
            packed.write(file, Path("exercises") / file.relative_to(HERE))
        packed.writestr("exercises/README.md", readme)


def publish(folder: Path) -> None:
    """Write all files to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("exercise_*.md"):
        stale.unlink()
    for exercise in HERE.glob("exercise_*.ipynb"):
        text = page(exercise)
        (folder / f"{exercise.stem}.md").write_text(text, encoding="utf-8", newline="\n")
    (folder / "slides.html").write_text(slides(), encoding="utf-8", newline="\n")
    handout(folder / "exercises.zip")


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
