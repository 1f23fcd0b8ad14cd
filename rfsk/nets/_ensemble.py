"""fit_many: ensembles of small nets, which are faster trained together than in turn."""

import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import joblib
import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_X_y, validate_data

from .._core._progress import tqdm
from .._core._random import draw_seed
from .._core._validation import check_positive
from ..datasets import Discrimination
from ._advice import advise_on_data, advise_on_task
from ._base import FLOATS, ONLINE_EPOCHS
from ._committee import Member, Outcome
from ._engine import LogSchedule
from ._fcnet import FCNet
from ._rates import as_optimizer, rate_factors
from ._runs import Run, train_group

_AT_ONCE = 16  # nets whose batches stay in a core's cache


def fit_many(
    nets: Sequence[FCNet], X: ArrayLike, y: ArrayLike, *, n_jobs: int | None = -1, verbose: int = 0
) -> list[FCNet]:
    """Fit many nets to the same data at once, as one batched computation.

    Each becomes what its own ``fit(X, y)`` would make of it, up to rounding, whatever the
    others and `n_jobs`: batches come in the order of its own seed.

    Parameters
    ----------
    nets : sequence of FCNet
        Nets of one hidden layer, a fixed readout and the squared loss, trained by "sgd" with an
        activation by name. They may differ in everything, sizes included; those of equal
        shape, batch size, epochs, activation and device are trained together. They are fitted in
        place; their own `verbose` does not count.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,)
        Labels of two classes.
    n_jobs : int, default=-1
        Groups of up to 16 nets trained at a time, as joblib has it: threads, unless
        `joblib.parallel_config` says otherwise.
    verbose : int, default=0
        Above 0 a progress bar over groups is shown.

    Returns
    -------
    nets : list of FCNet
        The same nets, fitted. One that diverged is left unfitted, with a warning. An interrupt
        keeps all nets as far as they are trained, and those that had not begun as they were.

    Raises
    ------
    TypeError
        If `nets` holds anything but FCNet.
    ValueError
        If a net cannot be trained so (fit it on its own), or a parameter or the data are
        not valid, before any training.

    Examples
    --------
    >>> from rfsk import FCNet, fit_many, make_nlgp
    >>> X, y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> nets = [FCNet(4, max_epochs=2, random_state=seed) for seed in range(3)]
    >>> [net.receptive_fields_.shape for net in fit_many(nets, X, y)]
    [(4, 20), (4, 20), (4, 20)]
    """
    data, y = check_X_y(X, y, dtype=FLOATS)
    check_classification_targets(y)
    classes, index = np.unique(y, return_inverse=True)
    _check_nets(nets, [len(classes)] * len(nets))
    shared = {}
    for net in nets:
        if net._device not in shared:
            shared[net._device] = net._to_device(data), torch.as_tensor(index, device=net._device)

    def start(net: FCNet) -> _Plan:
        is_warm = net._is_warm()
        validate_data(net, X, reset=not is_warm, skip_check_array=True)
        net._start(classes, data.shape[1], is_warm)
        advise_on_data(net, data, index)
        n_steps = net.max_epochs * net._n_batches(len(data))
        return _Plan(net, draw_seed(net._rng), net.max_epochs, n_steps, len(data), None)

    return _fit(nets, [partial(start, net) for net in nets], shared, n_jobs, verbose)


