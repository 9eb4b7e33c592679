"""Intensities on a common scale before filtering, so that a model carries over to other images.

Constants belong to a whole image or stack. They are robust percentiles, and the mean of what is
bright, of a fixed sample of its pixels (see `survey`), so they do not depend on chunks, blocks or
workers.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource
from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job
from brushwood.pixels.survey import BIN, ChannelSample, survey

Mode = Literal["image", "training", "none"]
MODES: tuple[Mode, ...] = ("image", "training", "none")
#: Standard deviation of the rounding error of integers, generously.
_ROUNDING = 0.5
#: Contrast beyond which more says nothing: images without noise, of many bits, have any.
_CERTAIN = 200.0
#: Median of |x| for a standard normal x.
_MEDIAN_ABS = 0.6744897501960817


@dataclass(frozen=True, slots=True)
class IntensityRange:
    """The constants of one image: ``(value - low) / span``, a channel.

    Attributes
    ----------
    low, span : tuple of float
        Value that becomes 0, and difference that becomes 1.
    contrast : tuple of float
        Span before the guard, in standard deviations of the noise; the larger of that of pixels and
        that of 4 × 4 means. Pure noise has 5 to 6.
    invalid : float
        Share of NaN and infinite pixels in the sample, [0, 1].
    """

    low: tuple[float, ...]
    span: tuple[float, ...]
    contrast: tuple[float, ...] = ()
    invalid: float = 0.0

    @classmethod
    def identity(cls, n_channels: int) -> "IntensityRange":
        """Return the constants that leave intensities as they are."""
        return cls((0.0,) * n_channels, (1.0,) * n_channels)

    def apply(self, pixels: AnyArray, invalid: list[int] | None = None) -> npt.NDArray[np.float32]:
        """Scale pixels to float32.

        Parameters
        ----------
        pixels : ndarray, shape (C, ...)
            Any real type. Never changed.
        invalid : list of int, optional
            The number of invalid pixels is appended if there are any.

        Returns
        -------
        ndarray of float32, shape (C, ...)
            Not clipped. NaN, infinities and values that float32 cannot hold become 0, the low
            constant.
        """
        out = np.empty(pixels.shape, np.float32)
        # float32 holds integers up to 24 bits; larger ones would lose their difference to `low`.
        wide = pixels.dtype.itemsize > 4 or (
            pixels.dtype.kind in "iu" and pixels.dtype.itemsize > 2
        )
        dtype = np.float64 if wide else np.float32
        with np.errstate(over="ignore", invalid="ignore"):
            for channel, (low, span) in enumerate(zip(self.low, self.span, strict=True)):
                plane = pixels[channel]
                if low == 0 and span == 1:
                    out[channel] = plane
                    continue
                shifted = np.subtract(plane, dtype(low), dtype=dtype)
                np.multiply(shifted, dtype(1 / span), out=out[channel], casting="same_kind")
            # One pass that finds any: the sum of finite values is finite, or overflows and is
            # looked at more closely.
            if pixels.dtype.kind == "f" and not np.isfinite(out.sum()):
                wrong = ~np.isfinite(out)
                out[wrong] = 0
                if invalid is not None and wrong.any():
                    invalid.append(int(np.count_nonzero(wrong)))
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How intensities are scaled before filtering.

    Attributes
    ----------
    mode : {"image", "training", "none"}
        Constants of each image, those of the training images, or intensities as they are. Choose
        ``"none"`` or ``"training"`` where absolute intensity carries the meaning.
    low, high : float
        Percentiles. `low` becomes 0; pixels beyond either count as it.
    top : {"bright", "high"}
        What becomes 1: the mean of the bright pixels, those above Otsu's threshold, which changes
        less with a few very bright objects than the percentile `high`. docs/defaults.md compares.
    blank, clear, faint : float
        The guard against stretching noise and uneven background. An image whose contrast (see
        `IntensityRange`) is at most `blank` is taken for empty, and its noise is scaled to the
        amplitude that noise has in the training images; from `clear` on the image's own constants
        count alone; between them the span is interpolated geometrically. `clear` is at least the
        share `faint` of the contrast of training (of 200, if that is more), and `blank` half of
        that. ``blank=0, clear=0`` turns the guard off.
    """

    mode: Mode = "image"
    low: float = 1.0
    high: float = 99.8
    top: Literal["bright", "high"] = "bright"
    blank: float = 6.5
    clear: float = 10.0
    faint: float = 0.2

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(
                f"Scaling is one of {', '.join(MODES)}, but {self.mode!r} was given. Choose one."
            )
        if self.top not in ("bright", "high"):
            raise InputError(f"Scaling's top is 'bright' or 'high', not {self.top!r}. Choose one.")
        if not (
            0 <= self.low < self.high <= 100
            and 0 <= self.blank <= self.clear
            and 0 <= self.faint <= 1
        ):
            raise InputError(
                "Scaling needs 0 <= low < high <= 100, 0 <= blank <= clear, 0 <= faint <= 1, but "
                f"low={self.low}, high={self.high}, blank={self.blank}, clear={self.clear}, "
                f"faint={self.faint} were given. Correct them."
            )

    @classmethod
    def of(cls, scaling: "Scaling | str") -> "Scaling":
        """Return a scaling from its mode, or as it is."""
        return scaling if isinstance(scaling, cls) else cls(mode=str(scaling))  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Scaling":
        """Return the scaling that `to_json` described."""
        return cls(**values)

    def measure(
        self, source: ImageSource, reference: Sequence[float] = (), job: Job = IDLE
    ) -> IntensityRange:
        """Measure the constants of an image, all frames together.

        Parameters
        ----------
        source : ImageSource
        reference : sequence of float
            Contrast of the training images, a channel. None while training.
        job : Job

        Returns
        -------
        IntensityRange
            For ``"none"`` and for booleans ``(0, 1)``. A constant image has the span 1, so that all
            its pixels become 0.
        """
        n = source.n_channels
        if self.mode == "none" or source.dtype.kind == "b":
            return IntensityRange.identity(n)
        references = list(reference) or [0.0] * n
        found = [
            self._channel(sample, known, source.dtype.kind != "f")
            for sample, known in zip(survey(source, job), references, strict=True)
        ]
        low, span, contrast, invalid = zip(*found, strict=True)
        return IntensityRange(low, span, contrast, float(np.mean(invalid)))

    def _channel(
        self, sample: ChannelSample, reference: float, is_integer: bool
    ) -> tuple[float, float, float, float]:
        values = np.concatenate(sample.values)
        total = values.size
        if not is_integer:
            values = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
            values = values[np.isfinite(values)]
        if values.size == 0:
            return 0.0, 1.0, 0.0, 1.0
        low, high = _percentiles(values, self.low, self.high)
        if high == low:
            high = float(values.max())
        span = high - low
        noise = _noise(sample.differences)
        contrast = _contrast(span, noise, sample.bins, (self.low, self.high), is_integer)
        if is_integer:
            noise = max(noise, _ROUNDING)
        if self.top == "bright":
            span = _bright(values, low, high) - low
        span = self._guarded(span, noise, contrast, reference)
        return low, span, contrast, 1 - values.size / total

    def _guarded(self, span: float, noise: float, contrast: float, reference: float) -> float:
        expected = self.faint * min(reference, _CERTAIN) if self.clear else 0.0
        blank, clear = max(self.blank, expected / 2), max(self.clear, expected)
        if noise > 0 and contrast < clear:
            # The span that leaves noise no larger than it is in the training images.
            quiet = noise * max(clear, reference)
            weight = (contrast - blank) / (clear - blank) if contrast > blank else 0.0
            span = float(max(span, 1e-30) ** weight * quiet ** (1 - weight))
        return span if span > 1e-30 else 1.0


