"""Docstring entries that are shared by several classes or functions."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Documented = TypeVar("Documented", bound=Callable[..., Any])


def shared_entries(text: str) -> Callable[[Documented], Documented]:
    """Return a decorator that replaces lines ``@name @other`` of a docstring by parameter entries.

    The string `text` contains the parameter entries, each of which begins with an unindented line
    ``name : type``.
    """
    entries: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith(" "):
            entry = entries.setdefault(line.split(" : ")[0].lstrip("*"), [])
        entry.append(line)

    def decorate(documented: Documented) -> Documented:
        lines = []
        for line in inspect.cleandoc(documented.__doc__ or "").splitlines():
            names = line.split() if line.startswith("@") else []
            lines += [entry for name in names for entry in entries[name[1:]]]
            lines += [] if names else [line]
        documented.__doc__ = "\n".join(lines)
        return documented

    return decorate
