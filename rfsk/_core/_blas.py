"""Threads of the linear-algebra libraries that NumPy and SciPy bring along."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import ThreadpoolController

_lock = threading.RLock()


def scipy_on_one_thread() -> AbstractContextManager[None]:
    """Context in which SciPy's own BLAS, where it has one, uses a single thread.

    SciPy's optimisers call it for small vectors only. Its threads, and those of NumPy's BLAS which
    does the work between two calls, would otherwise wait for one another's turn in busy loops:
    three times slower on two cores.
    """
    return _on_one_thread(_scipy_libraries())


def blas_on_one_thread() -> AbstractContextManager[None]:
    """Context for loops of products so small that handing them to threads does not pay."""
    return _on_one_thread(_all_libraries())


@contextmanager
def _on_one_thread(libraries: Any) -> Iterator[None]:
    # The number of threads is the process's. While one Python thread has set it, others leave it
    # alone: contexts that overlap would restore one another's setting. Contexts of one thread nest.
    if not _lock.acquire(blocking=False):
        yield
        return
    try:
        with libraries.limit(limits=1):
            yield
    finally:
        _lock.release()


@cache
def _all_libraries() -> Any:
    return ThreadpoolController().select(user_api="blas")


@cache
def _scipy_libraries() -> Any:
    """Libraries that lie in SciPy's folder, or in scipy.libs beside it."""
    folder = Path(scipy.__file__).parent
    controller = ThreadpoolController()
    own = [
        library.filepath
        for library in controller.lib_controllers
        if {folder, folder.with_name("scipy.libs")} & set(Path(library.filepath).parents)
    ]
    return controller.select(filepath=own)
