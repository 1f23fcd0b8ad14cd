"""Public names, formulas and hooks of the gallery, for the configuration of the site.

They are in a module of their own because Sphinx pickles its configuration and the workers of the
gallery import it.
"""

import contextlib
import functools
import importlib
import pkgutil
import re
import warnings
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

import rfsk


def public_paths() -> dict[str, str]:
    """Path of each public name in its subpackage, and the shortest path, which names its page.

    These are ``rfsk.nets.FCNet`` and ``rfsk.FCNet``, for example.
    """
    paths = {}
    for module in pkgutil.iter_modules(rfsk.__path__, "rfsk."):
        if not module.name.startswith("rfsk._"):
            for name in importlib.import_module(module.name).__all__:
                path = f"{module.name}.{name}"
                paths[path] = f"rfsk.{name}" if name in rfsk.__all__ else path
    return paths


def comment_on(package: str, constant: str) -> list[str]:
    """Lines of the ``#:`` comment on a constant, in its module or in any of its subpackage."""
    folder = getattr(importlib.import_module(package), "__path__", [])
    for name in [package, *(module.name for module in pkgutil.iter_modules(folder, f"{package}."))]:
        comments = ModuleAnalyzer.for_module(name).find_attr_docs()
        if ("", constant) in comments:
            return comments["", constant]
    return []


class OwnMembers:
    """Methods and properties of a class that this package defines, for the templates."""

    def __call__(self, path: str, kind: str) -> list[str]:
        """Names of the members of kind "methods" or "properties"."""
        module, _, name = path.rpartition(".")
        owner = getattr(importlib.import_module(module), name)
        # The members that scikit-learn gives to every estimator are on its own site.
        bases = [base for base in owner.__mro__ if base.__module__.startswith("rfsk.")]
        names = sorted({name for base in bases for name in vars(base) if name[0] != "_"})
        fields = getattr(owner, "__dataclass_fields__", {})  # functions can be their defaults
        names = [name for name in names if not name.endswith("_request") and name not in fields]
        values = {member: getattr(owner, member, None) for member in names}
        if kind == "methods":
            return [member for member, value in values.items() if callable(value)]
        kinds = property | functools.cached_property
        return [member for member, value in values.items() if isinstance(value, kinds)]


class QuickPaper:
    """Arguments of the scripts of a gallery: those of the paper run with less training."""

    def __repr__(self) -> str:
        return "QuickPaper()"

    def __call__(self, gallery_conf: dict[str, Any], script_vars: dict[str, Any]) -> list[str]:
        """Return the arguments of one script."""
        return ["--quick"] if Path(script_vars["src_file"]).parent.name == "paper" else []


_OUTER_FILTERS = contextlib.ExitStack()


def warnings_are_errors(gallery_conf: dict[str, Any], fname: Any, when: str) -> None:
    """Make warnings errors in examples, as in the tests, but not in the rest of the build."""
    _OUTER_FILTERS.close()
    if when == "before":
        _OUTER_FILTERS.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*non-interactive")  # plt.show() has no screen


def without_network(gallery_conf: dict[str, Any], fname: Any) -> None:
    """Make films without the icons that matplotlib fetches, and without ffmpeg."""
    from matplotlib import animation, rcParams

    rcParams["animation.writer"] = "pillow"
    animation.JS_INCLUDE = re.sub(r"<link[^>]*>", "", animation.JS_INCLUDE)


def _mathml(node: nodes.Node, *, display: bool) -> str:
    # Docutils reads \frac12 as 12 over what follows, and does not know \dots.
    tex = re.sub(r"frac\s*(\d)\s*(\d)", r"frac{\1}{\2}", node.astext().replace(r"\dots", r"\ldots"))
    try:
        # Blank lines separate formulas.
        return tex2mathml(re.sub(r"\n\s*\n", r"\\\\", tex.strip()), as_block=display)
    except (MathError, IndexError) as error:
        logging.getLogger(__name__).warning("formula: %s", error, location=node)
        return f"<code>{node.astext()}</code>"


def write_inline(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line as MathML, which browsers show without a script."""
    writer.body.append(_mathml(node, display=False))
    raise nodes.SkipNode


def write_display(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number if it has a label."""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(writer, node)
        writer.body.append(f'<span class="eqno">({number})</span>')
    writer.body.append(_mathml(node, display=True) + "</div>")
    raise nodes.SkipNode
