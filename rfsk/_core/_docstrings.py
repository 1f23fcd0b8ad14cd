"""Docstrings that share entries."""

from collections.abc import Callable
from typing import TypeVar

Class = TypeVar("Class", bound=type)


def shared_entries(text: str) -> Callable[[Class], Class]:
    """Decorator that puts a shared entry in place of each line ``@name`` of a class docstring.

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
            name = line.strip()
            shared = entries[name[1:]] if name.startswith("@") else None
            lines += [line] if shared is None else [f"    {entry}" for entry in shared]
        cls.__doc__ = "\n".join(lines)
        return cls

    return decorate
