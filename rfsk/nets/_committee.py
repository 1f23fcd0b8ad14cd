"""Many two-layer nets of one shape, trained in step as one batched computation."""

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..datasets import Discrimination
from ._activations import as_activation
from ._batches import TaskBatches
from ._engine import DivergenceError, FieldRecorder, LogSchedule, check_loss

Tensor = torch.Tensor


@dataclass
class Member:
    """One net of the committee: where it starts, at which rates, on what.

    Attributes
    ----------
    weight, bias : Tensor of shape (n_units, n_features) and (n_units,)
    weight_rate, weight_decay, bias_rate : float
        As in `FullyConnected.squared_loss_step`.
    amplification : float
        Of the readout.
    shrinkage : (float, float) or None
        Threshold and cut of the proximal step.
    mask : Tensor or None
    factors : list of float
        Factor of the rates in each epoch.
    visits : LogSchedule or None
        When to take snapshots.
    seed : int
        Of batches and samples.
    target_of_class : Tensor
    task : Discrimination or None
        Where samples come from; None: from the data that all share.
    """

    weight: Tensor
    bias: Tensor
    weight_rate: float
    weight_decay: float
    bias_rate: float
    amplification: float
    shrinkage: tuple[float, float] | None
    mask: Tensor | None
    factors: list[float]
    visits: LogSchedule | None
    seed: int
    target_of_class: Tensor
    task: Discrimination | None


@dataclass
class Outcome:
    """What became of a member: its parameters, losses, snapshots, and why it failed if so."""

    weight: Tensor
    bias: Tensor
    n_steps: int = 0
    losses: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    recorder: FieldRecorder = field(default_factory=FieldRecorder)
    failure: DivergenceError | None = None


def train_together(
    members: list[Member],
    activation: Any,
    batch_size: int,
    epochs: int,
    n_samples: int,
    data: tuple[Tensor, Tensor] | None,
    *,
    stop: threading.Event | None = None,
) -> list[Outcome]:
    """Train members of equal shape in step; each is as it would be alone, but for rounding.

    What becomes of a member does not depend on the others, not even in its last bit.

    Parameters
    ----------
    members : list of Member
    activation : str
        One with a written-out derivative.
    batch_size, epochs : int
    n_samples : int
        Samples a member sees in all, if they are drawn.
    data : (Tensor, Tensor) or None
        Inputs (n_samples, n_features) and class indices that all share.
    stop : threading.Event, optional
        Ends the training when set, as an interrupt does, which sets it.

    Returns
    -------
    outcomes : list of Outcome
    """
    stop = stop or threading.Event()
    if len(members) == 1:  # a batched product of one rounds differently
        twins = [members[0], copy.deepcopy(members[0])]
        options = activation, batch_size, epochs, n_samples, data
        return train_together(twins, *options, stop=stop)[:1]
    committee = Committee(members, activation)
    if data is None:
        source: Any = _Drawn(members, batch_size, epochs, n_samples)
    else:
        source = _Shared(members, batch_size, *data)
    with torch.no_grad():
        for epoch in range(epochs):
            committee.begin_epoch(epoch)
            try:
                for batch in source.epoch():
                    if stop.is_set():
                        break
                    committee.step(*batch)
            except KeyboardInterrupt:
                stop.set()
            committee.end_epoch()
            if stop.is_set():
                return committee.outcomes
        committee.judge(*batch)
    return committee.outcomes


