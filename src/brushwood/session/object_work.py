"""Requests of the object classifier to its worker, and the answers: values that name each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.forest.params import ForestParams
from brushwood.objects.attach import Attachment
from brushwood.objects.marks import Marks
from brushwood.session.classes import Classes
from brushwood.session.scene import LayerKey

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, slots=True)
class ObjectsInput:
    """One objects layer of a request.

    Attributes
    ----------
    labels : array-like of int, shape (…frames, space)
    ndim : int
        Spatial axes of the labels.
    table : DataFrame
        What was measured, with its units; empty if nothing was.
    marks : Marks
    scribbles : array-like of int or None
        Strokes over these objects, same shape as the labels.
    version : int
        Grows whenever labels or table change; an answer for another version is stale.
    """

    key: LayerKey
    name: str
    labels: Any
    ndim: int
    table: "DataFrame"
    marks: Marks
    scribbles: Any = None
    version: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class ObjectRequest:
    """Attach the marks, train if wanted, and classify every object.

    Attributes
    ----------
    columns : tuple of str or None
        Columns to look at, None for all that measure something.
    train : bool
        Train on the marks. Otherwise the present model is applied.
    """

    inputs: tuple[ObjectsInput, ...]
    classes: Classes
    forest: ForestParams
    columns: tuple[str, ...] | None = None
    train: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Attached:
    """What became of a layer's marks.

    Attributes
    ----------
    by_frame : mapping of (frame, label) to class id
        Marked objects, those under strokes included.
    text : str
        What to tell the user about marks that moved, were dropped or conflict, "" if nothing.
    places : tuple of tuple of float
        A pixel on each mark, along all axes of the labels.
    place_classes : tuple of int
    place_kept : tuple of bool
        Whether there is an object under the mark.
    """

    key: LayerKey
    version: int
    attachment: Attachment
    by_frame: Mapping[tuple[int, int], int]
    text: str
    places: tuple[tuple[float, ...], ...] = ()
    place_classes: tuple[int, ...] = ()
    place_kept: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectsTrained:
    """A new model.

    Attributes
    ----------
    importances : tuple of (column, share)
        The largest first.
    n_rows : int
        Objects that it learned from.
    note : str
        What is unusual, "" if nothing is.
    extended : bool
        Objects that came with a loaded file are among them.
    """

    version: int
    class_ids: tuple[int, ...]
    columns: tuple[str, ...]
    importances: tuple[tuple[str, float], ...]
    n_rows: int
    note: str = ""
    extended: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Classified:
    """Results for the objects of one layer, one entry a row of its table.

    Attributes
    ----------
    version : int
        Version of labels and table that were read.
    model : int
        Version of the model.
    labels, frames : ndarray of int64
        Which object a row is; frames are 0 without frames.
    classes : ndarray of int64
        Class ids, 0 where the model cannot tell.
    probabilities : ndarray of float32, shape (row, class)
    class_ids : tuple of int
        Class of each column of `probabilities`.
    uncertainty : ndarray of float32
        Normalised entropy, 0 to 1.
    """

    key: LayerKey
    version: int
    model: int
    labels: npt.NDArray[np.int64]
    frames: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    class_ids: tuple[int, ...]
    uncertainty: npt.NDArray[np.float32]
    has_frames: bool = False

    def values(self, output: str, class_id: int = 0) -> npt.NDArray[Any]:
        """Return what an output layer shows for each row."""
        if output == "classes":
            return self.classes
        if output == "uncertainty":
            return self.uncertainty
        return self.probabilities[:, self.class_ids.index(class_id)]


@dataclass(frozen=True, slots=True)
class ObjectsFinished:
    """The end of a request.

    Attributes
    ----------
    problem : str
        Why nothing was trained although it was wanted, "" if it was.
    """

    seconds: float
    trained: bool
    n_classified: int
    model: int
    problem: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class LoadedObjectModel:
    """What a model file brought.

    Attributes
    ----------
    stored : tuple of (id, objects)
        Training objects in the file, on top of which training goes on.
    marks : mapping of str to Marks
        Class marks in the file, by the name of their layer.
    """

    name: str
    version: int
    class_ids: tuple[int, ...]
    names: Mapping[int, str]
    colours: Mapping[int, str]
    columns: tuple[str, ...]
    forest: ForestParams
    importances: tuple[tuple[str, float], ...] = ()
    stored: tuple[tuple[int, int], ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Marks] = field(default_factory=dict)
