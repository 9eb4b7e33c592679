"""Surface of objects in stacks: area and sphericity of the mesh that marching cubes finds.

Marching cubes looks at two by two by two voxels at a time, so the mesh in such a cell depends on
which of the eight belong to the object only. Cells are counted by that pattern, for all objects at
once, and each of the 254 patterns is meshed once, by scikit-image.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.index import FloatArray, IntArray, LabelIndex


class Patterns(NamedTuple):
    """What the mesh of each pattern of eight voxels contributes, shape (256,) each.

    Bit ``4 z + 2 y + x`` of a pattern says whether the voxel at (z, y, x) belongs to the object.
    """

    area: FloatArray
    shade: FloatArray
    """Area as seen along z, signed by the side of the surface."""
    volume: FloatArray
    """Volume between the mesh and the plane through the cell's first voxels, signed alike."""


def compute(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
    """Measure the meshes of all objects, band by band."""
    patterns = patterns_of(objects.spacing3)
    area, volume = np.zeros(len(objects)), np.zeros(len(objects))
    for number, pattern, z in _cells(objects, call):
        area += np.bincount(number, patterns.area[pattern], len(objects))
        prism = patterns.shade[pattern] * z * objects.spacing3[0] + patterns.volume[pattern]
        volume += np.bincount(number, prism, len(objects))
    # The sphere of the mesh's volume has the smallest surface (isoperimetric inequality).
    sphericity = np.cbrt(36 * np.pi * volume**2) / area
    found = {"surface_area": area, "sphericity": sphericity}
    return {name: values for name, values in found.items() if name in call.wanted}


@lru_cache(maxsize=16)
def patterns_of(spacing: tuple[float, float, float]) -> Patterns:
    """Mesh all patterns for a size of a voxel (z, y, x)."""
    from skimage.measure import marching_cubes

    tables = np.zeros((3, 256))
    for pattern in range(1, 255):
        cell = ((pattern >> np.arange(8)) & 1).reshape(2, 2, 2).astype(np.float32)
        points, triangles, _, _ = marching_cubes(cell, 0.5, spacing=spacing)
        a, b, c = np.moveaxis(points[triangles].astype(np.float64), 1, 0)
        normal = np.cross(c - a, b - a) / 2
        shade = normal[:, 0]
        tables[0, pattern] = np.linalg.norm(normal, axis=1).sum()
        tables[1, pattern] = shade.sum()
        tables[2, pattern] = (shade * (a + b + c)[:, 0] / 3).sum()
    return Patterns(*tables)


def _cells(
    objects: LabelIndex, call: Call
) -> Iterator[tuple[IntArray, npt.NDArray[np.uint8], IntArray]]:
    """Yield object, pattern and z of the cells that objects' surfaces pass, band by band."""
    end = objects.end[:2]
    for band in objects.bands(halo=1, job=call.job):
        z, y, x = (n - 2 for n in band.padded.shape)
        # Cells that begin in the last planes and lines of the image end beyond it.
        z += band.start[0] + z == end[0]
        y += band.start[1] + y == end[1]
        corners = [
            band.padded[i : i + z, j : j + y, k : k + x + 1]
            for i, j, k in product((0, 1), repeat=3)
        ]
        mixed = np.zeros(corners[0].shape, bool)
        for corner in corners[1:]:
            mixed |= corner != corners[0]
        where = np.flatnonzero(mixed)
        plane = where // (y * (x + 1)) + band.start[0]
        labels = np.stack([corner.reshape(-1)[where] for corner in corners])
        for own, bit in zip(labels, range(8), strict=True):
            pattern = np.packbits(labels == own, axis=0, bitorder="little")[0]
            # An object is met at each of its corners in a cell, and counted at the first.
            kept = (own != 0) & (pattern & ((1 << bit) - 1) == 0)
            yield objects.numbers(own[kept]), pattern[kept], plane[kept]


CALCULATIONS = (
    Calculation(
        compute,
        (
            Measurement(
                "surface_area",
                "shape",
                "area of the surface that marching cubes finds half way to other voxels",
                dimension="surface",
                source="scikit-image, marching_cubes and mesh_surface_area",
                cost="medium",
                ndim=(3,),
            ),
            Measurement(
                "sphericity",
                "shape",
                "surface of a sphere of the mesh's volume, as a part of the mesh's surface",
                dimension="none",
                source="Wadell 1935, J. Geol. 43:250",
                cost="medium",
                ndim=(3,),
            ),
        ),
        seconds_per_object=1e-7,
        seconds_per_pixel=1e-7,
        scope="frame",
    ),
)
