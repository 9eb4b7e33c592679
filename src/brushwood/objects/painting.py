"""Paint a number of each object over its pixels: classes, probabilities, any column of a table."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import IDLE, Job
from brushwood.objects.footprints import LabelView

if TYPE_CHECKING:
    from pandas import DataFrame


def paint_objects(
    labels: Any,
    table: "DataFrame",
    column: str = "class",
    *,
    ndim: int | None = None,
    out: Any = None,
    job: Job = IDLE,
) -> Any:
    """Return an image in which every object has the number that a table gives it.

    Parameters
    ----------
    labels : array-like of int, shape (…frames, space)
        NumPy, dask or zarr, read block by block.
    table : DataFrame
        With ``label`` (or ``index``), and ``frame`` for a time series.
    column : str
        Numbers to paint.
    ndim : int, optional
        Number of spatial axes. Default: all, at most the last 3.
    out : array-like of that shape, optional
        Written by slices, for images larger than memory.
    job : Job

    Returns
    -------
    ndarray, or `out`
        Whole numbers as uint8 or uint16 (int64 beyond), others as float32. Background, and objects
        that the table does not have, are 0, or NaN among others than whole numbers.

    Raises
    ------
    InputError
        If a column is missing or holds no numbers, or an object has two rows.
    ShapeMismatchError
        If `out` has another shape.
    """
    view = LabelView(labels, ndim)
    shape = (*view.frames, *view.shape)
    rows = _Rows(table, column)
    if out is None:
        out = np.zeros(shape, rows.values.dtype)
    elif tuple(out.shape) != shape:
        raise ShapeMismatchError(
            f"out has the shape {tuple(out.shape)}, but the labels have {shape}. Pass an array of "
            "the labels' shape."
        )
    blocks = list(view.blocks())
    for number, (frame, start, stop) in enumerate(blocks):
        job.checkpoint(number / len(blocks), "Painting objects")
        out[view.index(frame, start, stop)] = rows.painted(frame, view.read(frame, start, stop))
    return out


class _Rows:
    """The numbers of a table by frame and label."""

    def __init__(self, table: "DataFrame", column: str) -> None:
        key = next((name for name in ("label", "index") if name in table.columns), None)
        if key is None or column not in table.columns:
            missing = column if column not in table.columns else "label"
            raise InputError(
                f"The table has no column {missing!r}, so nothing can be painted. It has "
                f"{', '.join(map(str, table.columns))}."
            )
        self._labels = table[key].to_numpy().astype(np.int64)
        has_frames = "frame" in table.columns
        self._frames = table["frame"].to_numpy().astype(np.int64) if has_frames else None
        self.values = _compact(table[column])
        self._kept: tuple[int, npt.NDArray[np.int64], npt.NDArray[Any]] | None = None
        keys = self._labels if self._frames is None else (self._frames, self._labels)
        if len(np.unique(keys, axis=-1).T) != len(self._labels):
            raise InputError(
                "Some objects have several rows in the table, so that it is not clear what to "
                "paint. Use the table of one image."
            )

    def painted(self, frame: int, block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a block of one frame with numbers in place of labels."""
        labels, values = self._of(frame)
        empty = values.dtype.type(np.nan if values.dtype.kind == "f" else 0)
        if not labels.size:
            return np.full(block.shape, empty)
        wanted = block.astype(np.int64, copy=False)
        at = np.minimum(np.searchsorted(labels, wanted), len(labels) - 1)
        painted: npt.NDArray[Any] = np.where(
            (labels[at] == wanted) & (wanted > 0), values[at], empty
        )
        return painted

    def _of(self, frame: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
        """Return the labels of a frame, ascending, and their numbers; kept for its next block."""
        frame = frame if self._frames is not None else 0
        if self._kept is None or self._kept[0] != frame:
            here = np.arange(len(self._labels))
            if self._frames is not None:
                here = np.flatnonzero(self._frames == frame)
            here = here[np.argsort(self._labels[here], kind="stable")]
            self._kept = frame, self._labels[here], self.values[here]
        return self._kept[1:]


def paint_type(column: Any) -> np.dtype[Any]:
    """Return the type of the image that a column gives."""
    return _compact(column).dtype


def _compact(column: Any) -> npt.NDArray[Any]:
    """Return numbers in the smallest type that a layer of classes or a picture has."""
    from pandas.api.types import is_numeric_dtype

    if not is_numeric_dtype(column.dtype):
        raise InputError(f"The column {column.name!r} holds no numbers, so it cannot be painted.")
    values: npt.NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if column.dtype.kind not in "iub":
        return values.astype(np.float32)
    low, high = values.min(initial=0), values.max(initial=0)
    for dtype in (np.uint8, np.uint16):
        if low >= 0 and high <= np.iinfo(dtype).max:
            return values.astype(dtype)
    whole: npt.NDArray[np.int64] = column.to_numpy().astype(np.int64)
    return whole
