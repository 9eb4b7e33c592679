"""How inputs and their results are called, so that no two results ever meet."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe
    from brushwood.io.inputs import InputRef

#: Bytes of a name. File systems allow 255; what is saved, endings and temporary names follow.
_LONGEST = 200
_ENDINGS = {"tiff": ".tif", "ome-zarr": ".ome.zarr", "csv": ".csv", "parquet": ".parquet"}


def names_of(refs: "Sequence[InputRef]") -> tuple[str, ...]:
    """Return a name for each input; no two are the same, even where case does not count.

    An input is called like its file without the ending. Inputs from several folders keep their
    folders below the one that holds them all: ``"day 1/cells"``. Where one folder has two files of
    one name but for the ending, both keep it: ``"cells.tif"`` and ``"cells.png"``. What is still
    the same, such as ``"cells"`` and ``"Cells"``, gets a number.

    Parameters
    ----------
    refs : sequence of InputRef

    Returns
    -------
    tuple of str
        With ``/`` between folders.
    """
    folders = _folders([ref.path for ref in refs])
    plain = [folder + ref.name for folder, ref in zip(folders, refs, strict=True)]
    counts = Counter(map(key_of, plain))
    endings: dict[str, set[str]] = {}
    for name, ref in zip(plain, refs, strict=True):
        endings.setdefault(key_of(name), set()).add(_ending(ref))
    full = [
        folder + _full(ref) if counts[key_of(name)] > 1 and len(endings[key_of(name)]) > 1 else name
        for name, folder, ref in zip(plain, folders, refs, strict=True)
    ]
    return _numbered([_shortened(name) for name in full])


def outputs_of(name: str, out: Path, recipe: "Recipe") -> dict[str, Path]:
    """Return where the results of an input go, by what is saved.

    Parameters
    ----------
    name : str
        From `names_of`.
    out : Path
    recipe : Recipe
    """
    folder, _, stem = name.rpartition("/")
    return {key: out / folder / file_name(stem, key, recipe) for key in recipe.outputs}


def file_name(stem: str, key: str, recipe: "Recipe") -> str:
    """Return the name of a file of results, for example ``"cells-classes.tif"``."""
    ending = _ENDINGS[recipe.table_format if key == "table" else recipe.image_format]
    return f"{stem}-{key}{ending}"


def key_of(name: str) -> str:
    """Return what is the same for names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _folders(paths: Iterable[Path]) -> list[str]:
    """Return the folder of each path below their common one, with ``/`` at the end."""
    parents = [Path(os.path.abspath(path)).parent for path in paths]
    if len(set(parents)) <= 1:
        return [""] * len(parents)
    try:
        common = Path(os.path.commonpath(parents))
    except ValueError:  # several drives
        return [f"{p.drive.strip(':')}/{p.relative_to(p.anchor).as_posix()}/" for p in parents]
    below = [parent.relative_to(common).as_posix() for parent in parents]
    return ["" if folder == "." else f"{folder}/" for folder in below]


def _ending(ref: "InputRef") -> str:
    return ref.path.name[len(_stem(ref)) :]


def _full(ref: "InputRef") -> str:
    """Return a name that keeps the ending: ``"cells.png"``, ``"cells.lif-Position-3"``."""
    return ref.path.name + ref.name[len(_stem(ref)) :]


def _stem(ref: "InputRef") -> str:
    from brushwood.io.imagefile import stem_of

    return stem_of(ref.path)


def _shortened(name: str) -> str:
    """Return a name that leaves room for what follows; what is cut off is told by a hash."""
    folder, slash, stem = name.rpartition("/")
    coded = stem.encode("utf-8", "surrogateescape")
    if len(coded) <= _LONGEST:
        return name
    mark = hashlib.sha256(coded).hexdigest()[:8]
    kept = coded[: _LONGEST - len(mark) - 1].decode("utf-8", "ignore")
    return f"{folder}{slash}{kept}~{mark}"


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    taken = {key_of(name) for name in names}
    seen: set[str] = set()
    found = []
    for name in names:
        number, candidate = 2, name
        while key_of(candidate) in seen:
            candidate = f"{name}-{number}"
            number += 1
            if key_of(candidate) in taken:
                candidate = name
        seen.add(key_of(candidate))
        found.append(candidate)
    return tuple(found)
