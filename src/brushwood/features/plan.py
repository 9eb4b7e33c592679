"""From a feature set to groups of filters that share intermediate results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from brushwood.arrays import Border, Triple
from brushwood.errors import UnknownFilterError
from brushwood.features.apoc import ApocGroup
from brushwood.features.builtin import DOG_RATIO
from brushwood.features.filters import ArrayFilter
from brushwood.features.jets import JetGroup
from brushwood.features.passes import Tile, copy_pass
from brushwood.features.scale import Scale
from brushwood.features.spec import FeatureSet
from brushwood.opencl import Queue

_JETS = {
    "gaussian": "GAUSS",
    "gradient": "GRADIENT",
    "log": "LOG",
    "dog": "DOG",
    "hessian": "HESSIAN",
    "structure": "STRUCTURE",
}
_APOC = {
    "gaussian_blur": "BLUR",
    "difference_of_gaussian": "DIFFERENCE",
    "laplace_box_of_gaussian_blur": "LAPLACE",
    "sobel_of_gaussian_blur": "SOBEL",
}


class Group(Protocol):
    """Filters that are computed together."""

    border: Border

    def scratch(self, shape: Triple) -> int:
        """Return the floats of scratch that a tile needs."""

    def upload(self, queue: Queue) -> None:
        """Put on the device what does not depend on the image."""

    def run(self, tile: Tile) -> None:
        """Compute the planes of one tile."""


class Copy:
    """The image itself."""

    border: Border = "reflect"

    def __init__(self, plane: int) -> None:
        self.plane = plane

    def scratch(self, shape: Triple) -> int:
        """Return 0."""
        return 0

    def upload(self, queue: Queue) -> None:
        """Do nothing."""

    def run(self, tile: Tile) -> None:
        """Copy the tile's pixels."""
        # Without a halo in either, both kinds of padding hold the same pixels.
        src = next(iter(tile.source.values()))
        copy_pass(tile, src, self.plane)


@dataclass(frozen=True, slots=True)
class HostFilter:
    """A filter in NumPy, and its first plane."""

    filter: ArrayFilter
    scale: Scale
    plane: int
    planes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How the features of one channel are computed.

    Attributes
    ----------
    groups : tuple of Group
        On the device.
    host : tuple of HostFilter
        On the host.
    borders : tuple of Border
        How the image has to be continued.
    n_planes : int
    """

    groups: tuple[Group, ...]
    host: tuple[HostFilter, ...]
    borders: tuple[Border, ...]
    n_planes: int


def make_plan(features: FeatureSet, ndim: int, spacing: Sequence[float] | None) -> Plan:
    """Group the filters of a feature set by what they share."""
    jets: dict[Scale, dict[str, int]] = {}
    apoc: dict[float, dict[str, int]] = {}
    groups: list[Group] = []
    host: list[HostFilter] = []
    borders: list[Border] = []
    plane = 0
    for filter_, scale in features.scales(ndim, spacing):
        planes = filter_.planes(ndim)
        if isinstance(filter_, ArrayFilter):
            host.append(HostFilter(filter_, scale, plane, planes))
        elif filter_.name == "original":
            groups.append(Copy(plane))
        elif filter_.name in _JETS:
            jets.setdefault(scale, {})[_JETS[filter_.name]] = plane
        elif filter_.name in _APOC:
            apoc.setdefault(scale.sigma, {})[_APOC[filter_.name]] = plane
        else:
            raise UnknownFilterError(f"The engine cannot compute the filter {filter_.name!r}.")
        if filter_.name != "original":
            borders.append(filter_.border)
        plane += planes
    for scale, wanted in jets.items():
        other = [DOG_RATIO * s for s in scale.smooth] if "DOG" in wanted else None
        groups.append(JetGroup(scale, wanted, other))
    groups.extend(ApocGroup(sigma, ndim, wanted) for sigma, wanted in apoc.items())
    every: tuple[Border, ...] = ("reflect", "nearest")
    kinds = tuple(b for b in every if b in borders) or every[:1]
    return Plan(tuple(groups), tuple(host), kinds, plane)
