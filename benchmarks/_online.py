"""FCNet.fit_online against the sum of its parts, each measured alone."""

from collections.abc import Iterator
from unittest import mock

import torch

from rfsk import FCNet, make_nlgp
from rfsk.nets._single_step import SingleSampleStep

from ._timing import best_of

BATCH_SIZE, N_FEATURES, N_HIDDEN, STEPS = 1000, 100, 64, 1000


def single_samples() -> Iterator[dict[str, object]]:
    """Batch one, as the paper trains, in NumPy and by torch's operations."""
    task = make_nlgp(2, N_FEATURES, return_X_y=False).task
    net = FCNet(40, learning_rate=0.05, batch_size=1, random_state=0)

    def by_torch() -> None:
        with mock.patch.object(SingleSampleStep, "fits", return_value=False):
            net.fit_online(task, 20_000)

    seconds = best_of({"ours": lambda: net.fit_online(task, 20_000), "torch": by_torch}, rounds=3)
    yield {
        "what": f"FCNet.fit_online, D=100, K=40, batch 1: {seconds['ours'] / 0.02:.0f} us a step",
        "reference": f"the same by torch's operations: {seconds['torch'] / 0.02:.0f} us",
        "ratio": seconds["ours"] / seconds["torch"],
        "limit": 0.6,
        "seconds": seconds["ours"],
    }


def rows() -> Iterator[dict[str, object]]:
    """Batches of a thousand against their parts, and of one against torch."""
    yield from against_parts()
    yield from single_samples()


def against_parts() -> Iterator[dict[str, object]]:
    """White noise, one FFT pair, erf of inputs and units, and the two matrix products."""
    task = make_nlgp(2, N_FEATURES, return_X_y=False).task
    net = FCNet(N_HIDDEN, batch_size=BATCH_SIZE, random_state=0)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH_SIZE, N_FEATURES, generator=generator)
    w = torch.randn(N_HIDDEN, N_FEATURES, generator=generator)
    h = torch.randn(BATCH_SIZE, N_HIDDEN, generator=generator)
    power = torch.rand(N_FEATURES // 2 + 1, generator=generator)
    parts = {
        "noise": lambda: torch.randn(BATCH_SIZE, N_FEATURES, generator=generator),
        "FFT": lambda: torch.fft.irfft(torch.fft.rfft(x) * power, n=N_FEATURES),
        "erf of the inputs": lambda: torch.erf(x),
        "erf of the units": lambda: torch.erf(h),
        "x w'": lambda: x @ w.T,
        "g' x": lambda: h.T @ x,
    }

    def repeated(part):
        def run():
            for _ in range(STEPS):
                part()

        return run

    contenders = {name: repeated(part) for name, part in parts.items()}
    contenders["rfsk"] = lambda: net.fit_online(task, BATCH_SIZE * STEPS)
    seconds = best_of(contenders)
    whole = seconds.pop("rfsk")
    yield {
        "what": "FCNet.fit_online, D=100, K=64, batch 1000",
        "reference": "its parts alone: noise, FFT pair, erf, two products",
        "ratio": whole / sum(seconds.values()),
        "limit": 1.3,
        "microseconds a step": 1e6 * whole / STEPS,
        "parts": {name: 1e6 * value / STEPS for name, value in seconds.items()},
    }
