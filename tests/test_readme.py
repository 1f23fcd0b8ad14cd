import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from rfsk.__main__ import main
from rfsk.experiments import study_data

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


def test_there_are_exactly_two_set_up_commands():
    first, second = blocks("bash")
    assert first.strip().endswith("python -m rfsk")
    assert second.strip().endswith("python -m pytest")
    assert all("-c constraints.txt" in command for command in (first, second))


@pytest.mark.parametrize(
    "code", blocks("python"), ids=["quick start", "own data", "theory", "studies"]
)
@pytest.mark.usefixtures("_close_figures")
def test_python_blocks_run_as_they_stand(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shorter = partial(study_data, max_steps=400)  # of 4000
    monkeypatch.setattr("rfsk.experiments.study_data", shorter)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    if "gain_sweep" in code:
        check_gain_sweep(names["found"])
    printed = capsys.readouterr().out
    if "study_data" in code:
        assert f'begins with "{printed.partition(":")[0]}"' in README.read_text()
    if "localization_index" in code:
        index, predicted = re.findall(r"\d\.\d+", printed)
        assert f"The code above prints {index} and {predicted};" in README.read_text()
    if "make_nlgp" in code:
        inputs, control = re.findall(r"(\d+%) of the fields", printed)
        assert (
            f"The code above prints {inputs} for the inputs and {control} for the control"
            in README.read_text()
        )
        assert (tmp_path / "inputs.png").exists()
        assert (tmp_path / "control.png").exists()


def test_the_command_and_the_code_run_the_same_study(tmp_path, monkeypatch):
    class StartedError(Exception):
        pass

    def start(X, y, shape, *, remove, random_state, **others):
        raise StartedError(X.shape, list(shape), list(remove), random_state)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rfsk.experiments.study_data", start)
    X, y = load_digits(return_X_y=True)
    np.savez("digits.npz", X=X, y=y)
    (command,) = re.findall(r"^python -m rfsk (--data digits.npz.*?)  #", *blocks("text")[1:], re.M)
    (code,) = (block for block in blocks("python") if "study_data" in block)
    with pytest.raises(StartedError) as by_command:
        main(command.split())
    with pytest.raises(StartedError) as by_code:
        exec(compile(code, "README.md", "exec"), {})
    assert by_command.value.args == by_code.value.args


def check_gain_sweep(found):
    """Compare means over seeds with the published table and with two independent codes.

    Processors round differently, and training amplifies the difference: a mean may differ by as
    much as with other seeds, two standard errors.
    """
    columns = {"ipr_positive": 4, "ipr_negative": 4, "width_positive": 1, "accuracy": 3}
    groups = found.groupby(["gain", "inputs"], sort=False)[list(columns)]
    means, errors = groups.mean(), groups.sem()
    page = (README.parent / "docs" / "studies.md").read_text()
    for gain, inputs in means.index:
        (line, *_) = re.findall(rf"^\| {gain:g} \| {inputs} \|(.*)\|$", page, re.MULTILINE)
        for (column, digits), cell in zip(columns.items(), line.split("|"), strict=True):
            mean, error = (float(number) for number in cell.split("±"))
            bound = 2.0 * np.hypot(error, errors[column][gain, inputs]) + 10.0**-digits
            assert mean == pytest.approx(means[column][gain, inputs], abs=bound)
    expected = {
        "ipr_positive": [0.0195, 0.0401, 0.0588, 0.0651, 0.0200],
        "ipr_negative": [0.0208, 0.0220, 0.0233, 0.0259, 0.0233],
        "width_positive": [29, 21, 14.4, 12.4, 26],
    }
    for column, values in expected.items():
        np.testing.assert_allclose(means[column], values, rtol=0.1)
    np.testing.assert_allclose(means["accuracy"], [0.935, 0.929, 0.865, 0.818, 0.817], atol=0.02)
