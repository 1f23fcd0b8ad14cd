"""Threads of the linear-algebra libraries that NumPy and SciPy bring along."""

from pathlib import Path
from typing import Any

from threadpoolctl import ThreadpoolController


def scipy_on_one_thread() -> Any:
    """Context in which SciPy's own BLAS, where it has one, uses a single thread.

    SciPy's optimisers call it for small vectors only. Its threads, and those of NumPy's BLAS which
    does the work between two calls, would otherwise wait for one another's turn in busy loops:
    three times slower on two cores.
    """
    controller = ThreadpoolController()
    own = [
        library.filepath
        for library in controller.lib_controllers
        if {"scipy.libs", "scipy"} & set(Path(library.filepath).parts)
    ]
    return controller.select(filepath=own).limit(limits=1)
