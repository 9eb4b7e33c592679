"""Which images a list of files, folders and plates stands for."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Self, TypeAlias

from brushwood.errors import ImageFileError, InputError
from brushwood.io.imagefile import ZARR, name_of
from brushwood.io.images import SUFFIXES, ImageFile, is_zarr, read_image, stem_of
from brushwood.io.scenes import partners_of, scenes_of

PathLike: TypeAlias = str | os.PathLike[str]

#: Between a path and a scene in text.
SEPARATOR = "::"
#: What Brushwood appends to an image's name when it writes a map of it.
RESULTS = ("classes", "probabilities", "uncertainty", "objects", "object_classes")
#: A folder that holds this one was written by a run.
LEDGER = ".brushwood"


@dataclass(frozen=True, slots=True, order=True)
class InputRef:
    """An image by its file and, where the file holds several, its scene.

    Attributes
    ----------
    path : Path
        File, or OME-Zarr folder.
    scene : str
        For example ``"A/1/0"`` of a plate, ``"Position 3"`` of a LIF file, ``"labels/nuclei"`` of
        an OME-Zarr image. Empty for the only image, or the first.
    """

    path: Path
    scene: str = ""

    @classmethod
    def of(cls, value: "InputRef | PathLike") -> Self:
        """Return a reference from itself, a path, or text such as ``"plate.zarr::A/1/0"``."""
        if isinstance(value, InputRef):
            return cls(value.path, value.scene)
        text = os.fspath(value)
        path, separator, scene = text.rpartition(SEPARATOR)
        # A file may have the separator in its own name.
        if separator and not os.path.lexists(text):
            return cls(Path(path), scene)
        return cls(*_outermost(Path(text)))

    @property
    def name(self) -> str:
        """A name for results: the file's without its ending, then the scene; fit for files."""
        return name_of(self.path, self.scene)

    def open(self) -> ImageFile:
        """Open the image; see `read_image`.

        Raises
        ------
        ImageFileError
            If it is missing, damaged or of an unknown kind.
        """
        return read_image(self.path, self.scene)

    def __str__(self) -> str:
        return f"{self.path}{SEPARATOR}{self.scene}" if self.scene else str(self.path)


def list_inputs(
    paths: "PathLike | InputRef | Iterable[PathLike | InputRef]",
    *,
    recursive: bool = False,
    exclude: "PathLike | Iterable[PathLike] | None" = None,
    with_results: bool = False,
) -> list[InputRef]:
    """List images: files, those in folders, the fields of plates, the scenes of files, each once.

    Parameters
    ----------
    paths : path, InputRef, or iterable of them
        Files, folders, ``path::scene``, or patterns such as ``data/*.tif``. A file that is named
        is listed though it may be missing or damaged: opening it says so.
    recursive : bool
        Also look into folders of folders.
    exclude : path, or iterable of them, optional
        Folders of results. What is in them is passed over; if one is itself named in `paths`, only
        files named like results are.
    with_results : bool
        Also list files of folders that are named like results of Brushwood (``cells-classes.tif``
        beside ``cells.tif``, or anywhere in a folder of results).

    Returns
    -------
    list of InputRef
        In the order of `paths`, within a folder by name. Hidden files are passed over.

    Raises
    ------
    InputError
        If nothing is named, or a folder or pattern holds no image.
    """
    named = [paths] if isinstance(paths, str | os.PathLike | InputRef) else list(paths)
    if not named:
        raise InputError("No image was named. Name images, or folders of images.")
    outs = [] if exclude is None else _folders(exclude)
    found: dict[tuple[str, str], InputRef] = {}
    for entry in named:
        for ref in _of_entry(entry, recursive, outs, with_results):
            found.setdefault((os.path.abspath(ref.path), ref.scene), ref)
    return list(found.values())


def _folders(exclude: "PathLike | Iterable[PathLike]") -> list[Path]:
    listed = [exclude] if isinstance(exclude, str | os.PathLike) else list(exclude)
    return [Path(path).resolve() for path in listed]


