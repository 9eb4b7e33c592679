"""A wheel holds code, kernels, manifest and samples, and works where nothing else of us stands."""

import os
import subprocess
import sys
import zipfile

import pytest

from house import ROOT, SOURCE

LARGEST_MEGABYTES = 4


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel with hatchling, which needs no network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The wheel as pip would put it into site-packages."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _tracked(folder):
    """Files below a folder that git would keep; all of them where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if run.returncode == 0:
        paths = [ROOT / name for name in run.stdout.decode().split("\0") if name]
    else:
        paths = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)) for path in paths if path.is_file()}


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {name for name in _tracked(SOURCE) if name != "napari.yaml"}
    data = {f"{top}/{n}" for top in ("sample_data", "docs") for n in _tracked(ROOT / top)}
    expected = {f"brushwood/{name}" for name in code | data | {"napari.yaml"}}
    metadata = {name for name in names if ".dist-info/" in name}
    assert names - metadata == expected
    assert {"brushwood/py.typed", "brushwood/napari.yaml"} <= names
    assert any(name.endswith(".cl") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in metadata)


def test_the_wheel_stays_small(wheel):
    assert wheel.stat().st_size < LARGEST_MEGABYTES * 2**20


def test_the_wheel_s_files_are_those_of_the_checkout(unpacked):
    for name in ("napari.yaml", *(f"sample_data/{n}" for n in _tracked(ROOT / "sample_data"))):
        assert (unpacked / "brushwood" / name).read_bytes() == (ROOT / name).read_bytes()


def _run(unpacked, tmp_path, *arguments):
    """Run Python with the unpacked wheel before everything else, away from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_napari_finds_manifest_and_samples_in_the_wheel(unpacked, tmp_path):
    script = """
import brushwood, npe2
from brushwood import samples
manifest = npe2.PluginManifest.from_distribution("napari-brushwood")
print(brushwood.__file__)
print(manifest.package_version, len(manifest.contributions.sample_data))
for key in samples.keys():
    print(key, samples.load(key).image.shape)
"""
    out = _run(unpacked, tmp_path, "-c", script).splitlines()
    assert out[0] == str(unpacked / "brushwood" / "__init__.py")
    assert len(out) >= 2 + 5


def test_the_command_is_declared_and_answers(unpacked, tmp_path):
    (entry_points,) = unpacked.glob("*.dist-info/entry_points.txt")
    text = entry_points.read_text("utf-8")
    assert "brushwood = brushwood.cli:main" in text
    assert "napari-brushwood = brushwood:napari.yaml" in text
    script = "import sys; from brushwood.cli import main; sys.exit(main(['--help']))"
    assert "demo" in _run(unpacked, tmp_path, "-c", script)
