"""A folder with a trained model, and a way to run the command line."""

import pytest
import tifffile

from brushwood.cli import main
from cli_files import FEATURES, picture, save, strokes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an image, its annotation and a model trained on them."""
    path = tmp_path_factory.mktemp("cli")
    save(path / "image.tif", picture())
    tifffile.imwrite(path / "strokes.tif", strokes())
    code = main([
        "train", str(path / "image.tif"), str(path / "strokes.tif"), "-o", str(path / "m"),
        "--features", FEATURES, "--trees", "12", "--class-name", "1=background",
        "--class-name", "4=cells", "--class-name", "9=debris",
    ])  # fmt: skip
    assert code == 0
    return path


@pytest.fixture
def model(folder):
    return str(folder / "m.brushwood")


@pytest.fixture
def run(capsys):
    """Run the command line: exit code, stdout lines, stderr."""

    def call(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out.splitlines(), err

    return call
