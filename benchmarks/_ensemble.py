"""Ensembles in threads against one thread, and as one batched computation against a loop."""

from collections.abc import Callable, Iterator

import torch

from rfsk import ConvNet, FCNet, fit_many, fit_many_online, make_nlgp

from ._timing import best_of

N_NETS, N_CONV = 64, 8


def on_one_thread(run: Callable[[], object]) -> Callable[[], object]:
    """The same with one thread of torch and of the compiled step."""

    def restricted() -> None:
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        run()
        torch.set_num_threads(n_threads)

    return restricted


def rows() -> Iterator[dict[str, object]]:
    """64 networks on common data, and online on samples of their own; 8 convolutional ones."""
    X, y = make_nlgp(random_state=0)
    task = make_nlgp(2, return_X_y=False).task

    def nets() -> list[FCNet]:
        return [FCNet(40, batch_size=50, max_epochs=10, random_state=i) for i in range(N_NETS)]

    def conv_nets() -> list[ConvNet]:
        return [ConvNet(2, batch_size=50, max_epochs=1, random_state=i) for i in range(N_CONV)]

    for name, run in {
        "fit_many": lambda n: fit_many(nets(), X, y, n_jobs=n),
        "fit_many_online": lambda n: fit_many_online(nets(), task, 500_000, n_jobs=n),
    }.items():
        contenders = {"all": lambda run=run: run(-1), "one": on_one_thread(lambda run=run: run(1))}
        seconds = best_of(contenders, rounds=4)
        n_threads = torch.get_num_threads()
        yield {
            "what": f"{name}, 64 nets, D=100, K=40, batch 50, {n_threads} threads",
            "reference": "one thread",
            "ratio": seconds["all"] / seconds["one"],
            "limit": 1 / 1.8 if n_threads == 2 else None,
            "seconds a net": seconds["all"] / N_NETS,
        }
    seconds = best_of(
        {
            "together": lambda: fit_many(conv_nets(), X[:2000], y[:2000], n_jobs=1),
            "alone": lambda: [net.fit(X[:2000], y[:2000]) for net in conv_nets()],
        },
        rounds=2,
    )
    yield {
        "what": "fit_many, 8 ConvNets, D=100, 2 channels, batch 50",
        "reference": "one after another",
        "ratio": seconds["together"] / seconds["alone"],
        "limit": None,
        "seconds a net": seconds["together"] / N_CONV,
    }
