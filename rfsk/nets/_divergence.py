"""Error raised by a training that diverges."""

import math

# A network has diverged if the loss exceeds this factor times the larger of 1 and the loss of the
# first epoch.
_EXPLODED = 100.0


class DivergenceError(ValueError):
    """Error raised if the training loss has diverged."""


def check_loss(losses: list[float], n_steps: int, *, at_end: bool = False) -> None:
    """Raise DivergenceError if the loss is not finite or, at the end of training, has diverged."""
    limit = _EXPLODED * max(losses[0], 1.0) if at_end else math.inf
    if not losses[-1] < limit:
        raise DivergenceError(
            f"The training loss is {losses[-1]} after {n_steps} steps: the net diverged. "
            "Reduce learning_rate, or scale the inputs to unit variance."
        )
