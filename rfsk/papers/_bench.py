"""Bench: seeds, sizes and trained nets that several claims use."""

import copy
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, TypeVar

from .._core._random import spawn_seeds
from .._core._trained_nets import check_trained
from .._core._validation import check_positive
from ..datasets import Discrimination
from ..nets import fit_many_online

Made = TypeVar("Made")


class Bench:
    """Seeds and sizes of a reproduction, and a cache of trained nets and other results.

    Parameters
    ----------
    n_seeds : int, default=3
        Number of repeats, each with its own nets and samples.
    quick : bool, default=False
        Whether to use small sizes, such as fewer units and shorter training.
    n_jobs : int, default=-1
        Number of groups of nets to train in parallel, as in joblib: -1 for all cores, None for 1.
    random_state : int or None, default=None
        Seed of the repeats.

    Attributes
    ----------
    seeds : tuple of int
        Seeds of the repeats.
    control : str or None
        Name of the control that the `measure` function of a claim must apply; None for no control.

    Examples
    --------
    >>> from rfsk.papers import Bench
    >>> bench = Bench(2, random_state=0)
    >>> len(bench.seeds), bench.under("permuted pixels").control
    (2, 'permuted pixels')
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
        self.control: str | None = None
        self._made: dict[Any, Any] = {}

    def under(self, control: str | None) -> "Bench":
        """Return a bench with the same cache and another control.

        Parameters
        ----------
        control : str or None
            Name of the control that the `measure` functions of claims must apply; None for no
            control.
        """
        bench = copy.copy(self)
        bench.control = control
        return bench

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Call a function only once per key, and return its result.

        Parameters
        ----------
        key : hashable
            Name of the result.
        make : callable
            Function without arguments.
        """
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def nets(
        self,
        key: Any,
        make: Callable[[int], Any],
        tasks: Mapping[Any, Discrimination],
        n_steps: int | Mapping[Any, int],
    ) -> dict[Any, list[Any]]:
        """Train one net per seed and task, in parallel and only once per key.

        Parameters
        ----------
        key : hashable
            Name of the nets. A second call with the same `key` returns the nets of the first call.
        make : callable
            Function ``make(seed)`` that returns an untrained FCNet or ConvNet.
        tasks : mapping of hashable to Discrimination
            Tasks by name.
        n_steps : int or mapping of hashable to int
            Number of training steps: a number for all tasks, or a mapping with the names of the
            tasks as keys.

        Returns
        -------
        nets : dict of hashable to list of net
            For the name of each task, a list of trained nets, one per seed.
        """

        def train() -> dict[Any, list[Any]]:
            # Ordered by seed, so that tasks that are slow to sample are spread over all threads.
            pairs = list(product(self.seeds, tasks))
            trained = [make(seed) for seed, _ in pairs]
            steps = [n_steps if isinstance(n_steps, int) else n_steps[name] for _, name in pairs]
            sizes = [net.batch_size * n for net, n in zip(trained, steps, strict=True)]
            fit_many_online(trained, [tasks[name] for _, name in pairs], sizes, n_jobs=self.n_jobs)
            for net in trained:
                check_trained(net)
            return {name: trained[place :: len(tasks)] for place, name in enumerate(tasks)}

        return self.once(("nets", key), train)
