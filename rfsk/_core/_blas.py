"""Threads of the linear-algebra libraries that NumPy and SciPy bring along."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_depth = 0
_limiter: Any = None


@contextmanager
def scipy_on_one_thread() -> Iterator[None]:
    """Context in which SciPy's own BLAS, where it has one, uses a single thread.

    SciPy's optimisers call it for small vectors only. Its threads, and those of NumPy's BLAS which
    does the work between two calls, would otherwise wait for one another's turn in busy loops:
    three times slower on two cores. The limit is of the process; it is lifted when the last of
    the threads that asked for it is done.
    """
    global _depth, _limiter
    with _lock:
        _depth += 1
        if _depth == 1:
            _limiter = _scipy_libraries().limit(limits=1)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _limiter.__exit__(None, None, None)


@cache
def _scipy_libraries() -> Any:
    """Controller of the libraries that lie in SciPy's folder, or in scipy.libs beside it."""
    folder = Path(scipy.__file__).parent
    controller = ThreadpoolController()
    own = [
        library.filepath
        for library in controller.lib_controllers
        if {folder, folder.with_name("scipy.libs")} & set(Path(library.filepath).parents)
    ]
    return controller.select(filepath=own)
