"""Training of ensembles of nets, in threads or, without compiled steps, in batched computations."""

import copy
import threading
import warnings
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from .._core._blas import torch_on_one_thread
from .._core._mistakes import warned_once
from .._core._runs import noticing_interrupts, report_interrupt, tqdm
from .._core._validation import check_n_jobs, is_labelled
from ..datasets import as_task
from ._base import NetEstimator, Training
from ._batches import Samples
from ._callbacks import listens_to_batches
from ._compiled_step import CompiledStep
from ._divergence import DivergenceError
from ._engine import Engine

_AT_ONCE = 16  # number of nets per batched computation, so that batches stay in the cache


def fit_many(
    nets: Sequence[NetEstimator],
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    n_jobs: int | None = -1,
    verbose: int = 0,
) -> list[NetEstimator]:
    """Fit many nets to the same data at once.

    Each fitted net is equal to the result of ``net.fit(X, y)``, and does not depend on the other
    nets or on `n_jobs`. Equality is exact for nets with compiled steps (two layers, fixed readout,
    squared loss, "sgd", on a CPU). Other nets with equal architecture and learning rates are
    trained in a batched computation, and are equal to the result of ``net.fit(X, y)`` up to
    rounding.

    Parameters
    ----------
    nets : sequence of FCNet, ConvNet or Autoencoder
        Nets to fit in place. The nets may differ in any of their parameters.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,), optional
        Inputs and labels. Autoencoders need no labels.
    n_jobs : int, default=-1
        Number of threads, as in joblib.
    verbose : int, default=0
        If positive, show a progress bar over the nets.

    Returns
    -------
    nets : list
        The same nets, fitted. A net that diverges is left unchanged, with a warning. After an
        interrupt, nets keep their current weights, and nets whose training has not begun are
        unchanged.

    Examples
    --------
    >>> from rfsk import FCNet, fit_many, make_nlgp
    >>> X, y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> nets = fit_many([FCNet(4, max_epochs=2, random_state=seed) for seed in range(3)], X, y)
    >>> nets[2].receptive_fields_.shape
    (4, 20)
    """
    _check_nets(nets, has_validation=True)
    shared: dict[Any, Any] = {}  # inputs of all nets
    starts = [partial(net._prepare_fit, X, y, shared=shared) for net in nets]
    return _fit(nets, starts, n_jobs, verbose)


def fit_each(
    nets: Sequence[NetEstimator],
    data: Sequence[tuple[ArrayLike, ArrayLike | None]],
    *,
    n_jobs: int | None = -1,
    verbose: int = 0,
) -> list[NetEstimator]:
    """Fit many nets at once, each to its own inputs and labels.

    `fit_each` works in the same way as `fit_many`, except that every net has its own data.

    Parameters
    ----------
    nets : sequence of FCNet, ConvNet or Autoencoder
        Nets to fit in place.
    data : sequence of (X, y)
        Inputs and labels of each net.
    n_jobs : int, default=-1
        Number of threads, as in `fit_many`.
    verbose : int, default=0
        Verbosity, as in `fit_many`.

    Returns
    -------
    nets : list
        The same nets, fitted.

    Examples
    --------
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.nets import fit_each
    >>> data = [make_nlgp(500, 20, gain=gain, random_state=0) for gain in (1.0, 3.0)]
    >>> nets = [FCNet(4, max_epochs=2, random_state=0) for _ in data]
    >>> [net.n_steps_ for net in fit_each(nets, data)]
    [2, 2]
    """
    _check_nets(nets, has_validation=True)
    for pair in (data := _one_each(nets, data, "pairs of data")):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError("`data` must contain one pair (X, y) per net.")
    starts = [partial(net._prepare_fit, *pair) for net, pair in zip(nets, data, strict=True)]
    return _fit(nets, starts, n_jobs, verbose)


