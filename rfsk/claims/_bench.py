"""Bench: what claims share, above all nets, which are trained once for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from .._core._random import spawn_seeds
from .._core._trained_nets import check_trained
from .._core._validation import check_positive
from ..datasets import Discrimination
from ..experiments import nlgp_task
from ..nets import FCNet, fit_many_online

Made = TypeVar("Made")


@dataclass(frozen=True)
class Training:
    """How nets are trained: the size of the steps and their number.

    Parameters
    ----------
    learning_rate : float
    batch_size : int
    learning_time : float
        Learning rate times steps.
    n_hidden : int, default=40
        Units.

    Raises
    ------
    ValueError
        If one of them is not positive.

    Examples
    --------
    >>> from rfsk.claims import Training
    >>> Training(learning_rate=5.0, batch_size=100, learning_time=20_000.0).n_steps
    4000
    """

    learning_rate: float
    batch_size: int
    learning_time: float
    n_hidden: int = 40

    def __post_init__(self) -> None:
        check_positive(self.learning_rate, "learning_rate")
        check_positive(self.learning_time, "learning_time")
        check_positive(self.batch_size, "batch_size", integer=True)
        check_positive(self.n_hidden, "n_hidden", integer=True)

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return round(self.learning_time / self.learning_rate)


# Steps on single samples, as in the paper; the quick ones, of equal noise, grow the same fields.
_RING = {False: Training(0.05, 1, 20_000.0), True: Training(5.0, 100, 20_000.0)}
_TORUS = {False: Training(20.0, 100, 800_000.0, 100), True: Training(20.0, 100, 100_000.0)}
_TORUS_SIDE = {False: 20, True: 14}


class Bench:
    """Seeds and sizes of a reproduction, and what has been computed so far.

    Parameters
    ----------
    n_seeds : int, default=3
        Repeats, each with nets and samples of its own.
    quick : bool, default=False
        Whether to take small sizes.
    n_jobs : int, default=-1
        Groups of nets trained at a time, as joblib has it.
    random_state : int or None, default=None
        Seed from which those of the repeats come.

    Attributes
    ----------
    seeds : tuple of int
        One for each repeat.

    Examples
    --------
    >>> from rfsk.claims import Bench
    >>> bench = Bench(2, random_state=0)
    >>> bench.once("squares", lambda: [n * n for n in range(3)])
    [0, 1, 4]
    >>> len(bench.seeds)
    2
    """

    def __init__(
        self,
        n_seeds: int = 3,
        *,
        quick: bool = False,
        n_jobs: int | None = -1,
        random_state: int | None = None,
    ) -> None:
        check_positive(n_seeds, "n_seeds", integer=True)
        self.quick, self.n_jobs = bool(quick), n_jobs
        self.seeds = tuple(spawn_seeds(random_state, n_seeds))
        self._made: dict[Any, Any] = {}

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Make something the first time only.

        Parameters
        ----------
        key : hashable
            Tells what is made.
        make : callable
            Makes it, without arguments.

        Returns
        -------
        made : object
            What ``make()`` returned when it was called.
        """
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @property
    def ring_training(self) -> Training:
        """How nets are trained on a ring of 100 sites."""
        return _RING[self.quick]

    @property
    def torus_training(self) -> Training:
        """How nets are trained on the torus."""
        return _TORUS[self.quick]

    @property
    def ring_task(self) -> Discrimination:
        """NLGP of gain 3 on 100 sites, correlation lengths 5 and 10."""
        return self.once("ring task", nlgp_task)

    @property
    def torus_shape(self) -> tuple[int, int]:
        """Sites of the torus: 20 x 20, or 14 x 14 in the quick form."""
        return (_TORUS_SIDE[self.quick],) * 2

    @property
    def torus_task(self) -> Discrimination:
        """NLGP of gain 3 on a torus, correlation lengths 1 and 2."""
        task = partial(nlgp_task, shape=self.torus_shape, correlation_length=2.0)
        return self.once("torus task", task)

    def ring_nets(self) -> dict[str, list[FCNet]]:
        """Nets on the ring, one a seed, on "nlgp" and on its Gaussian "clone"."""
        return self.nets("ring nets", with_clone(self.ring_task), self.ring_training, record=40)

    def torus_nets(self) -> dict[str, list[FCNet]]:
        """Nets on the torus, one a seed, on "nlgp" and on its Gaussian "clone"."""
        laws = with_clone(self.torus_task)
        return self.nets("torus nets", laws, self.torus_training, image_shape=self.torus_shape)

    def nets(
        self,
        key: str,
        tasks: Mapping[str, Discrimination],
        training: Training,
        **parameters: Any,
    ) -> dict[str, list[FCNet]]:
        """Train one net a seed on each of some tasks, together and only once.

        Parameters
        ----------
        key : str
            Name of these nets. Asked for again, with the same training and parameters and tasks of
            the same names, they are there.
        tasks : mapping of str to Discrimination
        training : Training
        **parameters
            Further ones of FCNet.

        Returns
        -------
        nets : dict of str to list of FCNet
            By the name of the task.
        """

        def train() -> dict[str, list[FCNet]]:
            found = {
                name: [
                    FCNet(
                        training.n_hidden,
                        learning_rate=training.learning_rate,
                        batch_size=training.batch_size,
                        random_state=seed,
                        **{"weight_decay": 0.0, **parameters},
                    )
                    for seed in self.seeds
                ]
                for name in tasks
            }
            # By turns, so that each thread has its share of the tasks that are slow to draw.
            together = [net for of_seed in zip(*found.values(), strict=True) for net in of_seed]
            laws = [task for _ in self.seeds for task in tasks.values()]
            n_samples = training.n_steps * training.batch_size
            fit_many_online(together, laws, n_samples, n_jobs=self.n_jobs)
            for net in together:
                check_trained(net, training.n_steps)
            return found

        return self.once(("nets", key, training, *tasks, repr(sorted(parameters.items()))), train)


def with_clone(task: Discrimination) -> dict[str, Discrimination]:
    """Return a task and its Gaussian clone, by name."""
    return {"nlgp": task, "clone": task.gaussian_clone()}
