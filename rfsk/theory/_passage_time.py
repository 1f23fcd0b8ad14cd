"""Mean time until a random process on a line first reaches a level."""

from collections.abc import Callable

from scipy.integrate import solve_ivp

from .._core._validation import check_positive


def mean_passage_time(
    drift: Callable[[float], float],
    diffusion: Callable[[float], float],
    *,
    start: float,
    level: float,
) -> float:
    """Compute the mean time until dx = f(x) dt + g(x)^(1/2) dB first reaches plus or minus a level.

    The overlap of a field with a direction moves in this way under stochastic gradient descent
    from random initial weights, where the noise of the gradient exceeds its mean. With odd f and
    even g, the mean time T from x obeys f T' + g T'' / 2 = -1 with T(level) = T'(0) = 0, so that
    -T' = J solves J' = 2 (1 - f J) / g.

    Parameters
    ----------
    drift : callable
        f, an odd function.
    diffusion : callable
        g, an even and positive function: the variance gained in a unit of time.
    start, level : float
        Initial value, and absolute value at which time stops; start < level.

    Returns
    -------
    time : float
        Mean of the time.

    Examples
    --------
    >>> from rfsk.theory import mean_passage_time
    >>> time = mean_passage_time(lambda x: 0.0, lambda x: 2.0, start=1.0, level=3.0)
    >>> round(time, 6)  # free diffusion: (level^2 - start^2) / g
    4.0
    """
    check_positive(level, "level")
    if not 0.0 <= start < level:
        raise ValueError(f"start={start!r}; expected a number from 0 to level={level!r}.")
    courses = solve_ivp(
        lambda x, state: [2.0 * (1.0 - drift(x) * state[0]) / diffusion(x), state[0]],
        (0.0, level),
        [0.0, 0.0],
        method="LSODA",
        t_eval=(start, level),
        rtol=1e-8,
        atol=1e-10,
    )
    return float(courses.y[1, 1] - courses.y[1, 0])
