"""What a classifier can be tested on: labelled rows, and which of them belong together."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError, ShapeMismatchError

By: TypeAlias = Literal["stroke", "image", "object"]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Examples:
    """Rows with known classes, grouped so that near twins stay on one side of a split.

    Attributes
    ----------
    features : float32 (row, feature)
    classes : int64 (row,)
        Class ids.
    groups : int64 (row,)
        Rows with one number stay together: one stroke, or one object.
    images : int64 (row,)
        The image that each row comes from.
    what : {"stroke", "object"}
        What a group is, for sentences.
    names : tuple of str
        One a feature.
    class_names : mapping of class id to str

    Raises
    ------
    ShapeMismatchError
        If the arrays do not have one entry a row.
    InputError
        If a feature is not finite.
    """

    features: npt.NDArray[np.float32]
    classes: Ints
    groups: Ints
    images: Ints
    what: By = "stroke"
    names: tuple[str, ...] = ()
    class_names: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.features)
        sizes = [len(self.classes), len(self.groups), len(self.images)]
        if self.features.ndim != 2 or sizes != [n, n, n]:
            raise ShapeMismatchError(
                "Examples need one class, group and image a row, but there are "
                f"{self.features.shape} features, {sizes[0]} classes, {sizes[1]} groups and "
                f"{sizes[2]} images."
            )
        if not np.isfinite(self.features).all():
            raise InputError(
                "A feature of the examples is NaN or infinite. Leave such rows or columns out."
            )

    def __len__(self) -> int:
        return len(self.features)

    def rows(self, mask: npt.NDArray[Any]) -> "Examples":
        """Return some of the rows, by mask or positions."""
        return Examples(
            self.features[mask],
            self.classes[mask],
            self.groups[mask],
            self.images[mask],
            self.what,
            self.names,
            self.class_names,
        )

    def units(self, by: By) -> Ints:
        """Return the number of the unit that each row belongs to, from 0.

        Parameters
        ----------
        by : {"stroke", "object", "image"}
            "stroke" and "object" are the groups within each image.
        """
        if by == "image":
            return np.unique(self.images, return_inverse=True)[1].astype(np.int64)
        both = np.stack([self.images, self.groups], axis=1)
        return np.unique(both, axis=0, return_inverse=True)[1].astype(np.int64).ravel()

    def class_name(self, class_id: int) -> str:
        """Return the name of a class, or ``class 3``."""
        return self.class_names.get(class_id) or f"class {class_id}"
