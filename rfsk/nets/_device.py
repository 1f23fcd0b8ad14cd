"""Device and number of threads of a training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

# Floating-point operations of a step up to which a second thread saves a quarter of the time at
# most; where another process takes its core, it costs a multiple.
_SMALL_STEP = 2e7


def resolve_device(device: Any) -> torch.device:
    """Turn a device name into an available torch device; ValueError if it is not available."""
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, TypeError, AssertionError, ImportError) as error:
        raise ValueError(
            f"device={device!r} is not available here ({str(error).splitlines()[0]}); expected "
            "'auto', 'cpu' or a torch device of this machine."
        ) from error
    return resolved


@contextmanager
def threads_for(module: Any, batch_size: int) -> Iterator[None]:
    """Take small steps on a CPU in one thread, which other busy cores do not delay."""
    sites = max(1, module.n_widest // module.n_units)
    work = 6 * batch_size * sites * sum(p.numel() for p in module.parameters())
    before = torch.get_num_threads()
    if before == 1 or module.weight.device.type != "cpu" or work > _SMALL_STEP:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
