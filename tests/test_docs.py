"""The site: its pages run, its API page is complete. No page is built here."""

import importlib
import pkgutil
import re
import sys
import types
from pathlib import Path

import pytest

import rfsk
from rfsk.claims import CLAIMS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    DOCS / "quick_start.md",
    *sorted((DOCS / "guide").glob("*.md")),
    *sorted((DOCS / "extending").glob("*.md")),
    *(
        pytest.param(page, marks=pytest.mark.slow, id=page.stem)
        for page in (DOCS / "questions.md", *sorted((DOCS / "coming_from").glob("*.md")))
    ),
]


def test_the_api_page_lists_each_public_name_once():
    expected = []
    for module in pkgutil.iter_modules(rfsk.__path__):
        if not module.name.startswith("_"):
            for name in importlib.import_module(f"rfsk.{module.name}").__all__:
                expected.append(name if name in rfsk.__all__ else f"{module.name}.{name}")
    page = (DOCS / "api.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^   ([\w.]+)$", page, re.MULTILINE)
    assert sorted(listed) == sorted(expected)
    assert {name for name in rfsk.__all__ if callable(getattr(rfsk, name))} <= set(listed)


@pytest.mark.usefixtures("_close_figures")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_blocks_run_as_they_stand(page, tmp_path, monkeypatch):
    """Top to bottom in one namespace, that of a module, so that its classes can be pickled."""
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType(f"page_{page.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    text = page.read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert blocks
    for block in blocks:
        before = "\n" * text.count("\n", 0, block.start(1))  # tracebacks give lines of the page
        exec(compile(before + block[1], str(page), "exec"), module.__dict__)


def test_links_between_pages_lead_somewhere():
    for page in [*DOCS.glob("*.md"), *DOCS.glob("*/*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_claims_page_and_the_readme_tell_what_the_claims_are_and_came_to():
    page = (DOCS / "claims.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (\w+) \|$", page, re.MULTILINE)
    told = [row for row in told if row[0] != "quantity"]
    expected = [q for claim in CLAIMS for q in claim.quantities]
    assert [row[:3] for row in told] == [(q.name, q.expected, q.source) for q in expected]
    for quantity, (*_, obtained, verdict) in zip(expected, told, strict=True):
        mean = float(obtained.split(" ± ")[0])
        rounding = 0.5 * 10.0**-quantity.digits
        if verdict == "holds":
            assert quantity.low - rounding <= mean <= quantity.high + rounding
    for claim in CLAIMS:
        assert claim.statement in page
        assert f"## {claim.name}: {claim.title} (" in page
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (?:(C\d): .+?)? \| (.+?) \| (.+?) \| (.+?) \| (\w+) \|$", readme, re.MULTILINE
    )
    assert len({name for name, *_ in rows if name}) == len(CLAIMS)
    shown = [(quantity, want, got, verdict) for _, quantity, want, got, verdict in rows]
    on_page = {(quantity, want, got, verdict) for quantity, want, _, got, verdict in told}
    assert set(shown) <= on_page


def test_example_names_are_unique():
    """Links to examples go by the name of the file alone."""
    folders = (ROOT / "examples", ROOT / "examples" / "paper")
    names = [path.name for folder in folders for path in folder.glob("plot_*.py")]
    assert sorted(names) == sorted(set(names))
