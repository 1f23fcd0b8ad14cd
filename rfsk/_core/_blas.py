"""Threads of the linear-algebra libraries that NumPy and SciPy contain."""

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
    """Context in which SciPy's BLAS uses one thread, so that it and NumPy's do not compete."""
    return _on_one_thread(is_scipy=True)


def blas_on_one_thread() -> AbstractContextManager[None]:
    """Context in which BLAS uses one thread, for products too small to gain from more."""
    return _on_one_thread(is_scipy=False)


@contextmanager
def _on_one_thread(is_scipy: bool) -> Iterator[None]:
    # The number of threads is the process's. While one Python thread has set it, others leave it
    # alone: contexts that overlap would restore one another's setting. Contexts of one thread nest.
    if not _lock.acquire(blocking=False):
        yield
        return
    try:
        with _libraries(is_scipy).limit(limits=1):
            yield
    finally:
        _lock.release()


@cache
def _libraries(is_scipy: bool) -> Any:
    """All BLAS libraries, or only those that SciPy ships."""
    controller = ThreadpoolController()
    if not is_scipy:
        return controller.select(user_api="blas")
    folder = Path(scipy.__file__).parent
    paths = [library.filepath for library in controller.lib_controllers]
    folders = {folder, folder.with_name("scipy.libs")}
    return controller.select(filepath=[path for path in paths if folders & set(Path(path).parents)])