def fit_many_online(
    nets: Sequence[FCNet],
    tasks: Discrimination | Sequence[Discrimination],
    n_samples: int = 2_000_000,
    *,
    n_jobs: int | None = -1,
    verbose: int = 0,
) -> list[FCNet]:
    """Fit many nets online at once, each on fresh samples of its own.

    Each becomes what its own ``fit_online(task, n_samples)`` would make of it, up to rounding:
    its samples are drawn by its own seed.

    Parameters
    ----------
    nets : sequence of FCNet
        As in `fit_many`.
    tasks : Discrimination or sequence of them
        One for all, or one for each net.
    n_samples : int, default=2_000_000
        How many samples each net sees.
    n_jobs : int, default=-1
        As in `fit_many`.
    verbose : int, default=0
        As in `fit_many`.

    Returns
    -------
    nets : list of FCNet
        The same nets, fitted; as in `fit_many`.

    Raises
    ------
    TypeError
        If `nets` holds anything but FCNet, or `tasks` anything but tasks.
    ValueError
        If a net cannot be trained so, the numbers of nets and tasks differ, or a parameter is
        not valid, before any training.

    Examples
    --------
    >>> from rfsk import FCNet, fit_many_online, make_nlgp
    >>> gains = (0.3, 1.0, 3.0)
    >>> tasks = [
    ...     make_nlgp(2, 20, correlation_length=(1.0, 2.0), gain=g, return_X_y=False).task
    ...     for g in gains
    ... ]
    >>> nets = [FCNet(4, random_state=0) for _ in gains]
    >>> fit_many_online(nets, tasks, 10_000)[0].n_steps_
    20
    """
    tasks = [tasks] * len(nets) if isinstance(tasks, Discrimination) else list(tasks)
    if len(tasks) != len(nets):
        raise ValueError(f"Got {len(tasks)} tasks for {len(nets)} nets; expected one for each.")
    for task in tasks:
        if not isinstance(task, Discrimination):
            raise TypeError(f"tasks holds a {type(task).__name__}; expected a Discrimination.")
    check_positive(n_samples, "n_samples", integer=True)
    _check_nets(nets, [task.n_classes for task in tasks])

    def start(net: FCNet, task: Discrimination) -> _Plan:
        net._start_online(np.arange(task.n_classes), task.n_features)
        advise_on_task(net, task)
        n_steps = net._n_batches(n_samples)
        epochs = min(ONLINE_EPOCHS, n_steps)
        return _Plan(net, draw_seed(net._rng), epochs, n_steps, n_samples, task)

    starts = [partial(start, net, task) for net, task in zip(nets, tasks, strict=True)]
    return _fit(nets, starts, {}, n_jobs, verbose)


class _Plan(NamedTuple):
    """A net that was started, and how far it is to go."""

    net: FCNet
    seed: int
    epochs: int
    n_steps: int
    n_samples: int
    task: Discrimination | None


def _check_nets(nets: Sequence[FCNet], n_classes: Sequence[int]) -> None:
    """Raise unless these are nets whose steps can be batched, with valid parameters."""
    for net in nets:
        if not isinstance(net, FCNet):
            raise TypeError(f"nets holds a {type(net).__name__}; expected an FCNet.")
    if not len(nets):
        raise ValueError("nets is empty; expected at least one FCNet.")
    if len({id(net) for net in nets}) < len(nets):
        raise ValueError("nets holds the same net twice; expected one object for each fit.")
    for net, n in zip(nets, n_classes, strict=True):
        net._check_parameters()
        obstacles = {
            "n_hidden": len(net._layer_sizes()) > 1,
            "activation": not isinstance(net.activation, str),
            "readout": net.readout == "linear" or (net.readout == "auto" and n > 2),
            "loss": net.loss == "cross_entropy",
            "optimizer": as_optimizer(net.optimizer) is not torch.optim.SGD,
            "callbacks": bool(net.callbacks),
            "patience": net.patience is not None,
        }
        if getattr(net, "_skl_callbacks", None):
            raise ValueError(
                "set_callbacks does not go with nets trained together; fit this net on its own."
            )
        for name, is_in_the_way in obstacles.items():
            if is_in_the_way:
                raise ValueError(
                    f"{name}={getattr(net, name)!r} does not go with nets trained together, which "
                    "have one hidden layer, an activation by name, a fixed readout for two "
                    "classes, the squared loss and 'sgd'; fit this net on its own."
                )


def trains_in_company(net: FCNet, n_classes: int) -> bool:
    """Whether `fit_many` takes a net with valid parameters."""
    try:
        _check_nets([net], [n_classes])
    except ValueError:
        return False
    return True


