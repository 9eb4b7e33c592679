"""Adherent cells in two channels, 40x wide field: DNA and actin with stress fibres."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import relabel_sequential

from sample_makers.nuclei import Nucleus, chromatin
from sample_makers.optics import Image, camera, smooth_noise, vignette

PIXEL_UM = 0.27
EDGE = 40  # drawn around the field and cut off, so that cells and nuclei are cut by its edge
SHAPE = (448 + 2 * EDGE, 448 + 2 * EDGE)
BACKGROUND, CYTOPLASM, NUCLEUS = 1, 2, 3


def _cells(rng: np.random.Generator) -> tuple[NDArray[np.uint16], NDArray[np.int_], Image, Image]:
    """Return cell labels, centres, distance to the outline in px, and the way each cell points."""
    spots: list[Image] = []
    for _ in range(6000):
        spot = rng.uniform(-10, np.array(SHAPE) + 10)
        clear = all(np.hypot(*(spot - other)) > 62 for other in spots)
        # Two gaps that no cell has grown into.
        bare = np.hypot(*(spot - [135, 380])) < 62 or np.hypot(*(spot - [400, 100])) < 52
        if clear and not bare:
            spots.append(spot)
    centres = np.array(spots)
    yy, xx = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    bend = [9 * smooth_noise(rng, SHAPE, 17) + 2.2 * smooth_noise(rng, SHAPE, 5) for _ in "yx"]
    angle = rng.uniform(0, np.pi, len(centres))
    stretch = rng.uniform(1.0, 1.75, len(centres))
    size = rng.uniform(0.82, 1.15, len(centres))
    best, labels = np.full(SHAPE, np.inf), np.zeros(SHAPE, np.uint16)
    for k, (y, x) in enumerate(centres):
        dy, dx = yy + bend[0] - y, xx + bend[1] - x
        u = (np.cos(angle[k]) * dx + np.sin(angle[k]) * dy) / stretch[k] ** 0.5
        v = (-np.sin(angle[k]) * dx + np.cos(angle[k]) * dy) * stretch[k] ** 0.5
        distance = np.hypot(u, v) / size[k]
        mine = (distance < best) & (distance < 49)
        best[mine], labels[mine] = distance[mine], k + 1
    return _whole(labels), centres.round().astype(int), _inside(labels), angle


def _whole(labels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Keep the largest piece of each cell."""
    clean = np.zeros_like(labels)
    for k in np.unique(labels[labels > 0]):
        pieces, n = ndimage.label(labels == k)
        largest = 1 + int(np.argmax(ndimage.sum_labels(pieces > 0, pieces, np.arange(1, n + 1))))
        piece = ndimage.binary_fill_holes(pieces == largest)
        clean[piece & ndimage.binary_opening(piece, iterations=2)] = k
    return clean


def _inside(labels: NDArray[np.uint16]) -> Image:
    """Return the distance of each pixel to the outline of its own cell, 0 outside cells."""
    depth = np.zeros(labels.shape)
    for k in np.unique(labels[labels > 0]):
        cell = labels == k
        depth[cell] = ndimage.distance_transform_edt(np.pad(cell, 1))[1:-1, 1:-1][cell]
    return depth


def _fibres(rng: np.random.Generator, labels: NDArray[np.uint16], angle: Image) -> Image:
    """Return stress fibres: noise drawn out along the way each cell points, curved a little."""
    steps = 12
    ways = np.linspace(0, np.pi, steps, endpoint=False)
    grain = rng.standard_normal((140 + SHAPE[0], 140 + SHAPE[1]))
    fields = []
    for way in ways:
        line = ndimage.gaussian_filter(
            ndimage.rotate(grain, np.degrees(way), reshape=False, order=1, mode="wrap"), (0.9, 11)
        )
        back = ndimage.rotate(line, -np.degrees(way), reshape=False, order=1, mode="wrap")
        fields.append(back[70:-70, 70:-70] / back.std())
    local = np.concatenate([[0.0], angle])[labels] + 0.22 * smooth_noise(rng, SHAPE, 22)
    nearest = np.round(local / np.pi * steps).astype(int) % steps
    return np.take_along_axis(np.stack(fields), nearest[None], 0)[0]


