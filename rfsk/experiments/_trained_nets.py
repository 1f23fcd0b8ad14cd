"""What there is to know of a trained net before it is measured."""

import numpy as np

from ..nets import ConvNet, FCNet


def check_trained(net: FCNet | ConvNet, step: int | None) -> None:
    """Raise if a net has diverged, or was interrupted (in company, before `step`)."""
    if not hasattr(net, "receptive_fields_"):
        raise ValueError("The net diverged; lower its learning_rate.")
    if net.net_.interrupted_ or (step is not None and net.n_steps_ < step):
        raise KeyboardInterrupt


def starts_positive(units: np.ndarray) -> np.ndarray:
    """Which units of a net start with a positive bias: the first half."""
    return np.asarray(np.arange(len(units)) < (len(units) + 1) // 2)
