"""The same on a GPU, where there is one."""

from collections.abc import Iterator

import torch

from rfsk import FCNet, fit_many_online, make_nlgp

from ._rows import Row, ratio_row
from ._timing import best_of


def rows() -> Iterator[Row]:
    """One net at several sizes, and an ensemble; nothing where there is no GPU."""
    if not torch.cuda.is_available():
        return
    for n_features, n_hidden, batch_size in ((100, 64, 1000), (784, 256, 1000), (784, 1024, 4000)):
        task = make_nlgp(2, n_features, return_X_y=False).task

        def fit(device: str, sizes=(n_hidden, batch_size), task=task) -> None:
            net = FCNet(sizes[0], batch_size=sizes[1], device=device, random_state=0)
            net.fit_online(task, 200 * sizes[1])
            torch.cuda.synchronize()

        yield against_cpu(
            f"FCNet.fit_online, D={n_features}, K={n_hidden}, batch {batch_size}", fit
        )
    task = make_nlgp(2, return_X_y=False).task

    def many(device: str) -> None:
        nets = [FCNet(40, batch_size=100, device=device, random_state=i) for i in range(200)]
        fit_many_online(nets, task, 20_000)
        torch.cuda.synchronize()

    yield against_cpu("fit_many_online, 200 nets, D=100, K=40, batch 100", many)


def against_cpu(what: str, run) -> Row:
    """Time on the GPU over that on all cores of the CPU."""
    seconds = best_of({"cuda": lambda: run("cuda"), "cpu": lambda: run("cpu")}, rounds=2)
    return ratio_row(
        f"{what}, on {torch.cuda.get_device_name()}",
        "the CPU",
        seconds["cuda"] / seconds["cpu"],
        None,
        seconds["cuda"],
    )
