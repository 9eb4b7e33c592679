"""Reads arrays of NumPy, and pictures: PNG, JPEG and BMP."""

import warnings
from pathlib import Path

import numpy as np

from brushwood.io.imagefile import ImageFile, no_scene, stem_of, unreadable
from brushwood.io.sniff import kind_by_content


def read_npy(path: Path, scene: str) -> ImageFile:
    """Map the one array of an NPY file."""
    if scene:
        raise no_scene(path, scene)
    try:
        data = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise unreadable(path, f"it is no NPY array of numbers ({error})") from error
    if not isinstance(data, np.ndarray) or data.ndim < 2:
        raise unreadable(path, "it holds less than two dimensions", "Give an image.")
    return ImageFile(data, "q" * (data.ndim - 2) + "yx", stem_of(path))


def read_picture(path: Path, scene: str) -> ImageFile:
    """Decode a picture; transparency is left out."""
    from PIL import Image

    if scene:
        raise no_scene(path, scene)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                is_mixed = picture.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
                data = np.asarray(picture.convert("RGB") if is_mixed else picture)
    except (ValueError, OSError, SyntaxError, EOFError, IndexError) as error:
        what, _ = kind_by_content(path)
        is_other = bool(what) and "picture" not in what
        said = f", but {what}" if is_other else f" ({str(error)[:200]})"
        raise unreadable(path, f"it is no picture{said}") from error
    except Image.DecompressionBombError as error:
        raise unreadable(path, f"it is too large ({error})", "Save it as TIFF.") from error
    if data.ndim == 3 and data.shape[-1] in (2, 4):
        # The last channel is transparency, which is no measurement.
        data = data[..., : data.shape[-1] - 1]
    if data.ndim == 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim not in (2, 3):
        raise unreadable(path, f"it has {data.ndim} dimensions", "Save one picture a file.")
    return ImageFile(data, "yx" if data.ndim == 2 else "yxc", stem_of(path))
