"""Data of any origin: one call, one command, one report."""

import re

import numpy as np
import pytest

from rfsk import make_nlgp
from rfsk.__main__ import main
from rfsk.experiments import study_data

X, Y = make_nlgp(1000, 20, correlation_length=(1.0, 2.0), random_state=0)
QUICK = {"n_hidden": 4, "max_steps": 30, "random_state": 0}


@pytest.fixture(scope="module")
def images():
    rows, labels = make_nlgp(300, (4, 5), correlation_length=(0.5, 1.0), random_state=0)
    return rows.reshape(300, 4, 5), labels


@pytest.fixture
def saved(tmp_path, images):
    path = tmp_path / "images.npz"
    np.savez(path, X=images[0], y=images[1])
    return path


def test_study_finds_localized_fields_and_reports_them(tmp_path):
    study = study_data(X, Y, n_hidden=8, max_steps=600, random_state=0)
    assert study.verdict.startswith("Localized: ")
    assert study.shape == (20,)
    report = tmp_path / "report.html"
    study.to_html(report)
    page = report.read_text(encoding="utf-8")
    assert re.search(r"<h1>(.*?)</h1>", page).group(1).startswith("Localized: ")
    assert page.count("<tr>") == 7
    assert len(study.matches) == 3
    assert all(0.0 < value <= 1.0 for pair in study.matches.values() for value in pair)
    median, level = study.matches["fields of nets of other seeds"]
    assert median > level
    assert study.index.index > 1.0
    assert "data:image/png;base64," in page
    assert page.count("<li>") == len(study.notes) >= 2


def test_scale_and_kind_of_numbers_do_not_matter():
    verdicts = {
        study_data(rows, labels, **QUICK).test.p_value
        for rows, labels in (
            (X, Y),
            (1e4 * X + 7.0, Y.astype(str)),
            (X.tolist(), Y.tolist()),
        )
    }
    assert len(verdicts) == 1


def test_images_with_colours_and_alpha_are_averaged(images):
    rows, labels = images
    plain = study_data(rows, labels, **QUICK)
    assert plain.shape == (4, 5)
    alpha = np.full_like(rows, 255.0)
    colours = np.stack([rows, rows, rows, alpha], axis=3)
    study = study_data(colours, labels, **QUICK)
    np.testing.assert_allclose(study.test.unit_values, plain.test.unit_values, rtol=1e-6)
    assert "4 channels were averaged over colours, without the alpha channel" in study.notes[0]


def test_notes_say_what_to_know():
    lopsided = np.where(np.arange(1000) < 900, 0, 1)
    constant = np.column_stack([X[:, :19], np.ones(1000)])
    notes = "\n".join(study_data(constant, lopsided, **QUICK).notes)
    assert "The classes have 100 to 900 rows" in notes
    assert "1 of 20 features are constant" in notes
    assert "The classes differ in their means" not in notes
    differing = "\n".join(study_data(X + Y[:, None], Y, **QUICK).notes)
    assert differing.count("The classes differ in their means") == 1
    uneven = study_data(X * np.linspace(0.5, 2.0, 20), Y, **QUICK)
    assert uneven.index is None
    assert "index is not defined: the variances of the sites differ" in "\n".join(uneven.notes)
    few = "\n".join(study_data(X[:60], Y[:60], **QUICK).notes)
    assert "60 rows of 20 features are few" in few


def test_what_is_removed_is_reported_and_makes_no_difference_to_data_without_it():
    without = X - X.mean(axis=1, keepdims=True)
    for label in (0, 1):
        without[label == Y] -= without[label == Y].mean(axis=0)
    plain = study_data(without, Y, **QUICK)
    shifted = X + np.linspace(-3.0, 3.0, 1000)[:, None] + 2.0 * Y[:, None] * (np.arange(20) < 5)
    removed = study_data(shifted, Y, remove=["brightness", "class_means"], **QUICK)
    np.testing.assert_allclose(removed.test.unit_values, plain.test.unit_values, rtol=1e-3)
    assert "Not removed: brightness, contrast, class_means" in "\n".join(plain.notes)
    assert "Not removed: contrast. Where" in "\n".join(removed.notes)
    scales = np.random.default_rng(0).uniform(0.5, 2.0, size=(1000, 1))
    one, other = (study_data(rows, Y, remove=["contrast"], **QUICK) for rows in (X, scales * X))
    np.testing.assert_allclose(one.test.unit_values, other.test.unit_values, rtol=1e-3)
    with pytest.raises(ValueError, match="remove='mean' is unknown; expected one of 'brightness'"):
        study_data(X, Y, remove=["mean"], **QUICK)


