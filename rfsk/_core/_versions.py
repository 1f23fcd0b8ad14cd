"""Versions of the libraries that determine results."""

import platform
from importlib.metadata import version

from .. import __version__


def installed_versions() -> dict[str, str]:
    """Versions of Python, rfsk and the numerical libraries, by name."""
    versions = {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "torch")}
    return {"python": platform.python_version(), "rfsk": __version__, **versions}
