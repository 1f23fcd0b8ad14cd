"""Store of a sweep: a folder with a manifest and one file per finished run of the study."""

import ast
import contextlib
import dataclasses
import functools
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .._core._files import remove_leftovers, replace_file
from .._core._runs import installed_versions


class Store:
    """Folder of finished cells, with a manifest of arguments, versions and source digests."""

    def __init__(
        self, folder: str | os.PathLike[str], manifest: dict[str, str], modules: set[str]
    ) -> None:
        if not isinstance(folder, str | os.PathLike):
            raise TypeError(f"`store` must be a path, got {folder!r}.")
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        versions = {f"the version of {name}": v for name, v in installed_versions().items()}
        manifest = {**manifest, **versions, **_sources(modules)}
        known = self.read("manifest")
        if known is None and any(self.folder.glob("*.json")):
            raise ValueError(
                f"`store` must be empty or a store of this sweep, but {str(folder)!r} has JSON "
                "files and no manifest. Choose another folder."
            )
        known = {**manifest, **(known or {})}  # a later grid may need further modules
        manifest = {**known, **manifest}
        for name, value in known.items():
            if manifest[name] != value:
                raise ValueError(
                    f"`store` must be empty or a store of this sweep, but {str(folder)!r} has "
                    f"results of another sweep: {name} was {value} and is now {manifest[name]}. "
                    "Choose another folder, or delete this one."
                )
        remove_leftovers(self.folder, "*.json")
        self.write("manifest", manifest)

    def read(self, name: str) -> Any:
        """Read an entry of the store; return None if the entry does not exist or is damaged."""
        try:
            digest, content = json.loads((self.folder / f"{name}.json").read_bytes())
        except (FileNotFoundError, TypeError, ValueError, RecursionError):
            return None
        return content if digest == _digest(json.dumps(content)) else None

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write an entry with its checksum, atomically."""
        text = json.dumps(content)
        try:
            # Leftovers are not removed here: a search at each write takes quadratic time in total.
            contents = f'["{_digest(text)}", {text}]'.encode()
            replace_file(self.folder / f"{name}.json", contents)
        except OSError as error:
            error.add_note(f"A later call continues from the cells in the store {self.folder}.")
            raise


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def as_json(value: Any, modules: set[str]) -> str:
    """Encode a value as reproducible JSON; add modules of functions and classes to `modules`."""

    def describe(thing: Any) -> Any:
        if isinstance(thing, np.generic | np.ndarray):
            return thing.tolist()
        if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            names = [field.name for field in dataclasses.fields(thing)]
            return [type(thing), {name: getattr(thing, name) for name in names}]
        if hasattr(thing, "get_params") and not isinstance(thing, type):
            return [type(thing), thing.get_params(deep=False)]
        module, name = (str(getattr(thing, key, None)) for key in ("__module__", "__name__"))
        if getattr(sys.modules.get(module), name, None) is not thing:
            raise TypeError(
                "Arguments of a sweep must be numbers, strings, lists or dicts of these, "
                f"dataclasses, estimators, or functions and classes of a module, got {thing!r}. "
                "Pass the name of any other object, and look it up in the study."
            )
        modules.add(module)
        return f"{module}.{name}"

    def number(text: str) -> float:
        return int(float(text)) if float(text).is_integer() else float(text)

    plain = json.loads(json.dumps(value, default=describe), parse_float=number)
    return json.dumps(plain, sort_keys=True)


def _sources(modules: Iterable[str]) -> dict[str, str]:
    """Digests of the sources of modules and of their imports, except installed packages."""
    main = sys.modules["__main__"]
    waiting = {(main.__package__ or name) if name == "__main__" else name for name in modules}
    if "__main__" in waiting and not Path(getattr(main, "__file__", None) or "").is_file():
        raise ValueError(
            "The study must be in a file if `store` is given, because the code of a notebook, a "
            "console or standard input cannot be compared in a later run. Import it from a file, "
            "or omit `store`."
        )
    found: dict[str, str] = {}
    while waiting:
        module = waiting.pop().partition(".")[0]
        if module in found or module in sys.stdlib_module_names:
            continue
        texts = [path.read_bytes() for path in _source_files(module)]
        found[module] = hashlib.sha256(repr(texts).encode()).hexdigest()[:16] if texts else ""
        if module != "rfsk":  # rfsk imports only installed packages
            waiting.update(*map(_imports, texts))
    return {f"the source of {name}": digest for name, digest in found.items() if digest}


@functools.cache
def _imports(text: bytes) -> frozenset[str]:
    """Modules that a source file imports."""
    names: set[str] = set()
    with contextlib.suppress(SyntaxError, ValueError):  # not Python source
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module))
    return frozenset(names)


def _source_files(module: str) -> list[Path]:
    """Source files of a module or package; an empty list for an installed one."""
    try:
        spec = importlib.util.find_spec(module)
    except ValueError:  # the module is a script
        return [Path(str(sys.modules[module].__file__))]
    if spec is None:
        return []
    places = [Path(place) for place in spec.submodule_search_locations or [str(spec.origin)]]
    own = [place for place in places if not {"site-packages", "dist-packages"} & set(place.parts)]
    return [
        path for place in own for path in [place, *sorted(place.rglob("*.py"))] if path.is_file()
    ]
