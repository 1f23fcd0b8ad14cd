"""The store of a sweep: a manifest of what was run, and one file for each finished cell."""

import ast
import contextlib
import dataclasses
import functools
import hashlib
import importlib.util
import json
import operator
import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


class Store:
    """Folder of finished cells, made if it does not exist, that all belong to one manifest."""

    def __init__(self, folder: str | os.PathLike[str], manifest: dict[str, Any]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.read("manifest")
        if known is None and any(self.folder.glob("*.json")):
            raise ValueError(
                f"store={str(folder)!r} holds files but no manifest; name another folder."
            )
        known = known or manifest
        # Functions in a later grid may come from further modules, which join the others.
        manifest["sources"], known["sources"] = (
            {**known["sources"], **manifest["sources"]},
            {**manifest["sources"], **known["sources"]},
        )
        old, new = (pd.json_normalize(entry).to_dict("records")[0] for entry in (known, manifest))
        for name in {**old, **new}:
            if repr(old.get(name)) != repr(new.get(name)):
                raise ValueError(
                    f"store={str(folder)!r} holds results of another sweep: {name} was "
                    f"{old.get(name)!r} and is {new.get(name)!r} now. Name another folder, or "
                    "delete this one."
                )
        self.write("manifest", manifest)

    def read(self, name: str) -> dict[str, Any] | None:
        """Return an entry, or None if there is none or it is not whole."""
        try:
            entry = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            content: dict[str, Any] = entry["content"]
            return content if entry["name"] == name else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write an entry, whole or not at all: under another name, which then becomes its own."""
        passing = self.folder / f".{name}.{uuid.uuid4().hex}.tmp"
        try:
            with open(passing, "w", encoding="utf-8") as file:
                json.dump({"name": name, "content": content}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(passing, self.folder / f"{name}.json")
        except OSError as error:
            passing.unlink(missing_ok=True)
            error.add_note(
                f"The store {str(self.folder)!r} cannot be written to. The cells that it holds are "
                "kept, and a later call goes on from there."
            )
            raise


def describe(value: Any, modules: set[str]) -> Any:
    """Describe a value as JSON, the same for equal values in every process.

    Dataclasses and estimators are described by their parameters, functions and classes by their
    names, and the modules that define these are added to `modules`.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [describe(entry, modules) for entry in value]
    if isinstance(value, Mapping):
        return {str(name): describe(entry, modules) for name, entry in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        state = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return describe([type(value), state], modules)
    if hasattr(value, "get_params") and not isinstance(value, type):
        return describe([type(value), value.get_params(deep=False)], modules)
    module = str(getattr(value, "__module__", None))
    for name in (getattr(value, "__qualname__", ""), getattr(value, "__name__", "")):
        with contextlib.suppress(AttributeError, KeyError):
            if operator.attrgetter(name)(sys.modules[module]) is value:
                modules.add(module)
                return f"{module}.{name}"
    raise TypeError(
        f"{value!r} cannot be recognized in a later run; expected numbers, strings, lists or dicts "
        "of these, dataclasses, estimators, or functions and classes that a module defines at its "
        "top level. Pass the name of anything else, and look it up in the study."
    )


def sources(modules: Iterable[str]) -> dict[str, str]:
    """Digests of the source of modules and all that they import, except installed packages."""
    main = sys.modules["__main__"]
    waiting = {(main.__package__ or name) if name == "__main__" else name for name in modules}
    if "__main__" in waiting and not hasattr(main, "__file__"):
        raise ValueError(
            "A store cannot recognize code of a notebook or console in a later run; put the study "
            "into a file and import it, or leave the store out."
        )
    found: dict[str, str] = {}
    while waiting:
        module = waiting.pop()
        texts = [path.read_bytes() for path in _source_files(module)]
        found[module] = hashlib.sha256(repr(texts).encode()).hexdigest()[:16] if texts else ""
        waiting |= {name for text in texts for name in _imports(text) if name not in found}
    return {name: digest for name, digest in found.items() if digest}


def _source_files(module: str) -> list[Path]:
    """Source files of a module, or of the whole package that it is in; none if installed."""
    top = module.partition(".")[0]
    places: list[Any] = []
    try:
        spec = None if top in sys.stdlib_module_names else importlib.util.find_spec(top)
        if spec is not None:
            places = list(spec.submodule_search_locations or [str(spec.origin)])
    except ValueError:  # of a script, or of a module that was loaded from its file
        places = [getattr(sys.modules.get(module), "__file__", None)]
    files: list[Path] = []
    for place in map(Path, filter(None, places)):
        if not {"site-packages", "dist-packages"} & set(place.parts):
            files += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [path for path in files if path.suffix == ".py"]


@functools.cache
def _imports(text: bytes) -> frozenset[str]:
    """Top-level names of what a source file imports, wherever in it."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:  # a template, which nothing imports
        return frozenset()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom) and not n.level]
    return frozenset(name.partition(".")[0] for name in names)