def fit_many_online(
    nets: Sequence[NetEstimator],
    tasks: Any,
    n_samples: int | Sequence[int] = 2_000_000,
    *,
    n_jobs: int | None = -1,
    verbose: int = 0,
) -> list[NetEstimator]:
    """Train many nets at once, each by ``net.fit_online(task, n_samples)``.

    `fit_many_online` works in the same way as `fit_many`, except that nets are trained online.

    Parameters
    ----------
    nets : sequence of FCNet, ConvNet or Autoencoder
        Nets to fit in place.
    tasks : Discrimination or data (X, y), or sequence of such
        One task for all nets, or one task per net, as in `FCNet.fit_online`.
    n_samples : int or sequence of int, default=2_000_000
        Number of samples: one number for all nets, or one number per net.
    n_jobs : int, default=-1
        Number of threads, as in `fit_many`.
    verbose : int, default=0
        Verbosity, as in `fit_many`.

    Returns
    -------
    nets : list
        The same nets, fitted.

    Examples
    --------
    >>> from rfsk import FCNet, fit_many_online
    >>> from rfsk.experiments import nlgp_task
    >>> nets = [FCNet(4, random_state=seed) for seed in range(2)]
    >>> fit_many_online(nets, nlgp_task(shape=20, correlation_length=1.0), 10_000)[0].n_steps_
    20
    """
    _check_nets(nets, has_validation=False)
    common = as_task(tasks) if is_labelled(tasks) or not isinstance(tasks, list | tuple) else None
    tasks = [as_task(task) for task in _one_each(nets, common or tasks, "tasks")]
    sizes = _one_each(nets, n_samples, "numbers of samples")
    triples = zip(nets, tasks, sizes, strict=True)
    starts = [partial(net._prepare_online, task, n) for net, task, n in triples]
    return _fit(nets, starts, n_jobs, verbose)


def _one_each(nets: Sequence[NetEstimator], values: Any, name: str) -> Sequence[Any]:
    """Return one value per net; a single value is repeated for all nets."""
    if not hasattr(values, "__len__"):
        return [values] * len(nets)
    if len(values) != len(nets):
        raise ValueError(f"There must be as many {name} as nets, {len(nets)}, got {len(values)}.")
    return list(values)


def _check_nets(nets: Sequence[NetEstimator], *, has_validation: bool) -> None:
    """Raise an error unless `nets` are one or more different nets with valid parameters."""
    for net in nets if hasattr(nets, "__len__") else [nets]:
        if not isinstance(net, NetEstimator) or net is nets:
            where = "" if net is nets else " in the list"
            raise TypeError(
                "`nets` must be a list of FCNet, ConvNet or Autoencoder, got an instance of "
                f"{type(net).__name__}{where}."
            )
    entries = [entry for net in nets for entry in net.callbacks or []]
    shared = {id(entry[1] if isinstance(entry, tuple) else entry) for entry in entries}
    if len(shared) < len(entries):
        raise ValueError(
            "Each net must have its own callbacks, because a callback has a state, but two nets "
            "have the same callback object. Copy it, for example by copy.deepcopy."
        )
    if not len(nets):
        raise ValueError("`nets` must have at least one net, got an empty list.")
    if len({id(net) for net in nets}) < len(nets):
        raise ValueError("`nets` must be different objects, got the same net twice.")
    for net in nets:
        net._check_parameters(has_validation=has_validation)


def _fit(
    nets: Sequence[NetEstimator], starts: list[Any], n_jobs: int | None, verbose: int
) -> list[NetEstimator]:
    """Prepare and train nets; nets that diverge or whose training has not begun are unchanged."""
    before = [dict(vars(net)) for net in nets]
    n_workers = check_n_jobs(n_jobs)
    stop = threading.Event()
    kept: set[int] = set()
    diverged: set[int] = set()

    def train(members: list[int], n_threads: int | None = None) -> int:
        if not stop.is_set():
            group = [nets[i] for i in members]
            plans = [trainings[i]._replace(stop=stop.is_set, n_threads=n_threads) for i in members]
            diverged.update(members[k] for k in _train_group(group, plans))
            kept.update(set(members) - diverged)
            if any(net.net_.interrupted_ for net in group if hasattr(net, "net_")):
                stop.set()
        return len(members)

    try:
        with noticing_interrupts() as was_interrupted:
            try:
                with warned_once():
                    trainings = [start() for start in starts]
                groups = _divide(nets, trainings, n_workers)
                n_workers = min(n_workers, len(groups))
                with tqdm(total=len(nets), disable=not verbose, desc="training", unit="net") as bar:
                    if n_workers > 1:
                        _train_in_threads(partial(train, n_threads=1), groups, n_workers, stop, bar)
                    for members in groups if n_workers == 1 else []:
                        bar.update(train(members))
            except KeyboardInterrupt:
                stop.set()
                if not was_interrupted():
                    raise
        if was_interrupted():
            stop.set()
    finally:
        for i in set(range(len(nets))) - kept:
            nets[i].__dict__ = before[i]
    if stop.is_set():
        report_interrupt(
            f"Training was interrupted; {len(kept)} of {len(nets)} nets are kept as trained so "
            "far, and the other nets are unchanged.",
            "rfsk.nets.",
        )
    if diverged:
        warnings.warn(
            f"Nets {sorted(diverged)} diverged and are unchanged; reduce their learning_rate.",
            stacklevel=3,
        )
    return list(nets)