def combined(ranges: Sequence[IntensityRange]) -> IntensityRange:
    """Return the constants of a training set: medians of its images', and their least contrast.

    The least, because an image that is guarded in training must be guarded alike in prediction.
    """
    if len(ranges) == 1:
        return ranges[0]
    contrasts = [r.contrast for r in ranges if r.contrast]
    return replace(
        ranges[0],
        low=tuple(float(v) for v in np.median([r.low for r in ranges], axis=0)),
        span=tuple(float(v) for v in np.median([r.span for r in ranges], axis=0)),
        contrast=tuple(float(v) for v in np.min(contrasts, axis=0)) if contrasts else (),
        invalid=float(np.mean([r.invalid for r in ranges])),
    )


def _percentiles(values: AnyArray, low: float, high: float) -> tuple[float, float]:
    """Return two percentiles by nearest rank: values that occur."""
    ranks = [round(p / 100 * (values.size - 1)) for p in (low, high)]
    ordered = np.partition(values, ranks)
    return float(ordered[ranks[0]]), float(ordered[ranks[1]])


def _bright(values: AnyArray, low: float, high: float) -> float:
    """Return the mean of the brighter of two classes of pixels, parted by Otsu's threshold.

    Otsu, IEEE Trans. Syst. Man Cybern. 9, 1979, doi 10.1109/TSMC.1979.4310076: the threshold with
    the largest variance between the classes, here over 256 bins from `low` to `high`.
    """
    if not low < high:
        return high
    bins = ((np.clip(values, low, high).astype(np.float64) - low) * (256 / (high - low))).astype(
        int
    )
    np.minimum(bins, 255, out=bins)
    counts = np.bincount(bins, minlength=256)
    below = np.cumsum(counts)[:-1]
    sums = np.cumsum(counts * np.arange(256))
    above = counts.sum() - below
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * ((sums[-1] - sums[:-1]) / above - sums[:-1] / below) ** 2.0
    last_dark = int(np.nanargmax(apart))
    return float(np.clip(values[bins > last_dark], low, high).mean(dtype=np.float64))


def _noise(differences: Sequence[npt.NDArray[np.float32]]) -> float:
    """Return the standard deviation of white noise from second differences, robustly.

    The median of |a − 2 b + c|, which is √6 × 0.6745 standard deviations of normal noise
    (after Immerkær, 1996, who averages over a 3 × 3 mask).
    """
    values = np.abs(np.concatenate(differences))
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0
    median = np.partition(values, values.size // 2)[values.size // 2]
    return float(median) / (_MEDIAN_ABS * 6**0.5)


def _contrast(
    span: float,
    noise: float,
    bins: Sequence[npt.NDArray[np.float32]],
    percentiles: tuple[float, float],
    is_integer: bool,
) -> float:
    """Return the span in units of the noise, of pixels or of 4 × 4 means, whichever is larger.

    Means of white noise have a quarter of its span, those of structure keep theirs.
    """
    if is_integer:
        noise = max(noise, _ROUNDING)
    if noise == 0:
        return float("inf") if span > 0 else 0.0
    means = np.concatenate(bins)
    means = means[np.isfinite(means)]
    coarse = 0.0
    if means.size:
        first, last = _percentiles(means, *percentiles)
        coarse = (last - first) * BIN
    return max(span, coarse) / noise
