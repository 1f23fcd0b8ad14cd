"""Data of any origin and kind: one call, one command, one report."""

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from rfsk import CumulantCP, FCNet, __version__, control_test, make_gaussian_clone, make_nlgp
from rfsk.__main__ import main
from rfsk.analysis import symmetric_cp
from rfsk.experiments import DataStudy, study_data

X, Y = make_nlgp(1000, 20, correlation_length=(1.0, 2.0), random_state=0)
QUICK = {"n_hidden": 4, "max_steps": 30, "random_state": 0}
FIELDS, Z = make_nlgp(120, (4, 5), correlation_length=(0.5, 1.0), random_state=0)
ROWS = FIELDS.astype(np.float16).astype(np.float64)  # values that every kind of number can hold
SCALED = (ROWS - ROWS.mean()) / ROWS.std()


def notes_of(*data, **options):
    return "\n".join(study_data(*data, **{**QUICK, **options}).notes)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, X=ROWS.reshape(-1, 4, 5), y=Z)
    return path


def test_study_finds_localized_fields_and_reports_them(tmp_path):
    study = study_data(X, Y, n_hidden=8, max_steps=600, random_state=0)
    assert study.verdict.startswith("Localized on average: ")
    assert "but no unit is significant by itself" in study.verdict
    assert study.shape == (20,)
    report = tmp_path / "report.html"
    study.to_html(report, title="Fields on <X>")
    page = report.read_text(encoding="utf-8")
    assert page.count("Fields on &lt;X&gt;</") == 2
    verdict = re.search(r'"verdict">(.*?)</p>', page).group(1)
    assert verdict.startswith("Localized on average: ")
    assert f"rfsk {__version__}, 20" in page
    assert page.count("<tr") == 7
    assert all(f"<td>{ratio:.3g}</td>" in page for ratio in study.test.ratio.values())
    assert len(study.matches) == 3
    assert all(0.0 < value <= 1.0 for pair in study.matches.values() for value in pair)
    median, level = study.matches["fields of nets of other seeds"]
    assert median > level
    assert study.index.index > 1.0
    assert "data:image/png;base64," in page
    assert page.count("<li>") == len(study.notes) >= 2


@pytest.mark.parametrize(
    ("n_bumps", "result"), [(2, "Not compact"), (3, "Localized"), (6, "Localized")]
)
def test_verdict_counts_the_localized_fields_that_are_compact(n_bumps, result):
    bump = np.exp(-(np.arange(-20, 20) ** 2) / 8.0)
    comb = np.tile(np.exp(-(np.arange(-5, 5) ** 2) / 2.0), 4)
    fields = [bump] * n_bumps + [comb] * (6 - n_bumps) + [np.ones(40)]
    net = SimpleNamespace(receptive_fields_=np.array(fields))
    is_localized = np.arange(7) < 6
    test = SimpleNamespace(net=net, verdict="Localized: on average.", is_localized=is_localized)
    study = DataStudy(test, (40,), {}, None, [])
    assert study.verdict.startswith(f"{result}: on average.")
    assert f"{n_bumps} of these 6 fields are compact" in study.verdict


def test_notes_say_what_to_know():
    lopsided = np.where(np.arange(1000) < 900, 0, 1)
    notes = notes_of(np.column_stack([X[:, :19], np.ones(1000)]), lopsided)
    assert "The sizes of the classes differ: 100 to 900 rows" in notes
    assert "1 of 20 features are constant" in notes
    assert "The classes differ in their means" not in notes
    assert notes_of(X + Y[:, None], Y).count("The classes differ in their means") == 1
    uneven = study_data(X * np.linspace(0.5, 2.0, 20), Y, **QUICK)
    assert uneven.index is None
    assert "index is not defined: the variances of the sites differ" in "\n".join(uneven.notes)
    assert "60 rows of 20 features are few" in notes_of(X[:60], Y[:60])
    colours = np.stack([ROWS.reshape(-1, 4, 5)] * 4, axis=3)
    assert "4 channels were averaged over colours, without the alpha" in notes_of(colours, Z)
    table = pd.DataFrame(X).assign(row=np.arange(1000.0), kind=Y + 1.0)
    notes = notes_of(table, Y)
    assert "1000 rows of 22 features (0 to kind): a ring of sites" in notes
    assert "Feature row has" in notes
    assert "Feature number 21 is constant in each class" in notes


