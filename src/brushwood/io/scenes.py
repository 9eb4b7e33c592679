"""Which images a file holds: fields of a plate, series of a TIFF file, scenes of a microscope."""

from collections.abc import Sequence
from pathlib import Path

from brushwood.io.imagefile import CZI, LIF, ND2, TIFF, ZARR
from brushwood.io.images import kind_of


def scenes_of(path: Path) -> tuple[str, ...]:
    """List the images of a file.

    Parameters
    ----------
    path : path

    Returns
    -------
    tuple of str
        What `read_image` takes as scene; one empty name if the file holds one image.

    Raises
    ------
    ImageFileError
        If the file is of an unknown kind, or damaged.
    """
    kind = kind_of(path)
    if kind == ZARR:
        from brushwood.io.omezarr import zarr_scenes

        return zarr_scenes(path)
    if kind == TIFF:
        from brushwood.io.tiff import tiff_scenes

        return tiff_scenes(path)
    if kind == CZI:
        from brushwood.io.czi import czi_scenes

        return czi_scenes(path)
    if kind in (LIF, ND2):
        from brushwood.io.bioio_files import bioio_scenes

        return bioio_scenes(path)
    return ("",)


def partners_of(path: Path) -> frozenset[Path]:
    """Return all files of a data set that a file belongs to; none if it stands alone.

    Parameters
    ----------
    path : path

    Raises
    ------
    ImageFileError
        If the file is damaged.
    """
    if kind_of(path) != TIFF or not path.name.lower().endswith((".ome.tif", ".ome.tiff")):
        return frozenset()
    from brushwood.io.tiff import tiff_partners

    return tiff_partners(path)


def scene_keys(names: Sequence[str]) -> tuple[str, ...]:
    """Return a key a scene: its name where all are distinct and no numbers, else its position."""
    if len(names) <= 1:
        return ("",)
    clean = [name.strip() for name in names]
    if len({name.lower() for name in clean}) == len(clean) and not any(
        not name or name.isdecimal() for name in clean
    ):
        return tuple(clean)
    return tuple(str(number) for number in range(len(clean)))


def scene_index(names: Sequence[str], scene: str) -> int | None:
    """Return which scene a key means: 0 for an empty one, None if there is no such scene."""
    if not scene:
        return 0
    keys = [name.strip() for name in names]
    if keys.count(scene) == 1:
        return keys.index(scene)
    return int(scene) if scene.isdecimal() and int(scene) < len(keys) else None
