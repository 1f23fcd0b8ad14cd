"""Docstrings agree with signatures, and every public name has an example that runs."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from dataclasses import is_dataclass

import pytest
from numpydoc.docscrape import NumpyDocString, get_doc_object
from numpydoc.validate import validate

import rfsk

SUBPACKAGES = sorted(
    module.name
    for module in pkgutil.iter_modules(rfsk.__path__)
    if module.ispkg and not module.name.startswith("_")
)
# `emergence` makes them, which takes tens of seconds.
WITHOUT_EXAMPLE = {"Emergence", "EmergenceDisplay"}
# numpydoc: no docstring, no summary, a parameter that is missing or unknown.
CODES = {"GL08", "SS01", "PR01", "PR02"}
PUBLIC_CODES = {"EX01", "RT01"}  # no example, no returns
VARIADIC = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def public(subpackage):
    """Public classes and functions of a subpackage, by name."""
    module = importlib.import_module(f"rfsk.{subpackage}")
    values = {name: getattr(module, name) for name in module.__all__}
    return {name: value for name, value in values.items() if callable(value)}


def methods(cls):
    """Public methods that the package itself defines, by name, and whether they override one."""
    for name in dir(cls):
        method = getattr(cls, name) if not name.startswith("_") else None
        function = getattr(method, "__func__", method)
        if inspect.isfunction(function) and function.__module__.startswith("rfsk."):
            yield name, method, sum(name in vars(base) for base in cls.__mro__) > 1


def faults(value, codes):
    """Differences between a docstring and the signature, and sections that it lacks."""
    found = [
        message
        for code, message in validate(get_doc_object(value))["errors"]
        if code in codes and not (code == "RT01" and inspect.isclass(value))
    ]
    doc = NumpyDocString(inspect.cleandoc(value.__doc__ or ""))
    if re.search(r"doctest:\s*\+SKIP", "\n".join(doc["Examples"])):
        found.append("An example is not run")
    types = types_of(doc["Parameters"])
    known = vars(sys.modules[value.__module__])
    wanted = inspect.signature(value).parameters
    for name, parameter in wanted.items():
        if name in types and parameter.kind not in VARIADIC:
            found += default_faults(name, parameter.default, types[name], known)
    if is_dataclass(value):
        bases = [base for base in value.__mro__ if is_dataclass(base)]
        documented = [NumpyDocString(inspect.cleandoc(base.__doc__ or "")) for base in bases]
        for doc in documented:
            types |= types_of(doc["Attributes"] + doc["Parameters"])
        found += [f"{name} is not documented" for name in set(wanted) - set(types)]
    return found


def types_of(entries):
    """Documented types by name."""
    return {name.strip(): entry.type for entry in entries for name in entry.name.split(",")}


def default_faults(name, default, documented, known):
    """Difference between a default and a documented type such as 'int, default=3'."""
    stated = re.search(r"default=(.+)$", documented)
    if default is inspect.Parameter.empty:
        is_right = not stated and "optional" not in documented
    elif stated is None:
        is_right = documented == "ignored" or (default is None and documented.endswith("optional"))
    else:
        try:
            is_right = ast.literal_eval(stated[1]) == default
        except (ValueError, SyntaxError):  # a function or a constant, by its name
            names = getattr(default, "__name__", None), known.get(stated[1], ...)
            is_right = stated[1] == names[0] or names[1] is default
    return [] if is_right else [f"{name} has another default than {documented!r}"]


@pytest.mark.parametrize("subpackage", SUBPACKAGES)
def test_docstrings_agree_with_signatures_and_have_an_example_that_is_run(subpackage):
    found = []
    for name, value in public(subpackage).items():
        codes = CODES | PUBLIC_CODES
        if is_dataclass(value) or getattr(value, "_is_protocol", False):
            codes = codes - {"PR01"}  # its fields are attributes, or nobody calls it
        if name in WITHOUT_EXAMPLE:
            codes = codes - {"EX01"}
        found += [f"{name}: {fault}" for fault in faults(value, codes)]
        for method, function, is_override in methods(value) if inspect.isclass(value) else ():
            codes = CODES - {"GL08", "PR01"} if is_override else CODES  # as in the base class
            found += [f"{name}.{method}: {fault}" for fault in faults(function, codes)]
    assert not found, "\n".join(found)
