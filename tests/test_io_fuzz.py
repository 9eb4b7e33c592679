"""Damaged files of every kind give an image or an error for the user, never anything else."""

import random
import shutil

import numpy as np
import pytest
import tifffile

from brushwood.errors import BrushwoodError
from brushwood.io import tiff
from brushwood.io.inputs import list_inputs
from lif_files import write_lif
from nd2_files import write_nd2
from ngff_files import write_multiscale, write_plate

PIXELS = np.random.default_rng(0).integers(0, 999, (3, 40, 50)).astype("uint16")
KINDS = ["imagej", "lzw", "ome", "czi", "lif", "nd2", "0.4", "0.5", "plate"]


def write(folder, kind):
    """Write a file of a kind and return it with those of its files that are damaged."""
    path = folder / f"a{ {'czi': '.czi', 'lif': '.lif', 'nd2': '.nd2'}.get(kind, '.tif') }"
    if kind == "imagej":
        tifffile.imwrite(path, PIXELS, imagej=True, metadata={"axes": "ZYX"})
    elif kind == "lzw":
        tifffile.imwrite(path, PIXELS, compression="lzw", photometric="minisblack")
    elif kind == "ome":
        options = {"ome": True, "tile": (16, 16), "compression": "zlib"}
        tifffile.imwrite(path, PIXELS, metadata={"axes": "CYX"}, **options)
    elif kind == "czi":
        czi = pytest.importorskip("pylibCZIrw.czi", reason="needs the extra readers")
        with czi.create_czi(str(path)) as file:
            for z, plane in enumerate(PIXELS):
                file.write(data=plane[..., None], plane={"T": 0, "C": 0, "Z": z})
            file.write_metadata(document_name="a", scale_x=1e-6, scale_y=1e-6)
    elif kind == "lif":
        pytest.importorskip("bioio_lif", reason="needs the extra readers")
        write_lif(path, {"one": (PIXELS, "zyx", {"z": 1, "y": 1, "x": 1}, ("a",))})
    elif kind == "nd2":
        pytest.importorskip("bioio_nd2", reason="needs the extra readers")
        frames = PIXELS[None, ..., None]
        write_nd2(path, frames, spacing=0.5, z_step=1.0, period_s=1.0, channels=("a",))
    else:
        path = folder / "a.zarr"
        if kind == "plate":
            write_plate(path, {"A/1/0": PIXELS[0], "A/2/0": PIXELS[1]})
        else:
            write_multiscale(path, PIXELS, "zyx", [1, 1, 1], kind)
        return path, sorted(p for p in path.rglob("*") if "zarr" in p.name or p.name[0] == ".z")
    return path, [path]


def damaged(content, rng):
    """Change, cut or remove some bytes, half of the time near the start."""
    found = bytearray(content)
    for _ in range(rng.choice([1, 3, 20])):
        at = rng.randrange(max(1, len(found) if rng.random() < 0.5 else min(len(found), 2000)))
        kind = rng.random()
        if kind < 0.5 and at < len(found):
            found[at] = rng.randrange(256)
        elif kind < 0.7:
            found[at : at + 4] = rng.choice([b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"9999"])
        elif kind < 0.85:
            del found[at : at + rng.choice([1, 10, 1000])]
        else:
            del found[max(4, at) :]
    return bytes(found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_for_the_user_to_hear_of(tmp_path, monkeypatch, kind):
    path, files = write(tmp_path, kind)
    whole = {file: file.read_bytes() for file in files}
    rng = random.Random(7)
    refused = 0
    for number in range(40):
        monkeypatch.setattr(tiff, "_SMALL", rng.choice([0, 1 << 28]))
        victim = rng.choice(files)
        victim.write_bytes(damaged(whole[victim], rng))
        try:
            for ref in list_inputs(path)[:3]:
                with ref.open() as image:
                    if np.prod([int(n) for n in image.data.shape]) < 5e7:
                        np.asarray(image.data[...])
        except BrushwoodError as error:
            refused += 1
            assert len(str(error)) < 1500, (number, str(error))
        victim.write_bytes(whole[victim])
    assert refused > 3
    for ref in list_inputs(path):
        ref.open().close()
    shutil.rmtree(path, ignore_errors=True)