def _fit(
    nets: Sequence[FCNet],
    starts: Sequence[Callable[[], _Plan]],
    shared: dict[torch.device, Any],
    n_jobs: int | None,
    verbose: int,
) -> list[FCNet]:
    """Train nets in groups of equal shape, on fresh samples or on what they share."""
    before = [dict(vars(net)) for net in nets]
    n_workers = joblib.effective_n_jobs(n_jobs)
    run = Run()
    finished: set[int] = set()

    def settle(group: list[_Plan], outcomes: list[Outcome]) -> None:
        for plan, outcome in zip(group, outcomes, strict=True):
            _finish(plan.net, outcome)
            finished.add(id(plan.net))

    try:
        groups = _groups([start() for start in starts], n_workers)
        jobs = [
            joblib.delayed(train_group)(run.name, number, *_arguments(group, shared))
            for number, group in enumerate(groups)
        ]
        pool = joblib.Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
        bar = tqdm(pool(jobs), total=len(jobs), disable=not verbose, unit="group")
        for group, outcomes in zip(groups, bar, strict=True):
            settle(group, outcomes)
    except KeyboardInterrupt:
        run.end()
        for number, outcomes in run.partial.items():
            settle(groups[number], outcomes)
        warnings.warn(
            f"Training was interrupted; {len(finished)} of {len(nets)} nets are kept as far as "
            "they were trained, the others are as before.",
            stacklevel=3,
        )
    finally:
        run.end()
        for net, attributes in zip(nets, before, strict=True):
            if id(net) not in finished:
                net.__dict__ = attributes
    failed = [i for i, net in enumerate(nets) if id(net) in finished and not net._is_trained()]
    if failed:
        warnings.warn(
            f"Nets {failed} diverged and are not fitted; lower their learning_rate.", stacklevel=3
        )
    return list(nets)


def _groups(plans: list[_Plan], n_workers: int) -> list[list[_Plan]]:
    """Nets that can be trained in step, few enough for their batches to stay in a cache."""
    alike = defaultdict(list)
    for plan in plans:
        net = plan.net
        shape = tuple(net.net_.module_.weight.shape)
        lengths = plan.epochs, plan.n_steps, plan.n_samples
        alike[shape, net.activation, net.batch_size, lengths, net._device].append(plan)
    groups = []
    for (*_, device), members in alike.items():
        at_once = len(members)
        if device.type == "cpu":
            at_once = min(_AT_ONCE, -(-len(members) // n_workers))
        groups += [members[i : i + at_once] for i in range(0, len(members), at_once)]
    return groups


def _arguments(group: list[_Plan], shared: dict[torch.device, Any]) -> tuple[Any, ...]:
    """What `train_together` is to be called with."""
    first = group[0]
    members = [_member(plan) for plan in group]
    data = shared.get(first.net._device)
    return members, first.net.activation, first.net.batch_size, first.epochs, first.n_samples, data


def _member(plan: _Plan) -> Member:
    """What there is to know of a net that was started."""
    net, engine = plan.net, plan.net.net_
    module, rates = engine.module_, {g["name"]: g for g in engine.optimizer_.param_groups}
    visits = None
    if net.record is not None:
        visits = LogSchedule(net.record, engine.n_steps, plan.n_steps)
    return Member(
        weight=module.weight.detach(),
        bias=module.bias.detach(),
        weight_rate=rates["weight"]["lr"],
        weight_decay=rates["weight"]["weight_decay"],
        bias_rate=rates.get("bias", {"lr": 0.0})["lr"],
        amplification=float(module.amplification),
        shrinkage=engine.shrinkage,
        mask=module.mask,
        factors=rate_factors(net.schedule, plan.epochs),
        visits=visits,
        seed=plan.seed,
        target_of_class=net._coding.target_of_class(),
        task=plan.task,
    )


def _finish(net: FCNet, outcome: Outcome) -> None:
    """Give a net what its training came to; leave one that diverged unfitted."""
    if outcome.failure is not None:
        net._forget()
        return
    engine = net.net_
    with torch.no_grad():
        engine.module_.weight.copy_(outcome.weight)
        engine.module_.bias.copy_(outcome.bias)
    first = engine.n_steps
    for loss, step in zip(outcome.losses, outcome.steps, strict=True):
        engine.history.new_epoch()
        engine.history.record("epoch", len(engine.history))
        engine.history.record("train_loss", loss)
        engine.history.record("step", first + step)
    engine.n_steps = first + outcome.n_steps
    net._export(outcome.recorder)
