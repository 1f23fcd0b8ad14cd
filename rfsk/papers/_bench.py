"""Bench: what claims share, above all nets, which are trained once for all of them."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .._core._random import spawn_seeds
from .._core._validation import check_positive
from ..datasets import Discrimination
from ..nets import fit_many_online

Made = TypeVar("Made")


class Bench:
    """Seeds and sizes of a reproduction, and what has been computed so far.

    Parameters
    ----------
    n_seeds : int, default=3
        Repeats, each with nets and samples of its own.
    quick : bool, default=False
        Whether to take small sizes.
    n_jobs : int, default=-1
        Groups of nets trained at a time, as in joblib.
    random_state : int or None, default=None
        Seed from which those of the repeats come.

    Attributes
    ----------
    seeds : tuple of int
        One for each repeat.
    control : str or None
        Control that `measure` of a claim must apply.

    Examples
    --------
    >>> from rfsk.papers import Bench
    >>> bench = Bench(2, random_state=0)
    >>> bench.once("squares", lambda: [n * n for n in range(3)])
    [0, 1, 4]
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
        """Return a bench with the same nets on which a control is applied.

        Parameters
        ----------
        control : str or None
            Name of the control, which the claims interpret.

        Returns
        -------
        bench : Bench
        """
        bench = copy.copy(self)
        bench.control = control
        return bench

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Make something the first time only.

        Parameters
        ----------
        key : hashable
            Name of what is made.
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

    def nets(
        self,
        key: Any,
        make: Callable[[int], Any],
        tasks: Mapping[Any, Discrimination],
        n_steps: int | Mapping[Any, int],
    ) -> dict[Any, list[Any]]:
        """Train one net per seed on each of some tasks, together and only once.

        Parameters
        ----------
        key : hashable
            Name of these nets; a second call with the same name returns them.
        make : callable
            ``make(seed)`` returns the untrained FCNet or ConvNet of a seed.
        tasks : mapping of hashable to Discrimination
            What to train on, by name.
        n_steps : int or mapping of hashable to int
            Steps of training, for all tasks or by name.

        Returns
        -------
        nets : dict of hashable to list of net
            By the name of the task, one for each seed.

        Raises
        ------
        ValueError
            If a net diverges.
        """

        def train() -> dict[Any, list[Any]]:
            found: dict[Any, list[Any]] = {name: [make(s) for s in self.seeds] for name in tasks}
            # Seed by seed, so that each thread gets a part of the tasks that are slow to draw.
            entries = [
                (found[name][number], task, n_steps if isinstance(n_steps, int) else n_steps[name])
                for number in range(len(self.seeds))
                for name, task in tasks.items()
            ]
            together, each_task, steps = (list(column) for column in zip(*entries, strict=True))
            sizes = [net.batch_size * n for net, n in zip(together, steps, strict=True)]
            fit_many_online(together, each_task, sizes, n_jobs=self.n_jobs)
            for net, n in zip(together, steps, strict=True):
                if not hasattr(net, "receptive_fields_"):
                    raise ValueError("A net diverged; lower its `learning_rate`.")
                if net.n_steps_ < n:
                    raise KeyboardInterrupt
            return found

        return self.once(("nets", key), train)
