"""Contexts in which torch, or the linear-algebra libraries of NumPy and SciPy, use one thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_n_inside = 0  # number of active contexts, in all Python threads
_limits: dict[bool, Any] = {}  # active limits; the key is True for limits of SciPy's BLAS only
_inside_torch: set[int] = set()  # Python threads in which torch computes on one thread
_n_torch_threads = 1  # torch's number of threads before the first context was entered


@contextmanager
def blas_on_one_thread(*, is_scipy: bool = False) -> Iterator[None]:
    """Context in which BLAS uses one thread, for matrix products too small for several threads."""
    global _n_inside
    # The number of BLAS threads is a setting of the whole process. The contexts of several Python
    # threads may overlap. Only the context that ends last restores the setting, because an earlier
    # restoration would affect the contexts that are still active.
    with _lock:
        _n_inside += 1
        if is_scipy not in _limits:
            _limits[is_scipy] = _libraries(is_scipy).limit(limits=1)
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            while _limits and not _n_inside:
                _limits.popitem()[1].restore_original_limits()


# This context limits only the BLAS of SciPy, so that SciPy's threads do not compete with NumPy's.
scipy_on_one_thread = partial(blas_on_one_thread, is_scipy=True)


@contextmanager
def torch_on_one_thread() -> Iterator[None]:
    """Context in which torch computes on one thread; a second context inside it has no effect."""
    global _n_torch_threads
    import torch

    this = threading.get_ident()
    if this in _inside_torch:
        yield
        return
    # A new Python thread takes over the number of torch threads that was set last in any thread. If
    # another thread is in this context at that time, the taken-over number is one and must not be
    # restored. `get_num_threads` is called in any case: without this call, torch would replace the
    # number at the first operation of a new Python thread.
    with _lock:
        n_threads = torch.get_num_threads()
        if not _inside_torch:
            _n_torch_threads = n_threads
        _inside_torch.add(this)
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside_torch.remove(this)
            torch.set_num_threads(_n_torch_threads)


@cache
def _libraries(is_scipy: bool) -> Any:
    """Controller of the threads of all loaded BLAS libraries, or only of those that SciPy ships."""
    controller = ThreadpoolController()
    if not is_scipy:
        return controller.select(user_api="blas")
    folder = Path(scipy.__file__).parent
    paths = [library.filepath for library in controller.lib_controllers]
    folders = {folder, folder.with_name("scipy.libs")}
    return controller.select(filepath=[path for path in paths if folders & set(Path(path).parents)])
