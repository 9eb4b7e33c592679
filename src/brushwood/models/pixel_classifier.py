"""Pixel classifiers in model files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brushwood.features.spec import FeatureSet
from brushwood.io import checks
from brushwood.io.archive import Malformed
from brushwood.io.info import ForestInfo, Lines, forest_values
from brushwood.io.kinds import (
    FOREST_ARRAYS,
    LIMITS,
    ROW_ARRAYS,
    Arrays,
    Document,
    ModelKind,
    Parts,
    by_id,
    class_entries,
    group,
    grouped,
    rows_of,
)
from brushwood.pixels.classifier import PixelClassifier

_IMAGE = ("ndim", "n_channels", "channel_axis", "spacing")
_FIELDS = ("image", "features", "forest", "scaling", "range", "smoothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelModelInfo(ForestInfo):
    """What the file of a pixel classifier says.

    Attributes
    ----------
    spacing : tuple of float or None
        Size of a training pixel along the spatial axes.
    features : str
        The feature set's line.
    range : mapping
        Intensity constants of the training images, lists of one number a channel.
    """

    ndim: int
    n_channels: int
    channel_axis: int | None
    spacing: tuple[float, ...] | None
    features: str
    scaling: Mapping[str, Any]
    range: Mapping[str, Any]
    smoothing: float

    def lines(self) -> Lines:
        """Return the kind's own lines for the screen."""
        channels = "1 channel" if self.n_channels == 1 else f"{self.n_channels} channels"
        n_images = len(self.provenance.get("images") or ())
        return [
            ("images", f"{self.ndim}-D, {channels}"),
            ("features", f"{self.features} ({self.n_features} planes)"),
            self.forest_line(),
            ("scaling", f"{self.scaling.get('mode')}; smoothing {self.smoothing:g} px"),
            ("training", f"pixels {self.rows_text()}; {n_images} images"),
        ]

    @property
    def untrained(self) -> str:
        """What is said of a class that the forest does not know."""
        return "without strokes"

    def annotated(self) -> dict[str, str]:
        """Return painted pixels by class id."""
        painted = self.provenance.get("pixels")
        return {k: f"{n} px" for k, n in painted.items()} if isinstance(painted, dict) else {}


def _to_parts(classifier: PixelClassifier, include_rows: bool) -> Parts:
    state = classifier.to_state(include_rows=include_rows)
    forest = state["forest"]
    fields = {
        "image": {name: state[name] for name in _IMAGE},
        "features": state["features"],
        "forest": state["forest_params"],
        "scaling": state["scaling"],
        "range": state["range"],
        "smoothing": state["smoothing"],
    }
    classes = class_entries(forest["classes"], state["class_names"], state["class_colors"])
    arrays = grouped(forest=forest, rows=state["rows"])
    return Parts(fields, classes, arrays, state["provenance"])


def _from_parts(document: Document, arrays: Arrays) -> PixelClassifier:
    rows = rows_of(document, arrays)
    state = {
        **document["image"],
        "features": document["features"],
        "scaling": document["scaling"],
        "range": document["range"],
        "smoothing": float(document["smoothing"]),
        "forest_params": document["forest"],
        "forest": group("forest", arrays),
        "class_names": by_id(document, "name"),
        "class_colors": by_id(document, "color"),
        "provenance": document["provenance"],
        "rows": rows,
    }
    return PixelClassifier.from_state(state)


def _check(document: Document) -> None:
    _check_image(document["image"])
    checks.text(document["features"], "features", checks.MAX_TEXT)
    checks.plain(document["forest"], "forest")
    checks.plain(document["scaling"], "scaling")
    _check_range(document["range"], document["image"]["n_channels"])
    checks.number(document["smoothing"], "smoothing", 0, 1000)


def _check_image(image: Any) -> None:
    checks.keys(image, set(_IMAGE), "image")
    checks.integer(image["ndim"], "image.ndim", 2, 3)
    checks.integer(image["n_channels"], "image.n_channels", 1, LIMITS["f"])
    if image["channel_axis"] is not None:
        checks.integer(image["channel_axis"], "image.channel_axis", -8, 7)
    if image["spacing"] is not None:
        for value in checks.listed(image["spacing"], "image.spacing", image["ndim"], image["ndim"]):
            checks.number(value, "image.spacing", 1e-30, 1e30)


def _check_range(range_: Any, n_channels: int) -> None:
    checks.keys(range_, {"low", "span", "contrast"}, "range")
    for name, smallest in (("low", n_channels), ("span", n_channels), ("contrast", 0)):
        for value in checks.listed(range_[name], f"range.{name}", smallest, n_channels):
            checks.number(value, f"range.{name}", -1e300, 1e300)


def _fits(document: Document) -> None:
    """Compare the number of features with what the filters give."""
    image = document["image"]
    features = FeatureSet.parse(document["features"])
    n_planes = len(features.names(ndim=image["ndim"])) * image["n_channels"]
    n_features = document["arrays"]["forest/importances"]["shape"][0]
    if n_planes != n_features:
        raise Malformed(f"its filters give {n_planes} features, but its forest has {n_features}")


def _info(heading: Document, document: Document) -> PixelModelInfo:
    image = document["image"]
    spacing = image["spacing"]
    own = {
        **image,
        "spacing": None if spacing is None else tuple(map(float, spacing)),
        "features": document["features"],
        "scaling": document["scaling"],
        "range": document["range"],
        "smoothing": float(document["smoothing"]),
    }
    return PixelModelInfo(**heading, **forest_values(document), **own)


KIND = ModelKind(
    name="pixel-classifier",
    model=PixelClassifier,
    fields=frozenset(_FIELDS),
    arrays=FOREST_ARRAYS,
    optional=ROW_ARRAYS,
    check=_check,
    fits=_fits,
    to_parts=_to_parts,
    from_parts=_from_parts,
    info=_info,
    use="Open it in the widget Pixel classifier, or apply it with `brushwood apply`.",
)
