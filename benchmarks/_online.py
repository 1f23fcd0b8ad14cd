"""FCNet.fit_online against plain JAX, and against itself on one thread."""

from collections.abc import Iterator

import numpy as np
import torch

from rfsk import FCNet, ipr, make_nlgp

from ._timing import best_of

# Lattice, correlation lengths, units, batch size, steps, rate, limit of the ratio.
CASES = [
    (100, (5.0, 10.0), 40, 1, 50_000, 0.05, 0.5),
    (100, (5.0, 10.0), 40, 10, 20_000, 0.5, 0.5),
    (100, (5.0, 10.0), 40, 100, 3_000, 2.0, 1.0),
    (100, (5.0, 10.0), 40, 1000, 400, 5.0, 1.0),
    ((28, 28), (1.0, 2.0), 64, 10, 3_000, 0.5, 1.0),
    ((28, 28), (1.0, 2.0), 64, 100, 400, 2.0, 1.0),
]


def rows() -> Iterator[dict[str, object]]:
    """Training at several batch sizes, warm against warm."""
    from ._jax import trainer  # of the benchmark extra

    for shape, lengths, n_units, batch_size, n_steps, rate, limit in CASES:
        task = make_nlgp(2, shape, correlation_length=lengths, return_X_y=False).task
        net = FCNet(
            n_units,
            learning_rate=rate,
            batch_size=batch_size,
            weight_decay=0.0,
            image_shape=shape if isinstance(shape, tuple) else None,
            device="cpu",
            random_state=0,
        )
        by_jax = trainer(list(task.models), n_units, batch_size, n_steps, rate)
        contenders = {
            "rfsk": lambda net=net, task=task, n=n_steps * batch_size: net.fit_online(task, n),
            "JAX": lambda by_jax=by_jax: by_jax(0),
        }
        seconds = best_of(contenders)
        microseconds = {name: 1e6 * value / n_steps for name, value in seconds.items()}
        # Both train the same network: their localized fields are alike.
        weight, _ = by_jax(0)
        half = n_units // 2
        widths = [
            float(np.mean(ipr(fields[:half])))
            for fields in (net.receptive_fields_, np.asarray(weight, dtype=np.float64))
        ]
        yield {
            "what": (
                f"FCNet.fit_online, D={net.n_features_in_}, K={n_units}, batch {batch_size}: "
                f"{microseconds['rfsk']:.3g} us a step"
            ),
            "reference": f"jit of lax.scan in JAX: {microseconds['JAX']:.3g} us",
            "ratio": seconds["rfsk"] / seconds["JAX"],
            "limit": limit,
            "microseconds a step": microseconds["rfsk"],
            "IPR of the first half, rfsk and JAX": widths,
        }
    yield from threads_of_one_net()


def threads_of_one_net() -> Iterator[dict[str, object]]:
    """One network at batch 1000 on all threads against one thread, with equal numbers."""
    task = make_nlgp(2, return_X_y=False).task
    net = FCNet(40, batch_size=1000, random_state=0)
    fields, n_threads = {}, torch.get_num_threads()

    def train(n: int) -> None:
        torch.set_num_threads(n)
        fields[n] = net.fit_online(task, 400_000).receptive_fields_
        torch.set_num_threads(n_threads)

    seconds = best_of({"all": lambda: train(n_threads), "one": lambda: train(1)}, rounds=3)
    assert (fields[n_threads] == fields[1]).all()
    yield {
        "what": f"FCNet.fit_online, D=100, K=40, batch 1000, {n_threads} threads",
        "reference": "one thread, with the same numbers",
        "ratio": seconds["all"] / seconds["one"],
        "limit": None,
        "seconds": seconds["all"],
    }
