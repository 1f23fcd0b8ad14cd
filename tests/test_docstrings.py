"""Docstrings say what signatures say, and every public name has an example that runs."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from reprlib import repr  # noqa: A004
from typing import Protocol

import pytest
from numpydoc.docscrape import NumpyDocString

import rfsk

ROOMS = sorted(
    room.name
    for room in pkgutil.iter_modules(rfsk.__path__)
    if room.ispkg and not room.name.startswith("_")
)
# Made by `emergence` alone, which takes tens of seconds.
WITHOUT_EXAMPLE = {"Emergence", "EmergenceDisplay"}
VARIADIC = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def test_every_room_is_looked_at():
    assert {"analysis", "datasets", "experiments", "nets", "plotting", "theory"} <= set(ROOMS)
    shown = {id(value) for room in ROOMS for value in public(room).values()}
    served = [getattr(rfsk, name) for name in rfsk.__all__]
    assert [value for value in served if callable(value) and id(value) not in shown] == []


@pytest.mark.parametrize("room", ROOMS)
def test_documented_parameters_and_defaults_are_those_of_the_signatures(room):
    found = []
    for name, value in public(room).items():
        found += [f"{name}: {fault}" for fault in parameter_faults(value)]
        if inspect.isclass(value):
            found += [
                f"{name}.{method}: {fault}"
                for method in public_methods(value)
                for fault in parameter_faults(getattr(value, method), inherited(value, method))
            ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_its_sections_and_an_example_that_is_run(room):
    found = [f"{name}: {fault}" for name, value in public(room).items() for fault in gaps(value)]
    assert not found, "\n".join(found)


def public(room):
    """Public classes and functions of a room, by name."""
    module = importlib.import_module(f"rfsk.{room}")
    values = {name: getattr(module, name) for name in module.__all__}
    return {name: value for name, value in values.items() if callable(value)}


def public_methods(cls):
    """Names of the methods of a class that the package itself defines."""
    found = []
    for name in dir(cls):
        method = getattr(cls, name) if not name.startswith("_") else None
        function = getattr(method, "__func__", method)
        if inspect.isfunction(function) and function.__module__.startswith("rfsk."):
            found.append(name)
    return found


def inherited(cls, method):
    """Docstrings of a method, the class's own first: an override may leave parameters to it."""
    return [
        inspect.cleandoc(getattr(base, method).__doc__ or "")
        for base in cls.__mro__
        if method in vars(base)
    ]


def parameter_faults(value, docs=None):
    """What a docstring tells otherwise than the signature."""
    if inspect.isclass(value) and issubclass(value, Protocol) and value._is_protocol:
        return []  # nobody calls it
    if docs is None:
        docs = [inspect.cleandoc(value.__doc__ or "")]
        if inspect.isclass(value):
            docs += [
                inspect.cleandoc(base.__doc__ or "")
                for base in value.__mro__[1:]
                if base.__module__.startswith("rfsk.")
            ]
    known = vars(sys.modules[value.__module__])
    wanted = dict(inspect.signature(value).parameters)
    wanted.pop("self", None)
    told: dict[str, str | None] = {}
    for doc in docs:
        told = documented(doc, attributes=inspect.isclass(value)) | told
    faults = [f"{name} is not documented" for name in wanted if name not in told]
    faults += [f"{name} is no parameter" for name in documented(docs[0]) if name not in wanted]
    for name, parameter in wanted.items():
        if name in told and parameter.kind not in VARIADIC and told[name] is not None:
            faults += default_faults(name, parameter.default, told[name], known)
    return faults


def documented(doc, attributes=False):
    """Types by name of the parameters; a record's fields (type None) are attributes as well."""
    parsed = NumpyDocString(doc)
    found = {}
    for entry in parsed["Attributes"] if attributes else ():
        found |= {name.strip(): None for name in entry.name.split(",")}
    for entry in parsed["Parameters"]:
        found |= {name.strip().lstrip("*"): entry.type for name in entry.name.split(",")}
    return found


def default_faults(name, default, told, known):
    """What a type, such as 'int, default=3', tells otherwise than the default."""
    if told == "ignored":
        return []
    said = re.search(r"default=(.+)$", told)
    if default is inspect.Parameter.empty:
        return [f"{name} is required, documented as {told!r}"] * bool(said or "optional" in told)
    if said is None:
        if default is None and told.endswith("optional"):
            return []
        return [f"{name} defaults to {repr(default)}, documented as {told!r}"]
    try:
        same = ast.literal_eval(said[1]) == default
    except (ValueError, SyntaxError):  # a function or a constant, by its name
        same = said[1] == getattr(default, "__name__", None) or known.get(said[1], ...) is default
    return [] if same else [f"{name} defaults to {repr(default)}, documented as {said[1]}"]


def gaps(value):
    """Sections that a docstring lacks."""
    doc = NumpyDocString(inspect.cleandoc(value.__doc__ or ""))
    examples = "\n".join(doc["Examples"])
    faults = [] if doc["Summary"] else ["no summary"]
    if value.__name__ not in WITHOUT_EXAMPLE and ">>> " not in examples:
        faults.append("no example")
    if re.search(r"doctest:\s*\+SKIP", examples):
        faults.append("an example that is not run")
    if inspect.isfunction(value):
        returns = inspect.signature(value).return_annotation not in (None, "None")
        if returns and not (doc["Returns"] or doc["Yields"]):
            faults.append("no returns")
    return faults


def test_faults_are_found():
    def wrong(first, second=2, *, third=None, fourth="a", **options) -> int:
        """Say the wrong thing.

        Parameters
        ----------
        first : int, default=1
        second : int, default=3
        third : int
        fifth : int
        **options
            Are right.

        Examples
        --------
        >>> wrong(1)  # doctest: +SKIP
        """

    def right(first, second=20_000, *, third=None, fourth=max) -> int:
        """Say the right thing.

        Parameters
        ----------
        first, second : int, default=20_000
            One of them required.
        third : int, optional
            None of it.
        fourth : callable, default=max
            A name.

        Returns
        -------
        number : int

        Examples
        --------
        >>> 1
        1
        """

    assert parameter_faults(wrong) == [
        "fourth is not documented",
        "fifth is no parameter",
        "first is required, documented as 'int, default=1'",
        "second defaults to 2, documented as 3",
        "third defaults to None, documented as 'int'",
    ]
    assert gaps(wrong) == ["an example that is not run", "no returns"]
    assert parameter_faults(right) == ["first is required, documented as 'int, default=20_000'"]
    assert gaps(right) == []
    assert gaps(documented) == ["no example", "no returns"]