def _of_entry(
    entry: "PathLike | InputRef", recursive: bool, outs: Sequence[Path], with_results: bool
) -> Iterator[InputRef]:
    """Yield the images that one path stands for."""
    ref = InputRef.of(entry)
    if ref.scene:
        yield from _fields(ref)
    elif ref.path.is_dir() and not is_zarr(ref.path):
        images = _of_folder(ref.path, recursive, outs, with_results)
        if not images:
            raise InputError(_nothing_in(ref.path, recursive))
        yield from _sets(images)
    elif has_magic(str(ref.path)) and not os.path.lexists(ref.path):
        files = [Path(m) for m in sorted(glob(str(ref.path))) if _is_image(Path(m))]
        if not files:
            raise InputError(f"No image matches {str(ref.path)!r}. Check the pattern.")
        yield from _sets(files)
    else:
        yield from expanded(ref.path)


def _outermost(path: Path) -> tuple[Path, str]:
    """Return the OME-Zarr folder that a path leads into, and the rest of the path."""
    for parent in path.parents:
        if parent.suffix.lower() == ZARR and is_zarr(parent):
            return parent, path.relative_to(parent).as_posix()
    return path, ""


def _fields(ref: InputRef) -> list[InputRef]:
    """Return the fields of a well, or the scene itself."""
    inner = [each for each in expanded(ref.path) if each.scene.startswith(f"{ref.scene}/")]
    return inner or [ref]


def _sets(files: Sequence[Path]) -> Iterator[InputRef]:
    """Yield the images of files; of a data set in parts, each of which opens it all, the first."""
    covered: set[Path] = set()
    for file in files:
        if file in covered:
            continue
        with suppress(ImageFileError, OSError, ImportError):
            covered |= partners_of(file)
        yield from expanded(file)


def expanded(path: Path) -> list[InputRef]:
    """Return a file's images, one reference a scene; damaged files are left for opening to name."""
    try:
        return [InputRef(path, scene) for scene in scenes_of(path)]
    except (ImageFileError, OSError, ImportError):
        return [InputRef(path)]


def _of_folder(
    folder: Path, recursive: bool, outs: Sequence[Path], with_results: bool
) -> list[Path]:
    """List the images of a folder, and of the folders in it when asked."""
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    images = [path for path in entries if _is_image(path)]
    if not with_results:
        is_out = folder.resolve() in outs or (folder / LEDGER).is_dir()
        images = _without_results(images, is_out)
    if not recursive:
        return images
    for path in entries:
        # Links to folders may lead in circles.
        if path.is_dir() and not path.is_symlink() and not is_zarr(path):
            is_out = path.resolve() in outs or (path / LEDGER).is_dir()
            if with_results or not is_out:
                images += _of_folder(path, recursive, outs, with_results)
    return images


def _is_image(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    return is_zarr(path) if path.is_dir() else path.suffix.lower() in SUFFIXES


def _without_results(images: list[Path], is_out: bool) -> list[Path]:
    """Leave out what is named like a result, if it lies where results go or beside its image."""
    stems = {stem_of(path) for path in images}
    kept = []
    for path in images:
        base = base_of(path)
        if base is None or not (is_out or base in stems):
            kept.append(path)
    return kept


def base_of(path: Path) -> str | None:
    """Return the name of the image that a result belongs to; None if it is named otherwise."""
    stem = stem_of(path)
    for result in RESULTS:
        if stem.endswith(f"-{result}"):
            return str(stem[: -len(result) - 1])
    return None


def _nothing_in(folder: Path, recursive: bool) -> str:
    deeper = "" if recursive else ", or ask for the folders in it as well"
    return (
        f"The folder {str(folder)!r} holds no image. Name a folder of images{deeper}. Known are: "
        f"{', '.join(SUFFIXES)}."
    )
