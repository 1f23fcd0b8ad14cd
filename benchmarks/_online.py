"""FCNet.fit_online against the sum of its parts, each measured alone."""

from collections.abc import Iterator

import torch

from rfsk import FCNet, make_nlgp

from ._timing import best_of

BATCH_SIZE, N_FEATURES, N_HIDDEN, STEPS = 1000, 100, 64, 1000


def rows() -> Iterator[dict[str, object]]:
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
        "limit": 1.6,
        "microseconds a step": 1e6 * whole / STEPS,
        "parts": {name: 1e6 * value / STEPS for name, value in seconds.items()},
    }
