import configparser
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import rfsk


@pytest.mark.parametrize(
    "work",
    [
        "[getattr(rfsk, 'make_' + name)(10) for name in ('elliptical', 'gp', 'ising', 'nlgp', "
        "'pulses', 'spiked_cumulant', 'transformed_field')]; rfsk.make_gaussian_clone("
        "*rfsk.make_image_patches(10, images=[numpy.random.default_rng(0).random((30, 30))])); "
        "rfsk.Phi4(8, coupling=1.0).covariance()",
        "x = numpy.random.default_rng(0).normal(size=(40, 6)); rfsk.CumulantCP(2).fit(x); "
        "rfsk.LocalizationAnalyzer().fit_transform(x); rfsk.FieldMatcher().fit_transform(x); "
        "rfsk.TensorComparison(2, references=('cp', 'pca')).fit(x).compare(x)",
        "task = [rfsk.NLGP(12, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]; "
        "rfsk.localization_index(task); "
        "rfsk.theory.CubicFlow(task).integrate(2, 1.0, random_state=0)",
        "import rfsk.live; rfsk.testing.check_input_model",
    ],
    ids=["datasets", "analysis", "theory", "live and testing"],
)
def test_neither_torch_nor_skorch_nor_matplotlib_nor_numba_is_imported_for(work):
    code = (
        f"import sys, numpy, rfsk; {work}; "
        "print({'torch', 'skorch', 'matplotlib', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()", done.stderr


def test_the_recipe_and_the_citation_follow_setup_cfg():
    root = Path(__file__).parents[1]
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg")
    recipe = (root / ".ci" / "conda" / "meta.yaml").read_text()
    version = config["metadata"]["version"]
    assert version == rfsk.__version__
    assert f'set version = "{version}"' in recipe
    assert f"version: {version}\n" in (root / "CITATION.cff").read_text()
    names = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
    listed = {line.strip("- ").replace(" ", "") for line in recipe.splitlines()}
    for line in config["options"]["install_requires"].strip().splitlines():
        name, sign, bound = line.partition(";")[0].partition(">=")
        assert names.get(name, name) + sign + bound in listed


def test_every_public_name_and_subpackage_is_served():
    assert set(rfsk.__all__) <= set(dir(rfsk))
    for name in rfsk.__all__:
        module = getattr(getattr(rfsk, name), "__module__", "rfsk")
        subpackage = sys.modules[".".join(module.split(".")[:2])]
        assert name in subpackage.__all__
    subpackages = {m.name for m in pkgutil.iter_modules(rfsk.__path__) if m.name[0] != "_"}
    assert {n for n in rfsk.__all__ if not callable(getattr(rfsk, n))} == subpackages


def test_stubs_of_public_names_are_part_of_the_package():
    """An installed package reads its public names from them."""
    root = Path(__file__).parents[1]
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg")
    for stub in root.glob("rfsk/**/*.pyi"):
        package = ".".join(stub.relative_to(root).parent.parts)
        assert stub.name in config["options.package_data"][package]
