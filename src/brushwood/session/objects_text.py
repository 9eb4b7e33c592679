"""The sentences of *Make objects*."""

from math import isnan

import numpy as np
import numpy.typing as npt

from brushwood.session.classes import Classes
from brushwood.session.objects_readiness import classes_text, resolve_making
from brushwood.session.objects_state import Made, MakingState
from brushwood.session.objects_work import MakingRequest, Preview, WholeObjects
from brushwood.session.scene import Scene
from brushwood.session.sentences import duration

_POWERS = {2: "²", 3: "³"}


def size_unit(unit: str, ndim: int) -> str:
    """Write the unit of an area or volume: ``µm²``; pixels are counted."""
    return "px" if unit == "px" else f"{unit}{_POWERS[ndim]}"


def number_text(value: float) -> str:
    """Write a size with three digits that count: ``143``, ``1.43``, ``12,300``."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def count_text(n: int) -> str:
    """Write ``1 object``, ``61 objects``."""
    return "1 object" if n == 1 else f"{n:,} objects"


def summary_text(n: int, median: float, unit: str, ndim: int, where: str = "") -> str:
    """Write ``61 objects, median 143 µm²``."""
    if not n:
        return "no objects"
    return f"{count_text(n)}{where}, median {number_text(median)} {size_unit(unit, ndim)}"


def median_of(request: MakingRequest, sizes: npt.NDArray[np.int64]) -> float:
    """Return the median size in the request's unit, 0 of nothing."""
    return float(np.median(sizes)) * request.pixel_size if len(sizes) else 0.0


def preview_text(shown: Preview) -> str:
    """Describe a preview: ``61 objects in view, median 143 µm² · 0.12 s``."""
    request = shown.request
    where = "" if shown.view.is_whole else " in view"
    n = len(shown.sizes)
    if not n:
        return empty_text(shown, where)
    median = median_of(request, shown.sizes)
    text = summary_text(n, median, request.unit, request.ndim, where)
    return f"{text} · {duration(shown.seconds)}"


def made_text(made: Made, name: str) -> str:
    """Describe the end: ``61 objects, median 143 µm², in 0.80 s. They are in 'x'.``."""
    text = summary_text(made.n, made.median, made.unit, made.ndim)
    return f"{text}, in {duration(made.seconds)}. They are in {name!r}."


def blank_text(share: float) -> str:
    """Say that a part of the image was never classified, "" if all was."""
    if share <= 0:
        return ""
    part = "less than 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
    return (
        f" But {part} of the image is not classified yet: press Apply to whole image in the "
        "pixel classifier, then Make objects again."
    )


def empty_text(found: Preview | WholeObjects, where: str = "") -> str:
    """Say why there are no objects, and what to do."""
    request, params = found.request, found.request.params
    if not found.n_above:
        if isnan(found.highest):
            wanted = "above 0" if request.foreground is None else "of the ticked classes"
            return f"No objects: {request.name!r} has no pixel {wanted}{where}. Tick another class."
        return (
            f"No objects: nothing{where} reaches the threshold {params.threshold:g}; the highest "
            f"probability is {found.highest:.2g}. Lower the threshold."
        )
    if params.method == "hysteresis" and found.highest < params.core:
        return (
            f"No objects: nothing{where} reaches the core threshold {params.core:g}; the "
            f"highest probability is {found.highest:.2g}. Lower the core threshold."
        )
    border = "" if params.border == "keep" else " or they touch the border"
    return (
        f"No objects: the sizes leave none of those that were found{where}{border}. "
        "Change the sizes or the border in section 3."
    )


def objects_step_text(state: MakingState, scene: Scene) -> str:
    """Describe the state of this step for the guide: ``61 objects``."""
    made = state.made
    if made is not None and any(layer.key == made.layer for layer in scene.objects()):
        return count_text(made.n)
    ready = resolve_making(state, scene)
    return "ready" if ready.sources else "needs classes"


def source_text(state: MakingState, scene: Scene, classes: Classes) -> str:
    """Describe section 1 in one line."""
    source = resolve_making(state, scene).source
    if source is None:
        return "— nothing yet"
    chosen = classes_text(source, state.foreground, classes)
    return f"— {source.name}" + (f", {chosen}" if chosen else "")
