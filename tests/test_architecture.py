"""Subpackages import each other's public names only; the layers are in pyproject.toml."""

import ast
from importlib.util import resolve_name
from pathlib import Path

import rfsk

ROOT = Path(rfsk.__file__).parent


def imports_of(path):
    """Absolute names of all that a module imports."""
    package = ".".join(("rfsk", *path.relative_to(ROOT).parent.parts))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{source}.{alias.name}" for alias in node.names)


def is_private_elsewhere(name, path):
    """Whether a name is private to another subpackage than that of the file; all share _core."""
    root, subpackage, *rest = [*name.split("."), ""]
    is_elsewhere = root == "rfsk" and subpackage not in ("_core", path.relative_to(ROOT).parts[0])
    return is_elsewhere and any(part.startswith("_") for part in rest)


def test_subpackages_import_public_names_only():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(ROOT.rglob("*.py"))
        for name in imports_of(path)
        if is_private_elsewhere(name, path)
    ]
    assert found == []
