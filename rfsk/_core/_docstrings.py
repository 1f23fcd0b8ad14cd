"""Docstrings that share entries."""

from collections.abc import Callable
from typing import TypeVar

Class = TypeVar("Class", bound=type)


def shared_entries(text: str) -> Callable[[Class], Class]:
    """Decorator that puts shared entries in place of lines ``@name @other`` of a class docstring.

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

    def decorate(cls: Class) -> Class:
        lines = []
        for line in (cls.__doc__ or "").splitlines():
            names = line.split() if line.strip().startswith("@") else []
            lines += [f"    {entry}" for name in names for entry in entries[name[1:]]]
            lines += [] if names else [line]
        cls.__doc__ = "\n".join(lines)
        return cls

    return decorate
