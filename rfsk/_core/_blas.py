"""Threads of the linear-algebra libraries that NumPy and SciPy contain."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import ThreadpoolController

_lock = threading.RLock()


@contextmanager
def blas_on_one_thread(*, is_scipy: bool = False) -> Iterator[None]:
    """Context in which BLAS uses one thread, for products too small to gain from more."""
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


# For SciPy's BLAS only, so that it and NumPy's do not compete.
scipy_on_one_thread = partial(blas_on_one_thread, is_scipy=True)


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
