"""What a file really is, by its first bytes, for errors about files with a wrong ending."""

from pathlib import Path

from brushwood.errors import ImageFileError
from brushwood.io.imagefile import unreadable

_KINDS = (
    (b"\xff\xd8\xff", "a JPEG picture", ".jpg"),
    (b"\x89PNG", "a PNG picture", ".png"),
    (b"BM", "a BMP picture", ".bmp"),
    (b"\x93NUMPY", "a NumPy array", ".npy"),
    (b"II*\0", "a TIFF file", ".tif"),
    (b"MM\0*", "a TIFF file", ".tif"),
    (b"II+\0", "a TIFF file", ".tif"),
    (b"MM\0+", "a TIFF file", ".tif"),
    (b"ZISRAWFILE", "a CZI file", ".czi"),
    (b"\x70\0\0\0", "a LIF file", ".lif"),
    (b"\xda\xce\xbe\x0a", "an ND2 file", ".nd2"),
    (b"GIF8", "a GIF picture", ""),
    (b"%PDF", "a PDF document", ""),
    (b"PK\x03\x04", "a ZIP archive", ""),
    (b"\x1f\x8b", "a GZIP archive", ""),
    (b"\x89HDF", "an HDF5 file", ""),
)


def kind_by_content(path: Path) -> tuple[str, str]:
    """Return what a file's first bytes say it is, and the ending it should have; each may be empty.

    Parameters
    ----------
    path : path
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
    except OSError:
        return "", ""
    if not start:
        return "empty: it has 0 bytes", ""
    for magic, what, ending in _KINDS:
        if start.startswith(magic):
            return what, ending
    if not any(byte < 9 or 13 < byte < 32 for byte in start):
        return "text", ".txt"
    return "", ""


def not_a(kind: str, path: Path, error: BaseException) -> ImageFileError:
    """Return the error for a file that its ending calls a `kind`, but that a reader refused.

    Parameters
    ----------
    kind : str
        For example ``"TIFF"``.
    path : path
    error : exception
        What the reader said.
    """
    what, ending = kind_by_content(path)
    said = str(error)[:200]
    if what.startswith("empty"):
        return unreadable(path, f"it is no valid {kind}, but {what}", "Get a fresh copy.")
    if not what or ending == path.suffix.lower() or kind in what:
        return unreadable(path, f"it is no valid {kind} ({said})")
    advice = f"Rename it to end in {ending}." if ending not in ("", ".txt") else "Get the image."
    return unreadable(path, f"it is no valid {kind}, but {what}", advice)