def test_notes_judge_the_training_and_the_factors(monkeypatch):
    def cancelling(*arguments, **options):
        warnings.warn("Use fewer components.", ConvergenceWarning, stacklevel=2)
        return symmetric_cp(*arguments, **options)

    monkeypatch.setattr("rfsk.experiments._own_data.symmetric_cp", cancelling)
    notes = notes_of(X, Y, max_steps=1)
    assert "The training of 10 steps (epochs: 1) was too short" in notes
    assert re.search(r"accuracy of 0\.\d\d on its training data; .* class has 0\.50", notes)
    assert "CP factors of the fourth cumulant nearly cancel each other" in notes
    assert "less localized" not in notes


def test_notes_say_which_fields_are_less_localized_than_those_of_the_controls():
    rng, odd = np.random.default_rng(0), np.arange(400) % 2 == 1
    rows = rng.standard_normal((400, 10))
    rows[:, 0] *= np.where(odd, 1.6, 1.0 / 1.6)  # the only difference of the covariances
    rare = np.sqrt(40.0) * rng.choice([-1, 0, 1], p=[0.05, 0.9, 0.05], size=400)
    rows += np.where(odd, rng.choice([-2, 2], size=400), rare)[:, None]
    notes = notes_of(rows, odd, max_steps=100)
    assert re.search(r"ratio for b > 0 is 0\.[1-5]\d: .* less localized than those of each", notes)


@pytest.mark.parametrize("shape", [(20,), (4, 5)])
@pytest.mark.usefixtures("_close_figures")
def test_a_line_separates_the_groups_and_a_line_marks_their_mean(shape):
    study = study_data(X, Y, shape, n_hidden=6, max_steps=30, random_state=0)
    fields, _, values, *_ = study.plot().axes
    (border,) = fields.lines
    # Units 0 to 2 are above the line. On the torus, they fill the first of two rows of tiles.
    middle = 2.5 if len(shape) == 1 else 4.0
    x, y = border.get_data()
    assert y[x >= 0].tolist() == [middle] * np.sum(x >= 0)
    assert values.lines[1].get_ydata()[0] == study.test.statistic["b > 0"]


def test_what_is_removed_is_reported_and_makes_no_difference_to_data_without_it():
    without = X - X.mean(axis=1, keepdims=True)
    for label in (0, 1):
        without[label == Y] -= without[label == Y].mean(axis=0)
    plain = study_data(without, Y, **QUICK)
    shifted = X + np.linspace(-3.0, 3.0, 1000)[:, None] + 2.0 * Y[:, None] * (np.arange(20) < 5)
    removed = study_data(shifted, Y, remove=["brightness", "class_means"], **QUICK)
    np.testing.assert_allclose(removed.test.unit_values, plain.test.unit_values, rtol=1e-3)
    assert "Not removed: brightness, contrast, class_means" in "\n".join(plain.notes)
    assert "Not removed: contrast. If" in "\n".join(removed.notes)
    scales = np.random.default_rng(0).uniform(0.5, 2.0, size=(1000, 1))
    one, other = (study_data(rows, Y, remove=["contrast"], **QUICK) for rows in (X, scales * X))
    np.testing.assert_allclose(one.test.unit_values, other.test.unit_values, rtol=1e-3)


def test_fields_that_are_copies_are_reported():
    rng = np.random.default_rng(0)
    common = rng.standard_normal(20)
    rows = 0.3 * rng.standard_normal((1000, 20)) + np.where(Y[:, None], 1.0, -1.0) * common
    notes = notes_of(rows, Y, n_hidden=8, max_steps=400)
    assert re.search(
        r"The 8 fields that have grown are copies of [12] distinct fields up to sign", notes
    )


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((np.ones((50, 4)), np.arange(50) % 2), {}, "`X` must not be constant"),
        ((X, np.zeros(1000)), {}, "`y` must have at least 2 classes"),
        ((X, Y[:10]), {}, "inconsistent numbers of samples"),
        ((X.T, Y), {}, r"got shape \(20, 1000\) and 1000 labels. .* transpose `X`"),
        ((X, Y), {"remove": "mean"}, "`remove` must be one of 'brightness'.*, got 'mean'"),
    ],
)
def test_data_that_cannot_be_studied_are_refused(data, options, message):
    with pytest.raises(ValueError, match=message):
        study_data(*data, **options, **QUICK)


def fit(rows, labels):
    return FCNet(2, max_epochs=2, random_state=0).fit(rows, labels)