class Committee:
    """The state of nets in training, stacked along a first axis."""

    def __init__(self, members: list[Member], activation: Any) -> None:
        self.members, self.activation = members, as_activation(activation)
        self.weight = torch.stack([member.weight for member in members])
        self.bias = torch.stack([member.bias for member in members])[:, None]
        self.transposed = self.weight.transpose(1, 2)
        n_units, fan_in = self.weight.shape[1:]
        self.scale = self.activation.scale / fan_in**0.5
        self.amplification = self._column(m.amplification for m in members)
        # 2/K sigma' amplification: the slope of the squared residual in each unit's input.
        self.slope = self.amplification * (2.0 * self.activation.slope / n_units)
        self.outcomes = [Outcome(w, b[0]) for w, b in zip(self.weight, self.bias, strict=True)]
        masks = [m.mask for m in members]
        self.mask = None
        if any(mask is not None for mask in masks):
            ones = torch.ones_like(self.weight[0], dtype=torch.bool)
            self.mask = torch.stack([ones if mask is None else mask for mask in masks])
        self.n_steps = 0
        self._visit()

    def _column(self, values: Any) -> Tensor:
        """One number a net, to go with (n_nets, n_samples)."""
        return torch.tensor(list(values), device=self.weight.device)[:, None]

    def begin_epoch(self, epoch: int) -> None:
        """Set the rates of an epoch."""
        members = self.members
        factors = [member.factors[epoch] for member in members]
        rates = [factor * m.weight_rate for factor, m in zip(factors, members, strict=True)]
        self.rate = self._column(rates) * self.slope
        ratios = [m.bias_rate / m.weight_rate for m in members]
        self.bias_ratio = self._column(ratios)[:, :, None] * self.activation.scale
        keep = [1.0 - rate * m.weight_decay for rate, m in zip(rates, members, strict=True)]
        self.keep = self._column(keep)[:, :, None]
        self.threshold = self.cut = None
        if any(m.shrinkage is not None for m in members):
            pairs = [m.shrinkage or (0.0, 0.0) for m in members]
            thresholds = [factor * t for factor, (t, _) in zip(factors, pairs, strict=True)]
            self.threshold = self._column(thresholds)[:, :, None]
            self.cut = self._column(cut for _, cut in pairs)[:, :, None]
        self.total = torch.zeros(len(members), device=self.weight.device)
        self.n_seen = 0

    def step(self, x: Tensor, targets: Tensor) -> None:
        """Take a step of every net; `x` is (n_nets, n_samples, n_features)."""
        activation, n = self.activation, x.shape[1]
        z, value, residual = self._forward(x, targets)
        self.total.add_(torch.linalg.vecdot(residual, residual))
        self.n_seen += n
        residual.mul_(self.rate / n)
        assert activation.derivative_ is not None
        slope = activation.derivative_(z, value).mul_(residual[:, :, None])
        self.weight.mul_(self.keep)
        self.weight.baddbmm_(slope.transpose(1, 2), x, alpha=-self.scale)
        self.bias.addcmul_(slope.sum(dim=1, keepdim=True), self.bias_ratio, value=-1.0)
        self._constrain()
        self.n_steps += 1
        self._visit()

    def _forward(self, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs and activations of the units, and residuals, (n_nets, n_samples, ...)."""
        bias = self.bias * self.activation.scale
        z = torch.baddbmm(bias, x, self.transposed, alpha=self.scale)
        value = self.activation.function(z)
        return z, value, value.mean(dim=2).mul_(self.amplification).sub_(targets)

    def _constrain(self) -> None:
        if self.threshold is not None and self.cut is not None:
            self.weight.sub_(torch.clamp(self.weight, -self.threshold, self.threshold))
            self.weight.mul_(self.weight.abs() >= self.cut)
        if self.mask is not None:
            self.weight.mul_(self.mask)

    def _visit(self) -> None:
        for member, outcome in zip(self.members, self.outcomes, strict=True):
            visits = member.visits
            if visits is not None and visits.is_due(visits.first_step + self.n_steps):
                outcome.recorder.visit(visits.first_step + self.n_steps, outcome)

    def end_epoch(self) -> None:
        """Note the losses."""
        losses = (self.total / self.n_seen).tolist() if self.n_seen else []
        for outcome, loss in zip(self.outcomes, losses, strict=False):
            outcome.losses.append(loss)
            outcome.steps.append(self.n_steps)
            outcome.n_steps = self.n_steps

    def judge(self, x: Tensor, targets: Tensor) -> None:
        """Mark the nets that diverged; the last step is judged by its batch."""
        _, _, residual = self._forward(x, targets)
        for outcome, loss in zip(self.outcomes, residual.square().mean(dim=1), strict=True):
            try:
                check_loss([*outcome.losses, float(loss)], self.n_steps, at_end=True)
            except DivergenceError as error:
                outcome.failure = error


class _Drawn:
    """Fresh batches of a task for each net, the same that it would draw alone."""

    def __init__(self, members: list[Member], batch_size: int, epochs: int, n_samples: int) -> None:
        self.streams = []
        for member in members:
            generator = torch.Generator(member.weight.device).manual_seed(member.seed)
            assert member.task is not None
            self.streams.append(
                TaskBatches(
                    member.task, member.target_of_class, batch_size, n_samples, epochs, generator
                )
            )

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        first = self.streams[0]
        shape = len(self.streams), first.task.n_features
        for sizes in zip(*(stream.blocks() for stream in self.streams), strict=True):
            n_batches, batch_size = sizes[0]
            X = torch.empty(
                (n_batches, shape[0], batch_size, shape[1]), device=first.generator.device
            )
            counts = [s.sampler.fill(X[:, i]) for i, s in enumerate(self.streams)]
            targets, current = torch.empty(0), b""
            for x, batch_counts in zip(X, np.stack(counts, axis=1), strict=True):
                if batch_counts.tobytes() != current:
                    current = batch_counts.tobytes()
                    pairs = zip(self.streams, batch_counts, strict=True)
                    targets = torch.stack([stream.targets_of(count) for stream, count in pairs])
                yield x, targets


class _Shared:
    """Shuffled batches of common data, in an order of its own for each net."""

    def __init__(self, members: list[Member], batch_size: int, X: Tensor, index: Tensor) -> None:
        self.generators = [torch.Generator(X.device).manual_seed(m.seed) for m in members]
        self.X, self.batch_size = X, int(batch_size)
        self.targets = torch.stack([m.target_of_class.to(X.device)[index] for m in members])

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        n, device = len(self.X), self.X.device
        orders = torch.stack(
            [torch.randperm(n, generator=g, device=device) for g in self.generators]
        )
        targets = self.targets.gather(1, orders)
        for rows, batch in zip(
            orders.split(self.batch_size, dim=1),
            targets.split(self.batch_size, dim=1),
            strict=True,
        ):
            x = self.X.index_select(0, rows.reshape(-1))
            yield x.view(*rows.shape, -1), batch