def _train_in_threads(
    train: Any, groups: list[list[int]], n_workers: int, stop: threading.Event, bar: Any
) -> None:
    def train_on_one_thread(members: list[int]) -> int:
        with torch_on_one_thread():
            return train(members)

    started: list[threading.Thread] = []

    def note() -> None:
        started.append(threading.current_thread())

    try:
        with ThreadPoolExecutor(n_workers, initializer=note) as pool:
            try:
                for job in as_completed([pool.submit(train_on_one_thread, one) for one in groups]):
                    bar.update(job.result())
            except BaseException:
                stop.set()
                raise
    finally:
        for thread in started:  # an interrupted pool does not join a thread that it is starting
            thread.join()


def _divide(
    nets: Sequence[NetEstimator], trainings: Sequence[Training], n_workers: int
) -> list[list[int]]:
    """Divide nets into groups of equal architecture, and single nets with compiled steps."""
    compiled, alike = [], defaultdict(list)
    for i, (net, training) in enumerate(zip(nets, trainings, strict=True)):
        engine, data = net.net_, training.data
        dtype = data.inputs.dtype if isinstance(data, Samples) else torch.float32
        is_compiled = dtype is torch.float32 and CompiledStep.fits(engine)
        if is_compiled and not listens_to_batches(engine.callbacks_):
            compiled.append([i])
        elif engine.callbacks or engine.optimizer_.state or training.valid is not None:
            alike[str(i)].append(i)
        else:
            key = (type(net), net._built, engine.group_options_, net.batch_size, len(data), dtype)
            penalty = engine.module_.mask is None, vars(engine.criterion_).get("sparsity")
            alike[repr((*key, training.n_epochs, training.n_steps, *penalty))].append(i)
    stacks = []
    for members in alike.values():
        on_cpu = nets[members[0]]._device.type == "cpu"
        at_once = min(_AT_ONCE, -(-len(members) // n_workers)) if on_cpu else len(members)
        stacks += [members[i : i + at_once] for i in range(0, len(members), at_once)]
    return stacks + compiled


def _train_group(nets: Sequence[NetEstimator], trainings: Sequence[Training]) -> list[int]:
    """Train nets of equal architecture and learning rates; return the nets that diverged."""
    if len(nets) == 1:
        try:
            nets[0]._train(trainings[0])
        except DivergenceError:
            return [0]
        return []
    contexts = [net._prepared(plan) for net, plan in zip(nets, trainings, strict=True)]
    with ExitStack() as entered:
        for context in contexts:
            entered.enter_context(context)
        failed = _run_epochs([net.net_ for net in nets], trainings)
        entered.pop_all()
    return [i for i, context in enumerate(contexts) if _diverges(context, is_failed=i in failed)]


def _diverges(context: Any, *, is_failed: bool) -> bool:
    """Close the context of a training and return whether the net has diverged."""
    failure = DivergenceError() if is_failed else None
    try:
        context.__exit__(failure and DivergenceError, failure, None)
    except DivergenceError:
        return True
    return is_failed


def _run_epochs(engines: list[Engine], trainings: Sequence[Training]) -> set[int]:
    """Run the training loop of skorch for all nets; return the nets with non-finite losses."""
    stack, data = _Stack(engines), [training.data for training in trainings]
    iterators = [e.get_iterator(d, training=True) for e, d in zip(engines, data, strict=True)]
    failures: set[int] = set()

    def notify(event: str, **options: Any) -> None:
        for engine, samples in zip(engines, data, strict=True):
            names = {"X": samples, "y": None} if "train" in event else {"dataset_train": samples}
            engine.notify(event, **names, **options)

    notify("on_train_begin")
    for engine in engines:
        engine.take_snapshot()
    try:
        for _ in range(trainings[0].n_epochs):
            notify("on_epoch_begin", dataset_valid=None)
            stack.run_epoch(iterators, trainings[0].stop)
            for i, engine in enumerate(engines):
                try:
                    engine.check_epoch()
                except DivergenceError:
                    failures.add(i)
            notify("on_epoch_end", dataset_valid=None)
    except KeyboardInterrupt:
        for engine in engines:
            engine.interrupted_ = True
    stack.return_state()
    notify("on_train_end")
    return failures


class _Stack:
    """Stacked parameters of several nets, so that the nets are trained together.

    During the training, the parameters of the nets are views of the stacked arrays.
    """

    def __init__(self, engines: list[Engine]) -> None:
        self.engines, first = engines, engines[0]
        modules: list[Any] = [engine.module_ for engine in engines]
        for module in modules:
            module.train()
        self.template = copy.deepcopy(modules[0])
        self.parameters, self.buffers = stack_module_state(modules)
        for i, module in enumerate(modules):
            for name, parameter in module.named_parameters():
                parameter.data = self.parameters[name].detach()[i]
        groups = [
            {**group, "params": [self.parameters[group["name"]]]}
            for group in first.optimizer_.param_groups
        ]
        self.optimizer = type(first.optimizer_)(groups)
        self.gradients = vmap(grad_and_value(self._loss))

    def _loss(self, parameters: Any, buffers: Any, x: Any, y: Any, weight: Any) -> Tensor:
        outputs = functional_call(self.template, (parameters, buffers), (x,))
        losses: Tensor = self.engines[0].criterion_(outputs, y)
        return (losses * weight).mean()

    def run_epoch(self, iterators: list[Any], stop: Any) -> None:
        n_samples, n_batches = 0, 0
        total: Any = 0.0
        try:
            for batches in zip(*iterators, strict=True):
                if stop is not None and stop():
                    raise KeyboardInterrupt
                losses = self._step(list(batches), iterators[0].batch_size)
                n = len(batches[0][1])
                total, n_samples, n_batches = total + losses * n, n_samples + n, n_batches + 1
        finally:
            for i, engine in enumerate(self.engines):
                if n_samples:
                    engine.record_epoch(float(total[i]) / n_samples, n_samples, n_batches)
                engine.history.record("step", engine.n_steps_)

    def _step(self, batches: list[Any], batch_size: int) -> Tensor:
        with ExitStack() as steps:
            for engine, batch in zip(self.engines, batches, strict=True):
                steps.enter_context(engine.step_of(batch, batch_size))
            rates = self.engines[0].optimizer_.param_groups
            for group, shown in zip(self.optimizer.param_groups, rates, strict=True):
                group["lr"] = shown["lr"]
            parts = [(X, y) if isinstance(X, dict) else ({"x": X}, y) for X, y in batches]
            x = torch.stack([X["x"] for X, _ in parts])
            y = torch.stack([y for _, y in parts])
            weight = torch.ones_like(x[:, :, 0])
            if "sample_weight" in parts[0][0]:
                weight = torch.stack([X["sample_weight"] for X, _ in parts])
            gradients, losses = self.gradients(self.parameters, self.buffers, x, y, weight)
            for name, parameter in self.parameters.items():
                parameter.grad = gradients[name]
            self.optimizer.step()
        return losses.detach()

    def return_state(self) -> None:
        """Copy the parameters and the state of the optimizer to the nets."""
        for i, engine in enumerate(self.engines):
            for name, parameter in engine.module_.named_parameters():
                parameter.data = parameter.data.clone()
                engine.optimizer_.state[parameter] = {
                    key: (value[i] if value.ndim else value).clone()
                    for key, value in self.optimizer.state[self.parameters[name]].items()
                }
