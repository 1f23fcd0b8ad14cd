"""Configuration of the site: ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from numpydoc.xref import DEFAULT_LINKS
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import ObjectEntry
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode
from sphinx_gallery import gen_gallery

# One thread for the builder and for each worker, before torch or a BLAS is loaded.
os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")})
sys.path.insert(0, str(Path(__file__).parent))

from _site import (
    OwnMembers,
    QuickPaper,
    comment_on,
    public_paths,
    write_display,
    write_inline,
)

import rfsk

project = "rfsk"
author = "The rfsk developers"
project_copyright = f"2026, {author}"
release = version = rfsk.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
# examples/index.rst, which has sections, stands in for the flat index of Sphinx-Gallery.
exclude_patterns = ["_build", "_templates", "auto_*/*.ipynb", "auto_*/*.py", "auto_examples/index*"]
# `name` in a docstring links to that name where it is public, and is code where it is not.
default_role = "py:obj"

# Sphinx-Gallery looks for equal names in each examples folder and the folders in it, and so finds
# the scripts of the paper twice; tests/test_docs.py checks that names are unique.
suppress_warnings = ["sphinx_gallery.duplicate_filename"]

smartquotes = False  # "within" is a value, and --quick an option
autosummary_generate = True
# `tiling` and `Tiling` would be the same file on a file system that ignores case.
autosummary_filename_map = {
    page: f"{page}-function"
    for page in public_paths().values()
    if page.rpartition(".")[2].islower()
    and page.lower() in {other.lower() for other in public_paths().values() if other != page}
}
autosummary_context = {"own_members": OwnMembers()}
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
# The template of a class lists the members that this package defines.
numpydoc_show_class_members = False
# Types of parameters link to this site and to these pages of others. No inventory is fetched.
_types_elsewhere = {
    "array-like": "numpy.org/doc/stable/glossary.html#term-array_like",
    "ndarray": "numpy.org/doc/stable/reference/generated/numpy.ndarray.html",
    "Generator": "numpy.org/doc/stable/reference/random/generator.html",
    "RandomState": "numpy.org/doc/stable/reference/random/legacy.html",
    "DataFrame": "pandas.pydata.org/docs/reference/api/pandas.DataFrame.html",
    "Axes": "matplotlib.org/stable/api/_as_gen/matplotlib.axes.Axes.html",
    "Figure": "matplotlib.org/stable/api/_as_gen/matplotlib.figure.Figure.html",
}
extlinks = {"elsewhere": ("https://%s", None)}
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = {word: word for word in DEFAULT_LINKS} | {
    word: f":elsewhere:`{word} <{page}>`" for word, page in _types_elsewhere.items()
}
# A name in lower case, such as `onset`, is mostly a word.
numpydoc_xref_aliases |= {
    name: page
    for page in public_paths().values()
    if not (name := page.rpartition(".")[2]).islower() or "_" in name
}

copybutton_exclude = ".linenos, .gp, .go"  # prompts and outputs
copybutton_selector = "div:not(.sphx-glr-script-out) > div.highlight > pre"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
html_math_renderer = "mathml"
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = f"rfsk {release}"
html_static_path = ["_static", "../rfsk/live/page.html", "generated/class/slides.html"]
html_css_files = ["rfsk.css"]
html_show_sourcelink = False
html_sidebars = {
    "**": ["sidebar-nav-bs"],
    **{page: [] for page in ("ledger", "studies", "questions")},  # sections of a single page
}
html_logo = html_favicon = "_static/logo.svg"
html_theme_options: dict[str, Any] = {
    "logo": {"text": project},
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navigation_depth": 3,
    "show_toc_level": 2,
}

# Folders of ../examples are not sections of one gallery: the scripts of the paper are a gallery of
# their own, and the exercises are in none.
gen_gallery.get_subsections = lambda *_args, **_options: []
sphinx_gallery_conf = {
    "examples_dirs": ["../examples", "../examples/paper"],
    "gallery_dirs": ["auto_examples", "auto_paper"],
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"^(?!plot_)",
    "within_subsection_order": "FileNameSortKey",
    "reset_argv": QuickPaper(),
    "reset_modules": ("matplotlib", "_site.warnings_are_errors", "_site.without_network"),
    "reset_modules_order": "both",
    "abort_on_example_error": False,  # all failures are reported, and each fails the build
    "only_warn_on_example_error": False,
    "matplotlib_animations": True,
    "image_srcset": ["2x"],
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "parallel": 2,
    "backreferences_dir": "generated/backreferences",
    "remove_config_comments": True,
    "doc_module": ("rfsk",),
    "reference_url": {"rfsk": None},
    "capture_repr": (),
}


def _add_long_paths(app: Sphinx, env: BuildEnvironment) -> None:
    """Link ``rfsk.nets.FCNet`` and its members to the page of ``rfsk.FCNet``."""
    objects = env.domains.python_domain.objects
    for path, page in public_paths().items():
        if path == page:
            continue
        for name, entry in list(objects.items()):
            if name == page or name.startswith(f"{page}."):
                alias = ObjectEntry(entry.docname, entry.node_id, entry.objtype, aliased=True)
                objects[path + name.removeprefix(page)] = alias


def _find_bare_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Any) -> Any:
    """Link `FCNet` in any docstring to its page."""
    first, dot, member = node["reftarget"].partition(".")
    if node.get("refdomain") != "py" or (first.islower() and "_" not in first):
        return None  # `onset` and `tiling` are mostly arguments and attributes
    for path, page in public_paths().items():
        if path.rpartition(".")[2] == first:
            return env.domains.python_domain.resolve_xref(
                env, node.get("refdoc", ""), app.builder, "obj", page + dot + member, node, content
            )
    return None


def _link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link `FCNet` or `make_nlgp()` in a page of Markdown to its page, as in docstrings."""
    if Path(app.env.doc2path(docname)).suffix != ".md":
        return
    objects = app.env.domains.python_domain.objects
    pages = {page.rpartition(".")[2]: page for page in public_paths().values()}
    for literal in list(doctree.findall(nodes.literal)):
        name = literal.astext().partition("(")[0]
        is_word = name.islower() and "_" not in name and "." not in name
        is_called = literal.astext().startswith(f"{name}(")
        entry = objects.get(name) if name.startswith("rfsk.") else objects.get(pages.get(name, ""))
        if entry is None or (is_word and not is_called) or _is_link_or_title(literal):
            continue
        link = make_refnode(
            app.builder, docname, entry.docname, entry.node_id, literal.deepcopy(), name
        )
        literal.replace_self(link)


def _is_link_or_title(node: nodes.Node | None) -> bool:
    while node is not None:
        if isinstance(node, nodes.reference | nodes.title):
            return True
        node = node.parent
    return False


def _describe_constants(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Replace the docstring of a constant's type by the ``#:`` comment above the constant."""
    if what == "data":
        package, _, constant = name.rpartition(".")
        lines[:] = comment_on(package, constant) or ["A constant."]


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pages, slides and handout of the class, and connect the hooks above."""
    app.add_html_math_renderer("mathml", (write_inline, None), (write_display, None))
    folder = Path(app.srcdir) / "generated" / "class"
    maker = Path(app.srcdir).parent / "examples" / "exercises" / "publish.py"
    subprocess.run([sys.executable, maker, folder], check=True)
    app.connect("autodoc-process-docstring", _describe_constants)
    app.connect("env-updated", _add_long_paths)
    app.connect("doctree-resolved", _link_names)
    app.connect("missing-reference", _find_bare_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
