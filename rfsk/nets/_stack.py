"""Nets of one architecture trained in step, as one batched computation by torch.func."""

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from ._base import NetEstimator, Training
from ._engine import DivergenceError, Engine


def train_stack(nets: Sequence[NetEstimator], trainings: Sequence[Training]) -> list[int]:
    """Train nets whose architecture, batches and rates are alike; return which ones diverged.

    Several nets have neither validation data nor callbacks of the user.
    """
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
        failures = _run_epochs([net.net_ for net in nets], trainings)
        entered.pop_all()
    return [i for i, context in enumerate(contexts) if _diverges(context, failures.get(i))]


def _diverges(context: AbstractContextManager[None], failure: DivergenceError | None) -> bool:
    """Leave the context of a training, and return whether the net has diverged."""
    try:
        context.__exit__(None if failure is None else type(failure), failure, None)
    except DivergenceError:
        return True
    return failure is not None


def _run_epochs(engines: list[Engine], trainings: Sequence[Training]) -> dict[int, DivergenceError]:
    """Run skorch's training loop for all nets at once; return which losses were not finite."""
    stack, data = _Stack(engines), [training.data for training in trainings]
    iterators = [e.get_iterator(d, training=True) for e, d in zip(engines, data, strict=True)]
    failures: dict[int, DivergenceError] = {}

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
                except DivergenceError as failure:
                    failures.setdefault(i, failure)
            notify("on_epoch_end", dataset_valid=None)
    except KeyboardInterrupt:
        for engine in engines:
            engine.interrupted_ = True
    stack.return_state()
    notify("on_train_end")
    return failures


class _Stack:
    """The parameters of several nets along a first axis, of which those of the nets are views."""

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

    def _loss(self, parameters: Any, buffers: Any, x: Any, y: Any, weight: Any) -> torch.Tensor:
        outputs = functional_call(self.template, (parameters, buffers), (x,))
        losses: torch.Tensor = self.engines[0].criterion_(outputs, y)
        return (losses * weight).mean()

    def run_epoch(self, iterators: list[Any], stop: Any) -> None:
        """Take one step of all nets for each of their batches."""
        n_samples, n_batches = 0, 0
        total: Any = 0.0
        try:
            for batches in zip(*iterators, strict=True):
                if stop is not None and stop.is_set():
                    raise KeyboardInterrupt
                losses = self._step(list(batches), iterators[0].batch_size)
                n = len(batches[0][1])
                total, n_samples, n_batches = total + losses * n, n_samples + n, n_batches + 1
        finally:
            for i, engine in enumerate(self.engines):
                if n_samples:
                    engine.record_epoch(float(total[i]) / n_samples, n_samples, n_batches)
                engine.history.record("step", engine.n_steps_)

    def _step(self, batches: list[Any], batch_size: int) -> torch.Tensor:
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
        """Give every net parameters of its own again, and its part of the optimizer's state."""
        for i, engine in enumerate(self.engines):
            for name, parameter in engine.module_.named_parameters():
                parameter.data = parameter.data.clone()
                engine.optimizer_.state[parameter] = {
                    key: (value[i] if value.ndim else value).clone()
                    for key, value in self.optimizer.state[self.parameters[name]].items()
                }
