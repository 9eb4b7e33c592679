"""What a filter is, the filters there are, and how strangers add theirs."""

from abc import ABC, abstractmethod
from importlib.metadata import entry_points
from typing import ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from brushwood.arrays import Border
from brushwood.errors import InputError, UnknownFilterError

#: Entry-point group in which an installed package names its `Filter` classes.
ENTRY_POINT_GROUP = "brushwood.filters"

Float32 = npt.NDArray[np.float32]


def radius(sigma: float) -> int:
    """Return SciPy's radius of a sampled Gaussian, ``truncate=4``."""
    return int(4.0 * sigma + 0.5)


class Filter(ABC):
    """One kind of filter: its name, its planes, and how far it reaches.

    Attributes
    ----------
    name : str
        The name in a feature set: a lower-case identifier.
    takes_sigma : bool
        Whether the name is followed by ``=σ``.
    border : {"reflect", "nearest"}
        How the image goes on beyond its edge: SciPy's names.
    follows_spacing : bool
        Whether σ along an axis follows the pixel's spacing; False: always in pixels.
    """

    name: ClassVar[str]
    takes_sigma: ClassVar[bool] = True
    border: ClassVar[Border] = "reflect"
    follows_spacing: ClassVar[bool] = True

    def planes(self, ndim: int) -> int:
        """Return the number of planes in `ndim` dimensions."""
        return 1

    @abstractmethod
    def reach(self, sigma: float) -> int:
        """Return the pixels needed beyond each side along an axis with this σ (in pixels)."""

    def cost(self, sigma: float, ndim: int) -> float:
        """Return the work for one pixel, in multiply-adds, roughly."""
        return float(ndim * (2 * self.reach(sigma) + 1) * self.planes(ndim))


class ArrayFilter(Filter):
    """A filter written in NumPy: what other packages derive from.

    It runs on the host, block by block. Register it by decorating it with `register_filter`, or,
    from an installed package, by an entry point in the group ``brushwood.filters`` that names the
    class::

        [project.entry-points."brushwood.filters"]
        local_range = "my_package.filters:LocalRange"
    """

    @abstractmethod
    def compute(self, block: Float32, sigma: tuple[float, ...], reach: tuple[int, ...]) -> Float32:
        """Filter one padded block.

        Parameters
        ----------
        block : ndarray of float32, shape (Z + 2 rz, Y + 2 ry, X + 2 rx), or without Z in 2-D
            Pixels with the filter's own reach on each side, continued beyond the image as `border`
            says.
        sigma : tuple of float
            σ in pixels along each axis.
        reach : tuple of int
            (rz, ry, rx), or (ry, rx).

        Returns
        -------
        ndarray, shape (planes, Z, Y, X), or without Z in 2-D
            Every pixel must depend on pixels within `reach` only, whatever the block.
        """


_FILTERS: dict[str, Filter] = {}
_loaded_entry_points = False
_Class = TypeVar("_Class", bound=type[Filter])


def register_filter(cls: _Class) -> _Class:
    """Add a `Filter` class to the registry; usable as a decorator.

    Raises
    ------
    InputError
        If the name is not a lower-case identifier, or taken.
    """
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not name.isidentifier() or not name.islower():
        raise InputError(
            f"A filter's name must be a lower-case identifier, but {cls.__qualname__} has {name!r}."
        )
    if name == "units" or (name in _FILTERS and type(_FILTERS[name]) is not cls):
        raise InputError(f"There is a filter named {name!r} already. Choose another name.")
    _FILTERS[name] = cls()
    return cls


def get_filter(name: str) -> Filter:
    """Return a registered filter.

    Raises
    ------
    UnknownFilterError
        If there is none of that name, here or in an installed package.
    """
    if name not in _FILTERS:
        _load_entry_points()
    if name not in _FILTERS:
        raise UnknownFilterError(
            f"There is no filter named {name!r}. Choose among: {', '.join(filter_names())}; "
            "or install the package that provides it."
        )
    return _FILTERS[name]


def filter_names() -> tuple[str, ...]:
    """Return the names of all registered filters, sorted."""
    _load_entry_points()
    return tuple(sorted(_FILTERS))


def _load_entry_points() -> None:
    global _loaded_entry_points
    if _loaded_entry_points:
        return
    _loaded_entry_points = True
    for point in entry_points(group=ENTRY_POINT_GROUP):
        found = point.load()
        if not (isinstance(found, type) and issubclass(found, ArrayFilter)):
            raise InputError(
                f"The entry point {point.name!r} of {ENTRY_POINT_GROUP} must name a class derived "
                f"from brushwood.features.ArrayFilter, but names {found!r}. Update or remove the "
                "package that declares it."
            )
        register_filter(found)
