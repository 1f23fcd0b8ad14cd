"""The site: its pages run, its API page is complete. No page is built here."""

import importlib
import pkgutil
import re
import sys
import types
from pathlib import Path

import pytest

import rfsk
from rfsk.papers.ingrosso2022 import CLAIMS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def pages_of(folder):
    return sorted(page for page in (DOCS / folder).glob("*.md") if page.stem != "index")


PAGES = [
    DOCS / "quick_start.md",
    *pages_of("guide"),
    *pages_of("extending"),
    *(
        pytest.param(page, marks=pytest.mark.slow, id=page.stem)
        for page in (DOCS / "index.md", DOCS / "questions.md", *pages_of("coming_from"))
    ),
]


def test_the_api_pages_list_each_public_name_once():
    expected = []
    for module in pkgutil.iter_modules(rfsk.__path__):
        if not module.name.startswith("_"):
            for name in importlib.import_module(f"rfsk.{module.name}").__all__:
                expected.append(name if name in rfsk.__all__ else f"{module.name}.{name}")
    pages = [page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.rst")]
    listed = re.findall(r"^   ([\w.]+)$", "\n".join(pages), re.MULTILINE)
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


def test_the_claims_page_holds_what_the_claims_expect_and_came_to():
    page = (DOCS / "claims.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (\w+) \|$", page, re.MULTILINE)
    rows = [row for row in shown if row[0] != "quantity"]
    for claim in CLAIMS:
        assert claim.statement in page
        assert f"## {claim.name}: {claim.title} (" in page
        for quantity in claim.quantities:
            name, expected, evidence, obtained, verdict = rows.pop(0)
            assert (name, expected) == (quantity.name, quantity.expected)
            assert evidence == ": ".join(filter(None, (quantity.evidence, quantity.source)))
            assert verdict == "holds" or quantity.evidence == "report"
            (low, high), rounding = quantity.bounds, 0.5 * 10.0**-quantity.digits
            assert low - rounding <= float(obtained.split(" ± ")[0]) <= high + rounding
    assert not rows


def test_example_names_are_unique():
    """Links to examples go by the name of the file alone."""
    folders = (ROOT / "examples", ROOT / "examples" / "paper")
    names = [path.name for folder in folders for path in folder.glob("plot_*.py")]
    assert sorted(names) == sorted(set(names))
