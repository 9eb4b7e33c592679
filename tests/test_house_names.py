"""The public names of Brushwood, and the size of its files."""

import ast
import subprocess
import tomllib

import pytest

import brushwood
from house import ROOT, SOURCE, sources

PUBLIC = {
    "Device", "FeatureSet", "ForestParams", "Marks", "ObjectClassifier", "PixelClassifier",
    "Recipe", "SplitParams", "__version__", "batch", "cluster", "compare_pixels", "correlate",
    "devices", "embed", "explain", "load", "match_objects", "measure", "rank_columns",
    "split_objects", "stability", "suggest_clusters", "train_surrogate", "validate_classifier",
}  # fmt: skip
LONGEST_FILE = 400


def test_public_names():
    assert set(brushwood.__all__) == PUBLIC
    assert set(dir(brushwood)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_resolves_and_is_documented(name):
    value = getattr(brushwood, name)
    assert name == "__version__" or value.__doc__


def test_type_checkers_see_the_names_that_are_loaded_on_first_use():
    tree = ast.parse((SOURCE / "__init__.py").read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == brushwood._HOMES


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        brushwood.nothing  # noqa: B018


def test_the_version_is_the_distribution_s():
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == brushwood.__version__
    assert f"## [{brushwood.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def _code_files():
    folders = [ROOT / name for name in ("tests", "benchmarks", "scripts")]
    files = [*sources(), *SOURCE.rglob("*.cl"), *(p for f in folders for p in f.rglob("*.py"))]
    return sorted(files)


@pytest.mark.parametrize("path", _code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_one_concept(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


def test_no_error_is_swallowed_whole():
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = "" if node.type is None else ast.unparse(node.type)
                goes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                narrow = caught not in {"", "Exception", "BaseException"}
                assert narrow or goes_on, f"{path}:{node.lineno} catches everything"


@pytest.mark.parametrize("script", ["setup.sh", "demo.sh", "test.sh"])
def test_scripts_parse(script):
    subprocess.run(["bash", "-n", ROOT / "scripts" / script], check=True)
