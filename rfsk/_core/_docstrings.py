"""Docstrings that share entries."""

from collections.abc import Callable
from typing import Any, TypeVar

Documented = TypeVar("Documented", bound=Callable[..., Any])


def shared_entries(text: str) -> Callable[[Documented], Documented]:
    """Decorator that puts a shared entry in place of each line ``@name`` of a docstring.

    Parameters
    ----------
    text : str
        Entries of numpydoc: lines "name : type", each followed by an indented description.
    """
    entries: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith(" "):
            entry = entries.setdefault(line.split(" : ")[0].lstrip("*"), [])
        entry.append(line)

    def decorate(documented: Documented) -> Documented:
        lines = []
        for line in (documented.__doc__ or "").splitlines():
            name = line.strip()
            shared = entries[name[1:]] if name.startswith("@") else None
            lines += [line] if shared is None else [f"    {entry}" for entry in shared]
        documented.__doc__ = "\n".join(lines)
        return documented

    return decorate