FUNCTIONS = {
    "fit": fit,
    "make_gaussian_clone": lambda rows, labels: make_gaussian_clone(rows, labels, random_state=0),
    "control_test": lambda rows, labels: control_test(FCNet(2), rows, labels),
    "study_data": lambda rows, labels: study_data(rows, labels, n_hidden=2, max_steps=20),
    "CumulantCP": lambda rows, labels: CumulantCP(2, target=1).fit(rows, labels),
}
CONTAINERS = {
    "polars": lambda rows, folder: pl.DataFrame(rows),
    "float16": lambda rows, folder: rows.astype(np.float16),
    "float32": lambda rows, folder: rows.astype(np.float32),
    "memory map": lambda rows, folder: np.load(folder / "X.npy", mmap_mode="r"),
    "pandas": lambda rows, folder: pd.DataFrame(rows),
    "list": lambda rows, folder: rows.tolist(),
}
WORDS = np.array(["cat", "dog"])[Z]
LABELS = {
    "bool": Z.astype(bool),
    "signs": 2.0 * Z - 1.0,
    "strings": WORDS,
    "pandas categories": pd.Series(WORDS, dtype="category"),
    "polars strings": pl.Series(WORDS),
}


@pytest.fixture
def trained_on(monkeypatch):
    """Function that returns the rows, labels and lattice on which a study would train nets."""

    class TrainingError(Exception):
        pass

    def refuse_to_train(net, rows, labels, **options):
        raise TrainingError(rows, labels, net.image_shape)

    def trained_on(*arguments, call=study_data):
        with pytest.raises(TrainingError) as caught:
            call(*arguments)
        return caught.value.args

    monkeypatch.setattr("rfsk.experiments._own_data.control_test", refuse_to_train)
    return trained_on


@pytest.mark.parametrize("kind", CONTAINERS)
def test_study_and_fit_do_not_depend_on_the_container(kind, trained_on, tmp_path):
    np.save(tmp_path / "X.npy", ROWS)
    container = CONTAINERS[kind](ROWS, tmp_path)
    np.testing.assert_allclose(trained_on(container, Z)[0], SCALED, rtol=1e-12)
    fields = fit(container, Z).receptive_fields_
    np.testing.assert_array_equal(fields, fit(ROWS, Z).receptive_fields_)


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind_give_the_same_net(kind, trained_on):
    labels = trained_on(ROWS, LABELS[kind])[1]
    np.testing.assert_array_equal(np.unique(labels, return_inverse=True)[1], Z)
    net = fit(ROWS, LABELS[kind])
    np.testing.assert_array_equal(net.receptive_fields_, fit(ROWS, Z).receptive_fields_)
    np.testing.assert_array_equal(net.classes_, np.unique(LABELS[kind]))


@pytest.mark.parametrize("n_channels", [0, 1, 2, 3, 4])
def test_images_are_studied_on_their_own_lattice_without_alpha(n_channels, trained_on, tmp_path):
    images = ROWS.reshape(-1, 4, 5)
    if n_channels:
        opacity = np.random.default_rng(0).random(images.shape)
        n_colours = n_channels - (n_channels in (2, 4))
        images = np.stack([images] * n_colours + [opacity] * (n_channels - n_colours), axis=3)
    np.savez(tmp_path / "images.npz", X=images, y=Z)
    for rows, labels, shape in (
        trained_on(images, Z),
        trained_on(["--data", str(tmp_path / "images.npz")], call=main),
    ):
        assert shape == (4, 5)
        np.testing.assert_allclose(rows, SCALED, rtol=1e-12)
        np.testing.assert_array_equal(labels, Z)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_cannot_be_learnt_from_is_refused_with_the_remedy(name):
    for n_columns in (2, 3):
        message = rf"`y` must contain one label .* \(120, {n_columns}\).* pass y.argmax\(axis=1\)"
        with pytest.raises(ValueError, match=message):
            FUNCTIONS[name](ROWS, np.eye(n_columns, dtype=int)[Z])
    with pytest.raises(TypeError, match=r"Sparse data was passed for X.*'\.toarray\(\)'"):
        FUNCTIONS[name](sparse.csr_array(ROWS), Z)
    with pytest.raises(ValueError, match="Input X contains NaN, first in row"):
        FUNCTIONS[name](np.where(ROWS > 0.5, np.nan, ROWS), Z)
    with pytest.raises(ValueError, match=r"y contains NaN, first in row 7 \(counted"):
        FUNCTIONS[name](ROWS, np.where(np.arange(120) == 7, np.nan, Z))