def test_fields_that_are_copies_are_reported():
    rng = np.random.default_rng(0)
    common = rng.standard_normal(20)
    rows = 0.3 * rng.standard_normal((1000, 20)) + np.where(Y[:, None], 1.0, -1.0) * common
    notes = "\n".join(study_data(rows, Y, n_hidden=8, max_steps=400, random_state=0).notes)
    assert re.search(r"The 8 fields that have grown are copies of [12] up to sign", notes)


def test_columns_that_are_no_inputs_are_reported():
    import pandas as pd

    table = pd.DataFrame(X).assign(row=np.arange(1000.0), kind=Y + 1.0)
    notes = "\n".join(study_data(table, Y, **QUICK).notes)
    assert "1000 rows of 22 features (0 to kind), neighbours in a row" in notes
    assert "Feature row has" in notes
    assert "Feature number 21 is constant in each class" in notes


@pytest.mark.parametrize(
    ("rows", "labels", "message"),
    [
        (np.ones((50, 4)), np.arange(50) % 2, "X is constant"),
        (X, np.zeros(1000), "y has 1 class"),
        (X, Y[:10], "inconsistent numbers of samples"),
        (np.where(X > 1.0, np.nan, X), Y, "X contains NaN"),
        (X, np.eye(2)[Y], "one label for each row"),
    ],
)
def test_data_that_cannot_be_studied_are_refused(rows, labels, message):
    with pytest.raises(ValueError, match=message):
        study_data(rows, labels, **QUICK)


def test_command_line_writes_a_report(saved, tmp_path, capsys):
    report = tmp_path / "out.html"
    assert main(["--data", str(saved), "--quick", "--report", str(report)]) == 0
    printed = capsys.readouterr().out
    assert re.match(r"(Localized|No|Cannot say): ", printed)
    assert report.stat().st_size > 10_000


def test_tables_and_pairs_of_files_are_read(tmp_path, capsys):
    import pandas as pd

    table = pd.DataFrame(X[:200]).assign(kind=np.where(Y[:200], "two", "one"))
    table.to_csv(tmp_path / "table.csv", index=False)
    np.save(tmp_path / "X.npy", X[:200])
    np.save(tmp_path / "y.npy", Y[:200])
    report = ["--quick", "--report", str(tmp_path / "r.html")]
    assert main(["--data", str(tmp_path / "table.csv"), "--labels", "kind", *report]) == 0
    labels = str(tmp_path / "y.npy")
    assert main(["--data", str(tmp_path / "X.npy"), "--labels", labels, *report]) == 0
    first, second = re.findall(r"p = ([\d.]+)", capsys.readouterr().out)
    assert first == second
    table.to_csv(tmp_path / "indexed.csv")
    assert main(["--data", str(tmp_path / "indexed.csv"), "--labels", "kind"]) == 2
    assert "Unnamed: 0 are no inputs" in capsys.readouterr().err
    assert main(["--data", str(tmp_path / "table.csv"), "--labels", "Kind"]) == 2
    assert "has 21 column(s): 0, 1, 2, ..., 18, 19, kind." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "none.npz"], "No such file"),
        (["--data", "{saved}", "--labels", "z"], "expected one of inputs and one of labels"),
        (["--data", "table.txt"], "expected a file .npz, .npy, .csv or .parquet"),
        (["--data", "{saved}", "--dim", "2"], "--dim is no option of --data"),
        (["--data", "{saved}", "--shape", "3", "3"], "shape=.3, 3. has 9 sites"),
        (["--data", "{saved}", "--report", "none/r.html"], "there is no such folder"),
    ],
)
def test_command_line_says_what_is_wrong(arguments, message, saved, capsys):
    arguments = [argument.format(saved=saved) for argument in arguments]
    assert main(arguments) == 2
    assert re.search(message, capsys.readouterr().err)
