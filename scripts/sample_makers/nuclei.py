"""Wide-field fluorescence nuclei: DAPI-like, 20x/0.75, sCMOS camera, light that is not even."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import relabel_sequential

from sample_makers.optics import Image, camera, smooth_noise, vignette

PIXEL_UM = 0.32


@dataclass(frozen=True)
class Nucleus:
    """One outline: centre and half axes in px, angle in rad, waviness of the outline, defocus."""

    y: float
    x: float
    a: float
    b: float
    angle: float
    waves: NDArray[np.float64]
    brightness: float
    defocus: float
    kind: str

    def radius(self, shape: tuple[int, int], window: tuple[slice, slice]) -> Image:
        """Return the distance from the centre in units of the outline's radius."""
        yy, xx = np.mgrid[window]
        c, s = np.cos(self.angle), np.sin(self.angle)
        u = (c * (xx - self.x) + s * (yy - self.y)) / self.a
        v = (-s * (xx - self.x) + c * (yy - self.y)) / self.b
        theta = np.arctan2(v, u)
        outline = 1 + sum(w * np.cos((k + 2) * theta + p) for k, (w, p) in enumerate(self.waves))
        return np.asarray(np.hypot(u, v) / outline)

    def window(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Return the part of an image of `shape` that holds the nucleus."""
        r = int(1.35 * max(self.a, self.b)) + 2
        low = [max(0, min(n, int(c) - r)) for c, n in zip((self.y, self.x), shape, strict=True)]
        high = [max(0, min(n, int(c) + r)) for c, n in zip((self.y, self.x), shape, strict=True)]
        return slice(low[0], high[0]), slice(low[1], high[1])


def random_nucleus(rng: np.random.Generator, y: float, x: float, size: float = 1.0) -> Nucleus:
    """Draw one interphase nucleus of 9 to 16 um, sometimes a condensed or dividing one."""
    a = rng.lognormal(np.log(20.0), 0.17) * size
    b = a * rng.uniform(0.62, 0.95)
    kind = rng.choice(["interphase", "mitotic", "small"], p=[0.90, 0.04, 0.06])
    brightness = rng.lognormal(0.0, 0.33)
    if kind == "mitotic":
        a, b, brightness = 15.0 * size, 6.5 * size, 2.3
    elif kind == "small":
        a, b, brightness = 9.5 * size, 8.2 * size, 1.9
    waves = np.stack([rng.normal(0, [0.035, 0.03, 0.02]), rng.uniform(0, 2 * np.pi, 3)], 1)
    return Nucleus(y, x, a, b, rng.uniform(0, np.pi), waves, brightness, 0.0, str(kind))


def place(rng: np.random.Generator, shape: tuple[int, int], count: int) -> list[Nucleus]:
    """Place nuclei one by one; some beside an earlier one so that the two touch."""
    placed: list[Nucleus] = []
    for _ in range(60 * count):
        if len(placed) == count:
            break
        y, x = rng.uniform(-8, shape[0] + 8), rng.uniform(-8, shape[1] + 8)
        touching = bool(placed) and rng.random() < 0.5
        new = random_nucleus(rng, y, x)
        if touching:
            near = placed[rng.integers(len(placed))]
            way = rng.uniform(0, 2 * np.pi)
            reach = rng.uniform(0.80, 0.98) * (_extent(near, way) + _extent(new, way))
            y, x = near.y + reach * np.sin(way), near.x + reach * np.cos(way)
            new = Nucleus(**{**vars(new), "y": y, "x": x})
        gaps = [
            np.hypot(o.y - y, o.x - x) / (_extent(o, w) + _extent(new, w))
            for o in placed
            for w in [np.arctan2(y - o.y, x - o.x)]
        ]
        if all(g > (0.78 if touching else 1.25) for g in gaps):
            defocus = float(rng.choice([0, 0, 0, 0, 1.0, 2.2, 4.0]))
            placed.append(Nucleus(**{**vars(new), "defocus": defocus}))
    return placed


def _extent(nucleus: Nucleus, way: float) -> float:
    """Return the half width of the ellipse in the direction `way`."""
    t = way - nucleus.angle
    return float(nucleus.a * nucleus.b / np.hypot(nucleus.b * np.cos(t), nucleus.a * np.sin(t)))


def chromatin(rng: np.random.Generator, nucleus: Nucleus, r: Image) -> Image:
    """Return stain density inside the outline: texture, dark nucleoli, bright chromocentres."""
    shape = r.shape
    density = 1 + 0.13 * smooth_noise(rng, shape, 1.6) + 0.14 * smooth_noise(rng, shape, 4.5)
    if nucleus.kind != "interphase":
        return np.asarray(density)
    inner = np.argwhere(r < 0.68)
    yy, xx = np.mgrid[: shape[0], : shape[1]]
    for _ in range(rng.integers(1, 5)):
        y, x = inner[rng.integers(len(inner))]
        size = rng.uniform(1.6, 3.4)
        density -= rng.uniform(0.3, 0.55) * np.exp(-((np.hypot(yy - y, xx - x) / size) ** 4))
    for _ in range(rng.integers(0, 9)):
        y, x = inner[rng.integers(len(inner))]
        density += rng.uniform(0.15, 0.5) * np.exp(
            -((yy - y) ** 2 + (xx - x) ** 2) / (2 * rng.uniform(0.9, 1.7) ** 2)
        )
    return np.maximum(density, 0.25)


def render(
    rng: np.random.Generator, shape: tuple[int, int], nuclei: list[Nucleus]
) -> tuple[Image, NDArray[np.uint16]]:
    """Return stain (mean nucleus about 1) with defocus applied, and instance labels."""
    sharp: dict[float, Image] = {}
    labels = np.zeros(shape, np.uint16)
    for nucleus in nuclei:
        window = nucleus.window(shape)
        r = nucleus.radius(shape, window)
        if r.size == 0 or not (r < 0.5).any():
            continue
        thickness = np.sqrt(np.clip(1 - r**4, 0, 1)) * 0.85 + 0.15 * (r < 1)
        stain = nucleus.brightness * thickness * chromatin(rng, nucleus, r)
        plane = sharp.setdefault(nucleus.defocus, np.zeros(shape))
        plane[window] += stain
        free = (labels[window] == 0) & (r < 1)
        labels[window][free] = labels.max() + 1
    stain = np.zeros(shape)
    for defocus, plane in sharp.items():
        stain += ndimage.gaussian_filter(plane, np.hypot(0.9, defocus))
    return stain, labels


def nuclei_2d(seed: int = 7) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Simulate the field: uint16 image of 512 x 512 px and instance labels."""
    rng = np.random.default_rng(seed)
    shape = (512, 512)
    stain, labels = render(rng, shape, place(rng, shape, 92))
    # Light from cells above the focal plane, cytoplasmic background, and debris.
    above = [random_nucleus(rng, *rng.uniform(0, 512, 2)) for _ in range(9)]
    haze = ndimage.gaussian_filter(render(rng, shape, above)[0], 14)
    glow = ndimage.gaussian_filter((labels > 0).astype(float), 18)
    debris = np.zeros(shape)
    for y, x in rng.integers(4, 508, (26, 2)):
        debris[y, x] = rng.exponential(7.0)
    debris = ndimage.gaussian_filter(debris, 1.2)
    light = vignette(shape, (0.38, 0.62), 0.76)
    texture = 1 + 0.06 * smooth_noise(rng, shape, 9)
    electrons = light * (34 * texture + 190 * stain + 55 * haze + 30 * glow + 110 * debris)
    image = camera(rng, electrons, gain=4.5, offset=100, read_noise=1.8, top=65535)
    return image.astype(np.uint16), labels


def nuclei_time(
    seed: int = 23, frames: int = 8, side: int = 192
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Simulate living nuclei that drift, wander and turn, and bleach: (T, Y, X).

    A label is one nucleus in all frames.
    """
    rng = np.random.default_rng(seed)
    edge = 60
    shape = (side + 2 * edge, side + 2 * edge)
    nuclei = place(rng, shape, 44)
    # The sample drifts as a whole, and each nucleus a little on its own.
    step = rng.normal((0.9, 0.5), 0.45, (len(nuclei), 2))
    turn = rng.normal(0, 0.04, len(nuclei))
    light = vignette(shape, (0.5, 0.45), 0.4)
    images, truths = [], []
    for t in range(frames):
        stain, labels = np.zeros(shape), np.zeros(shape, np.uint16)
        for k, n in enumerate(nuclei):
            now = {"y": n.y + t * step[k, 0], "x": n.x + t * step[k, 1]}
            moved = Nucleus(**{**vars(n), **now, "angle": n.angle + t * turn[k]})
            # One generator a nucleus, so that it keeps its chromatin from frame to frame.
            one, mask = render(np.random.default_rng((seed, k)), shape, [moved])
            stain += one
            labels[(mask > 0) & (labels == 0)] = k + 1
        glow = ndimage.gaussian_filter(stain, 15)
        electrons = 0.965**t * light * (24 + 95 * stain + 22 * glow)
        seen = camera(rng, electrons, gain=4.5, offset=100, read_noise=1.8, top=65535)
        images.append(seen[edge:-edge, edge:-edge])
        truths.append(labels[edge:-edge, edge:-edge])
    return np.stack(images).astype(np.uint16), relabel_sequential(np.stack(truths))[0].astype(
        np.uint16
    )
