"""Number of threads of the linear-algebra libraries in NumPy and SciPy."""

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
    """Context in which BLAS uses one thread, for products that are too small for several."""
    # The number of BLAS threads is a setting of the whole process. While one Python thread holds
    # the lock, other threads do not change the setting, because overlapping contexts would restore
    # each other's values. Contexts within one thread can be nested.
    if not _lock.acquire(blocking=False):
        yield
        return
    try:
        with _libraries(is_scipy).limit(limits=1):
            yield
    finally:
        _lock.release()


# Limits only the BLAS of SciPy, so that its threads do not compete with those of NumPy.
scipy_on_one_thread = partial(blas_on_one_thread, is_scipy=True)


@cache
def _libraries(is_scipy: bool) -> Any:
    """Controller of all loaded BLAS libraries, or only of those that SciPy ships."""
    controller = ThreadpoolController()
    if not is_scipy:
        return controller.select(user_api="blas")
    folder = Path(scipy.__file__).parent
    paths = [library.filepath for library in controller.lib_controllers]
    folders = {folder, folder.with_name("scipy.libs")}
    return controller.select(filepath=[path for path in paths if folders & set(Path(path).parents)])
