"""Mean first-passage time of a diffusion process in one dimension."""

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
    r"""Compute the mean time at which a diffusion process first reaches plus or minus a level.

    The process is dx = f(x) dt + g(x)^(1/2) dB, where f is odd, g is even, and B is a Brownian
    motion. An example is the overlap of a field with a direction during stochastic gradient
    descent from random initial weights, when the noise of the gradient exceeds the mean of the
    gradient. The mean time T(x) to reach the level from the initial value x satisfies

    .. math:: f T' + g T'' / 2 = -1, \qquad T(\mathrm{level}) = T'(0) = 0.

    The function J = -T', the negative derivative of the mean time T(x) with respect to x, solves
    J' = 2 (1 - f J) / g with J(0) = 0.

    Parameters
    ----------
    drift : callable
        Odd function f.
    diffusion : callable
        Even, positive function g, the increase of the variance per unit of time.
    start, level : float
        Initial value of x, and level that the magnitude of x must reach. `start` must be below
        `level`.

    Returns
    -------
    time : float
        Mean first-passage time.

    Examples
    --------
    >>> from rfsk.theory import mean_passage_time
    >>> time = mean_passage_time(lambda x: 0.0, lambda x: 2.0, start=1.0, level=3.0)
    >>> round(time, 6)  # free diffusion: (level^2 - start^2) / g
    4.0
    """
    check_positive(level, "level")
    if not 0.0 <= start < level:
        raise ValueError(f"`start` must be at least 0 and below level={level!r}, got {start!r}.")
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
