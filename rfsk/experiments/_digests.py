"""Digests that tell parameters and studies apart, the same in every process."""

import dataclasses
import functools
import hashlib
import inspect
import json
import numbers
import sys
import sysconfig
import types
from collections.abc import Mapping
from typing import Any

import joblib
import numpy as np

_EXACT = 2**53  # integers below are the same as floats


def digest(value: Any) -> str:
    """Digest of a value; equal numbers, sequences and arrays have equal ones.

    Objects are told apart by their class and state, functions by their code, defaults and the
    variables that they use.

    Raises
    ------
    TypeError
        If the state of an object cannot be read.
    """
    text = json.dumps(_canonical(value, ()), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fingerprint(study: Any) -> str:
    """Digest of what a study does, as far as code outside installed packages tells."""
    return digest([list(sys.version_info[:2]), study])


def _canonical(value: Any, inside: tuple[int, ...]) -> Any:
    """A value as JSON; `inside` are the ids of the objects that it is part of."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, numbers.Integral):
        return float(value) if abs(int(value)) < _EXACT else str(value)
    if id(value) in inside:
        return ["inside itself", inside.index(id(value))]
    path = (*inside, id(value))
    if isinstance(value, list | tuple):
        return [_canonical(entry, path) for entry in value]
    if isinstance(value, set | frozenset):
        return ["set", sorted(json.dumps(_canonical(entry, path)) for entry in value)]
    if isinstance(value, Mapping):
        names = [k if isinstance(k, str) else json.dumps(_canonical(k, path)) for k in value]
        pairs = zip(names, (_canonical(entry, path) for entry in value.values()), strict=True)
        return {"mapping": sorted(map(list, pairs), key=lambda pair: str(pair[0]))}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return ["array", list(value.shape), joblib.hash(np.ascontiguousarray(value, dtype=float))]
    if isinstance(value, types.ModuleType):
        return ["module", value.__name__]
    if isinstance(value, functools.partial):
        return ["partial", _canonical([value.func, value.args, value.keywords], path)]
    if inspect.ismethod(value):
        return ["method", _canonical([value.__func__, value.__self__], path)]
    if isinstance(value, type):
        return _class(value, path)
    if inspect.isroutine(value) or isinstance(value, np.ufunc):
        return _function(value, path)
    return ["object", _class(type(value), path), _state(value, path)]


def _state(value: Any, path: tuple[int, ...]) -> Any:
    if dataclasses.is_dataclass(value):  # what is cached on it does not count
        return {f.name: _canonical(getattr(value, f.name), path) for f in dataclasses.fields(value)}
    if hasattr(value, "get_params"):  # nor does what an estimator has learnt
        return _canonical(value.get_params(deep=False), path)
    try:
        return joblib.hash(value)
    except Exception as error:  # of a class within a function, or of what cannot be pickled
        if not hasattr(value, "__dict__"):
            raise TypeError(
                f"A {type(value).__name__} cannot be told from others ({error}); expected "
                "parameters, and variables of a study, that can be pickled."
            ) from error
        return _canonical(vars(value), path)


def _function(value: Any, path: tuple[int, ...]) -> Any:
    name = [getattr(value, "__module__", None) or "", getattr(value, "__qualname__", str(value))]
    if not inspect.isfunction(value) or _is_installed(value):
        return ["function", *name]
    used = inspect.getclosurevars(value)
    variables = {**used.globals, **used.nonlocals}
    bound = _canonical([value.__defaults__, value.__kwdefaults__, variables], path)
    return ["function", *name, _code(value.__code__), bound]


def _class(kind: type, path: tuple[int, ...]) -> Any:
    """A class by its name and, outside installed packages, by what it and its bases define."""
    name = ["class", kind.__module__, kind.__qualname__]
    if _is_installed(kind) or id(kind) in path[:-1]:
        return name
    path = (*path, id(kind))
    own = {
        key: _canonical(getattr(entry, "__func__", getattr(entry, "fget", entry)), path)
        for key, entry in vars(kind).items()
        if inspect.isfunction(entry) or isinstance(entry, staticmethod | classmethod | property)
    }
    return [*name, own, [_class(base, path) for base in kind.__bases__]]


def _code(code: types.CodeType) -> Any:
    constants = [
        _code(c)
        if isinstance(c, types.CodeType)
        else sorted(map(repr, c))
        if isinstance(c, frozenset)
        else repr(c)
        for c in code.co_consts
    ]
    names = [list(code.co_names), list(code.co_varnames), list(code.co_freevars)]
    return [code.co_code.hex(), names, constants]


@functools.cache
def _installed_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def _is_installed(value: Any) -> bool:
    """Whether a function or class is that of Python or of an installed package."""
    name = getattr(value, "__module__", None) or ""
    if name.split(".")[0] in ("rfsk", "builtins"):
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return name not in ("__main__", "") and name in sys.builtin_module_names
    return file.startswith(_installed_folders())
