"""What every generator returns: X and y, or a Bunch that tells what was drawn."""

from typing import Any

from sklearn.utils import Bunch

from .._core._random import generator_and_seed
from ._discrimination import Discrimination


def draw_task(
    task: Discrimination,
    n_samples: int,
    shuffle: bool,
    random_state: Any,
    return_X_y: bool,
    parameters: dict[str, Any],
) -> Any:
    """Draw a task; the first of `parameters` has one value a class and names the classes."""
    rng, seed = generator_and_seed(random_state)
    X, y = task.sample(n_samples, rng, shuffle=shuffle)
    if return_X_y:
        return X, y
    name, values = next(iter(parameters.items()))
    classes = [f"class {label}: {model!r}" for label, model in enumerate(task.models)]
    remark = getattr(task.models[0], "remark", "")
    return Bunch(
        X=X,
        y=y,
        task=task,
        shape=task.shape,
        target_names=[value if name == "class" else f"{name}={_brief(value)}" for value in values],
        parameters=parameters,
        random_state=seed,
        DESCR="\n".join(filter(None, [*classes, f"random_state: {seed}", remark])),
    )


def _brief(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