def _nuclei(
    rng: np.random.Generator, labels: NDArray[np.uint16], depth: Image, angle: Image
) -> tuple[Image, NDArray[np.bool_]]:
    """Draw one nucleus a cell, near its deepest point; return the stain and where nuclei are."""
    stain, nuclei = np.zeros(SHAPE), np.zeros(SHAPE, bool)
    for k in np.unique(labels[labels > 0]):
        own = np.where(labels == k, ndimage.gaussian_filter(depth, 4), 0)
        y, x = np.unravel_index(np.argmax(own), SHAPE)
        # No nucleus is wider than its cell has room for.
        a = min(rng.uniform(17.5, 22.5), 1.15 * float(own.max()) - 1)
        waves = np.stack([rng.normal(0, [0.03, 0.02, 0.01]), rng.uniform(0, 6.28, 3)], 1)
        nucleus = Nucleus(
            float(y), float(x), a, a * rng.uniform(0.68, 0.88), angle[k - 1], waves,
            rng.lognormal(0, 0.28), 0.0, "interphase",
        )  # fmt: skip
        window = nucleus.window(SHAPE)
        r = nucleus.radius(SHAPE, window)
        inside = (r < 1) & (labels[window] == k) & (depth[window] > 2.5)
        profile = np.sqrt(np.clip(1 - r**4, 0, 1)) * 0.8 + 0.2
        stain[window][inside] = (nucleus.brightness * profile * chromatin(rng, nucleus, r))[inside]
        nuclei[window] |= inside
    return stain, nuclei


def two_channel_cells(
    seed: int = 5,
) -> tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint16]]:
    """Simulate DNA and actin: uint16 (C, Y, X), class map and cell labels."""
    rng = np.random.default_rng(seed)
    labels, _, depth, angle = _cells(rng)
    dna, nuclei = _nuclei(rng, labels, depth, angle)
    cell = labels > 0
    blurred = ndimage.gaussian_filter(dna, 1.1)
    amount = np.concatenate([[0.0], rng.lognormal(0, 0.3, int(labels.max()))])[labels]
    thick = cell * (0.35 + 0.65 * np.exp(-((depth - 26) ** 2) / 500))
    cortex = cell * np.exp(-((depth - 2.0) ** 2) / 5)
    fibre = cell * np.clip(_fibres(rng, labels, angle) - 0.25, 0, None) * np.clip(depth / 10, 0, 1)
    ruffle = np.clip(smooth_noise(rng, SHAPE, 7), 0, None)
    actin = amount * (0.5 * thick + 0.75 * cortex * (0.6 + 0.6 * ruffle) + 0.42 * fibre)
    actin *= np.where(nuclei, 0.8, 1.0)
    actin = ndimage.gaussian_filter(actin, 0.9)
    actin_glow = ndimage.gaussian_filter(actin, 13)
    glow = ndimage.gaussian_filter(blurred, 15)
    light = vignette(SHAPE, (0.55, 0.45), 0.45)
    first = light * (26 + 165 * blurred + 45 * glow + 9 * actin)
    second = light * (22 + 130 * actin + 42 * actin_glow)
    channels = [
        camera(rng, e, gain=4.5, offset=100, read_noise=1.8, top=65535) for e in (first, second)
    ]
    classes = np.where(nuclei, NUCLEUS, np.where(cell, CYTOPLASM, BACKGROUND))
    field = (slice(EDGE, -EDGE), slice(EDGE, -EDGE))
    return (
        np.stack(channels)[:, *field].astype(np.uint16),
        classes[field].astype(np.uint8),
        relabel_sequential(labels[field])[0].astype(np.uint16),
    )