def test_tables_and_pairs_of_files_are_read(tmp_path, capsys):
    table = pd.DataFrame(X[:200]).assign(kind=np.where(Y[:200], "two", "one"))
    table.to_csv(tmp_path / "table.csv", index=False, sep=";")
    np.save(tmp_path / "X.npy", X[:200])
    np.save(tmp_path / "y.npy", Y[:200])
    report = ["--quick", "--report", str(tmp_path / "r.html")]
    assert main(["--data", str(tmp_path / "table.csv"), "--labels", "kind", *report]) == 0
    labels = str(tmp_path / "y.npy")
    assert main(["--data", str(tmp_path / "X.npy"), "--labels", labels, *report]) == 0
    first, second = re.findall(r"p = ([\d.]+)", capsys.readouterr().out)
    assert first == second
    assert (tmp_path / "r.html").stat().st_size > 10_000
    table.to_csv(tmp_path / "indexed.csv")
    assert main(["--data", str(tmp_path / "indexed.csv"), "--labels", "kind"]) == 2
    assert "Unnamed: 0 are not inputs" in capsys.readouterr().err
    table.to_csv(tmp_path / "bare.csv", index=False, header=False)
    assert main(["--data", str(tmp_path / "bare.csv"), "--labels", "kind"]) == 2
    assert "the first row must hold the names of the columns" in capsys.readouterr().err
    table.to_csv(tmp_path / "table.tsv", index=False, sep="\t")
    assert main(["--data", str(tmp_path / "table.tsv"), "--labels", "Kind"]) == 2
    message = ", 18, 19, kind. There is no column Kind. Did you mean kind? Name"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "none.csv"], "rfsk: --data none.csv: No such file or directory. Choose"),
        (["--data", "{folder}/X.npy", "--labels", "no.npy"], "--labels no.npy: No such file"),
        (["--data", "{folder}/empty.npz"], "--data .*empty.npz: expected arrays of numb"),
        (["--data", "{folder}/nan.npz"], "nan.npz: the inputs contain NaN, .* row 3, column 2"),
        (["--data", "{folder}/one.npz"], "one.npz: the labels must have .* got only 0"),
        (["--data", "{saved}", "--n-controls", "5"], "--n-controls must be at least 19, .* got 5"),
        (["--data", "{saved}", "--max-steps", "0"], "--max-steps must be a positive .* got 0"),
        (["--data", "{saved}", "--out", "results"], "--out is not an option of --data, which wri"),
        (["--data", "{saved}", "--labels", "z"], "expected one array of inputs and one of labels"),
        (["--data", "table.txt"], "expected a .npz, .npy, .csv, .tsv or .parquet file"),
        (["--data", "{saved}", "live"], "--data is not an option of live"),
        (["--data", "{saved}", "--report", "r.pdf"], "--report r.pdf: .* end its name in .html"),
        (["--data", "{saved}", "--dim", "2"], "--dim is not an option of --data"),
        (["--data", "{saved}", "--shape", "3", "3"], "got .3, 3., which has 9 sites"),
        (["--data", "{saved}", "--report", "none/r.html"], "--report none/r.html: expected a "),
    ],
)
def test_command_line_says_what_is_wrong(arguments, message, saved, capsys):
    folder, labels = saved.parent, np.arange(9) % 2
    np.save(folder / "X.npy", ROWS)
    np.savez(
        folder / "nan.npz", X=np.where(np.arange(36).reshape(9, 4) == 14, np.nan, 1.0), y=labels
    )
    np.savez(folder / "one.npz", X=np.eye(9), y=0 * labels)
    (folder / "empty.npz").touch()
    arguments = [argument.format(saved=saved, folder=folder) for argument in arguments]
    assert main(arguments) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.filterwarnings("default")
def test_command_line_names_its_options_in_warnings_and_notes(saved, monkeypatch, capsys, tmp_path):
    messages = (
        "Pass random_state=3 or gain=3.0.",
        "With image_shape=(6, 4), or a larger `max_steps` (shape=(3, 4)), set loss='squared'.",
    )

    def study(X, y, **options):
        warnings.warn(messages[0], stacklevel=1)
        return SimpleNamespace(verdict="No.", notes=[messages[1]], to_html=report)

    def report(path, title):
        assert title == "Receptive fields on images.npz"

    monkeypatch.setattr("rfsk.experiments.study_data", study)
    assert main(["--data", str(saved), "--report", str(tmp_path / "r.html")]) == 0
    shown = capsys.readouterr()
    assert shown.err == "rfsk: Pass --seed 3 or --gain 3.0.\n"
    note = "- With --shape 6 4, or a larger --max-steps (shape=(3, 4)), set loss='squared'."
    assert shown.out.splitlines()[1] == note
