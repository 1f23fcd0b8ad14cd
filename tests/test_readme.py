import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


def test_there_are_exactly_two_set_up_commands():
    first, second = blocks("bash")
    assert first.strip().endswith("python -m rfsk")
    assert second.strip().endswith("python -m pytest")
    assert all("-c constraints.txt" in command for command in (first, second))


@pytest.mark.parametrize("code", blocks("python"), ids=["quick start", "own data", "theory"])
@pytest.mark.usefixtures("_close_figures")
def test_python_blocks_run_as_they_stand(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    if "index" in printed:
        index, predicted = re.findall(r"\d\.\d+", printed)
        assert f"It prints {index} and {predicted};" in README.read_text()
    if "NLGP" in printed:
        numbers = re.findall(r"mean IPR (0\.\d+)", printed)
        assert len(numbers) == 2
        assert f"It prints {numbers[0]} for the NLGP and {numbers[1]}" in README.read_text()
        assert (tmp_path / "fields.png").exists()
