"""What the configuration of the site needs of Python: public names, and the gallery's hooks.

In a module of its own: Sphinx pickles its configuration, and workers of the gallery import it.
"""

import contextlib
import functools
import importlib
import os
import pkgutil
import re
import warnings
from pathlib import Path
from typing import Any

from sphinx.pycode import ModuleAnalyzer

import rfsk


def rooms() -> list[str]:
    """Names of the public subpackages."""
    found = pkgutil.iter_modules(rfsk.__path__)
    return sorted(module.name for module in found if not module.name.startswith("_"))


def public_paths() -> dict[str, str]:
    """Path of each public name in its room, and the one under which it has its page.

    The page is that of the shortest path: ``rfsk.FCNet``, since code is written so, and
    ``rfsk.analysis.tiling``.
    """
    paths = {}
    for room in rooms():
        for name in importlib.import_module(f"rfsk.{room}").__all__:
            page = f"rfsk.{name}" if name in rfsk.__all__ else f"rfsk.{room}.{name}"
            paths[f"rfsk.{room}.{name}"] = page
    return paths


def comment_on(room: str, constant: str) -> list[str]:
    """Lines of the ``#:`` comment on a constant, wherever in the room it is assigned."""
    for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
        comments = ModuleAnalyzer.for_module(module.name).find_attr_docs()
        if ("", constant) in comments:
            return comments["", constant]
    return []


def _is_property(value: Any) -> bool:
    return isinstance(value, property | functools.cached_property)


class OwnMembers:
    """Methods and properties of a class that this package defines, for the templates."""

    def __call__(self, path: str, kind: str) -> list[str]:
        """Names of the members of kind "methods" or "properties"."""
        module, _, name = path.rpartition(".")
        owner = getattr(importlib.import_module(module), name)
        # What scikit-learn gives to every estimator is left to its own site.
        bases = [base for base in owner.__mro__ if base.__module__.startswith("rfsk.")]
        names = sorted({name for base in bases for name in vars(base) if name[0] != "_"})
        fields = getattr(owner, "__dataclass_fields__", {})  # functions can be their defaults
        names = [name for name in names if not name.endswith("_request") and name not in fields]
        values = {member: getattr(owner, member, None) for member in names}
        if kind == "methods":
            return [member for member, value in values.items() if callable(value)]
        return [member for member, value in values.items() if _is_property(value)]


class QuickPaper:
    """Arguments of the scripts of a gallery: the paper's are run with less training."""

    def __repr__(self) -> str:
        return "QuickPaper()"

    def __call__(self, gallery_conf: dict[str, Any], script_vars: dict[str, Any]) -> list[str]:
        """Return the arguments of one script."""
        return ["--quick"] if Path(script_vars["src_file"]).parent.name == "paper" else []


_OUTER_FILTERS = contextlib.ExitStack()


def warnings_are_errors(gallery_conf: dict[str, Any], fname: Any, when: str) -> None:
    """Let a warning in an example stop it, as in the tests, and the rest of the build alone."""
    _OUTER_FILTERS.close()
    if when == "before":
        _OUTER_FILTERS.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*non-interactive")  # plt.show() has no screen


def without_network(gallery_conf: dict[str, Any], fname: Any) -> None:
    """Let films do without the icons that matplotlib fetches, and without ffmpeg."""
    from matplotlib import animation, rcParams

    rcParams["animation.writer"] = "pillow"
    animation.JS_INCLUDE = re.sub(r"<link[^>]*>", "", animation.JS_INCLUDE)


def one_thread() -> None:
    """Give the builder and each worker one thread, before torch or a BLAS is loaded."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
