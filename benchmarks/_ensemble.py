"""Many small nets trained at once, against one after another."""

from collections.abc import Iterator

from rfsk import FCNet, fit_many, fit_many_online, make_nlgp

from ._timing import best_of

N_NETS, N_ALONE, BATCH_SIZE, STEPS = 200, 4, 50, 800


def nets(n: int, epochs: int) -> list[FCNet]:
    """Nets of different seeds."""
    return [FCNet(40, batch_size=BATCH_SIZE, max_epochs=epochs, random_state=i) for i in range(n)]


def rows() -> Iterator[dict[str, object]]:
    """On common data, and online on samples of their own; times are of one net."""
    X, y = make_nlgp(random_state=0)
    epochs = STEPS * BATCH_SIZE // len(X)
    task = make_nlgp(2, return_X_y=False).task
    n_samples = STEPS * BATCH_SIZE
    contenders = {
        "fit_many": (
            lambda: fit_many(nets(N_NETS, epochs), X, y),
            lambda: [net.fit(X, y) for net in nets(N_ALONE, epochs)],
            1 / 5,
        ),
        "fit_many_online": (
            lambda: fit_many_online(nets(N_NETS, 1), task, 4 * n_samples),
            lambda: [net.fit_online(task, 4 * n_samples) for net in nets(N_ALONE, 1)],
            1 / 3,
        ),
    }
    for name, (together, alone, limit) in contenders.items():
        seconds = best_of({"together": together, "alone": alone}, rounds=2)
        each = {"together": seconds["together"] / N_NETS, "alone": seconds["alone"] / N_ALONE}
        yield {
            "what": f"{name}, 200 nets, D=100, K=40, batch 50",
            "reference": "one after another",
            "ratio": each["together"] / each["alone"],
            "limit": limit,
            "seconds a net": each["together"],
        }
