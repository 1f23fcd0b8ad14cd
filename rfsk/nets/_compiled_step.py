"""Compiled steps of gradient descent for a two-layer network with a fixed readout."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ._batches import Chunk
from ._coding import FIXED_READOUTS
from ._modules import FullyConnected

_SLOPES = {"erf": 2.0 / math.sqrt(math.pi), "tanh": 1.0, "relu": 1.0, "linear": 1.0}
_OPERATIONS_AT_ONCE = 5e8  # number of operations per compiled call, which takes about 20 ms
_OPERATIONS_TO_SHARE = 5e6  # number of operations per step above which threads divide a batch


class CompiledStep:
    """In-place SGD steps on the squared loss of a two-layer network with a fixed readout."""

    def __init__(self, net: Any, batch_size: int, n_threads: int) -> None:
        from . import _compiled_loops

        self.kernels, module = _compiled_loops, net.module_
        self.weight, self.bias = module.weight.detach().numpy(), module.bias.detach().numpy()
        self.mask = np.zeros((0, 0), dtype=np.float32)
        if module.mask is not None:
            self.mask = module.mask.numpy().astype(np.float32)
        self.target_of_class = net.criterion_.target_of_class.numpy()
        self.activation = _compiled_loops.ACTIVATIONS[module.activation.name]
        n_units, n_features = self.weight.shape
        groups = {group["name"]: group for group in net.optimizer_.param_groups}
        weight, bias = groups["weight"], groups.get("bias", {"lr": 0.0})
        rate = weight["lr"] if module.weight.requires_grad else 0.0
        scale, per_unit = module.activation.scale, module.readout_scale / n_units
        self.constants = np.array(
            [
                batch_size,  # a smaller batch takes a proportionally smaller step
                scale / math.sqrt(n_features),  # factor of w.x in the argument of the activation
                scale,  # factor of b
                per_unit,  # factor of the sum of the units in the output
                2.0 * per_unit * _SLOPES[module.activation.name] / batch_size,  # of the error
                rate,
                bias["lr"] if module.bias.requires_grad else 0.0,
                weight["weight_decay"],
                rate * weight["l1"],  # amount by which weights move towards zero
                weight["cut"] if rate else 0.0,  # absolute value below which they are set to zero
            ]
        )
        operations = 4.0 * batch_size * self.weight.size + 20.0 * self.weight.size
        self.most_steps = max(1, int(_OPERATIONS_AT_ONCE / operations))
        n_blocks = -(-batch_size // _compiled_loops.BLOCK)
        largest = min(batch_size, _compiled_loops.BLOCK)
        self.n_threads = min(n_threads, n_blocks) if operations > _OPERATIONS_TO_SHARE else 1
        self.gradients = (
            np.empty((n_blocks, n_units, n_features), dtype=np.float32),
            np.empty((n_blocks, n_units), dtype=np.float32),
            np.empty(n_blocks),
        )
        # One entry per thread, with inputs, activations and slopes of a block, and gradients.
        self.buffers = []
        for _ in range(self.n_threads):
            rows = np.empty((largest, n_features), dtype=np.float32)
            z, slope = np.empty((2, largest, n_units), dtype=np.float32)
            self.buffers.append((rows, z, slope, z.reshape(-1), slope.reshape(-1), *self.gradients))
        self.pool = ThreadPoolExecutor(self.n_threads - 1) if self.n_threads > 1 else None

    @staticmethod
    def fits(net: Any) -> bool:
        """Whether the compiled step supports this network, its loss and its optimizer."""
        module, optimizer = net.module_, net.optimizer_
        if type(module) is not FullyConnected or len(module.deep_weights):
            return False
        options = ("momentum", "nesterov", "maximize", "differentiable")
        return (
            module.readout in FIXED_READOUTS
            and module.activation.name in _SLOPES
            and net.criterion_.loss == "squared"
            and type(optimizer) is torch.optim.SGD
            and not any(group[name] for group in optimizer.param_groups for name in options)
            and module.weight.device.type == "cpu"
            and module.weight.dtype == torch.float32
        )

    def samples_of(self, chunk: Chunk) -> tuple[NDArray[Any], ...]:
        """Inputs, targets, weights and order of the samples of a chunk."""
        X, targets = chunk.X.numpy(), self.target_of_class[chunk.y.numpy()]
        weight = np.ones(len(X), np.float32) if chunk.weight is None else chunk.weight.numpy()
        return X, targets, weight, chunk.order.numpy()

    def run(self, samples: tuple[NDArray[Any], ...], batch_ends: NDArray[np.int64]) -> float:
        """Take the steps of successive batches and return the sum of weighted squared errors."""
        network = self.weight, self.bias, self.mask

        def take_steps(ends: NDArray[np.int64], buffer: Any, first: int, stride: int) -> float:
            options = self.activation, self.constants, buffer, first, stride
            return float(self.kernels.take_steps(network, samples, ends, *options))

        def take_blocks(ends: NDArray[np.int64], buffer: Any, blocks: Iterator[int]) -> None:
            for block in blocks:
                take_steps(ends, buffer, block, block + len(self.gradients[0]) + 1)

        if self.pool is None:
            return take_steps(batch_ends, self.buffers[0], 0, 1)
        total = 0.0
        for ends in sliding_window_view(batch_ends, 2):
            n_samples = int(ends[1] - ends[0])
            # The threads take blocks from one iterator.
            blocks = iter(range(-(-n_samples // self.kernels.BLOCK)))
            jobs = [self.pool.submit(take_blocks, ends, b, blocks) for b in self.buffers[1:]]
            take_blocks(ends, self.buffers[0], blocks)
            for job in jobs:
                if not job.cancel():  # the job is running or done
                    job.result()
            total += self.kernels.move(*network, *self.gradients, n_samples, self.constants)
        return total

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown()
