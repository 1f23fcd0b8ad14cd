"""Where to train: a device by name, or a clear error."""

from typing import Any

import torch


def resolve_device(device: Any) -> torch.device:
    """Turn a device name into a torch device that is there.

    Raises
    ------
    ValueError
        If the name is unknown or the device absent.
    """
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
