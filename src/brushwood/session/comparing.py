"""What is compared with ground truth: choices, and whether they fit together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from brushwood.session.scene import LayerKey, Scene, size_text

CompareWhat = Literal["pixels", "objects"]

#: What the values of a map of differences mean, from 1, and their colours (Okabe and Ito's).
MEANINGS: dict[CompareWhat, tuple[tuple[str, str], ...]] = {
    "pixels": (
        ("true positive", "#009E73"),
        ("false positive", "#E69F00"),
        ("false negative", "#56B4E9"),
        ("true negative", ""),
    ),
    "objects": (
        ("found", "#009E73"),
        ("extra", "#E69F00"),
        ("missed", "#56B4E9"),
        ("split or merged", "#CC79A7"),
    ),
}


@dataclass
class CompareState:
    """What the user has chosen to compare, one a viewer.

    Attributes
    ----------
    truth, prediction : LayerKey or None
    region : LayerKey or None
        Only pixels inside are compared.
    what : {"pixels", "objects"}
    zero_is_unknown : bool
        Pixels where the truth is 0 are left out; otherwise 0 is a class.
    class_id : int or None
        The class that is shown in detail; None for the best guess.
    min_iou : float
        Objects match from this intersection over union on.
    is_sparse : bool
        Only some objects of the truth are annotated.
    said : str
        The last result in two words, "" without one.
    """

    truth: LayerKey | None = None
    prediction: LayerKey | None = None
    region: LayerKey | None = None
    what: CompareWhat = "pixels"
    zero_is_unknown: bool = True
    class_id: int | None = None
    min_iou: float = 0.5
    is_sparse: bool = False
    said: str = ""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


@dataclass(frozen=True, slots=True)
class MapRef:
    """A layer of whole numbers that can be compared.

    Attributes
    ----------
    is_truth : bool
        It came with a sample as the truth.
    is_result, is_made : bool
        A classifier's class map, or objects that Brushwood made: never the truth by itself.
    """

    key: LayerKey
    name: str
    shape: tuple[int, ...]
    scale: tuple[float, ...] = ()
    unit: str = "px"
    is_truth: bool = False
    is_result: bool = False
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class CompareReadiness:
    """What can be compared; `reason` is "" when it can, else says what to do."""

    maps: tuple[MapRef, ...] = ()
    truth: MapRef | None = None
    prediction: MapRef | None = None
    reason: str = ""


def maps_of(scene: Scene, made: Sequence[LayerKey] = ()) -> tuple[MapRef, ...]:
    """Return the layers that can be compared, bottom first.

    Parameters
    ----------
    scene : Scene
    made : sequence of LayerKey
        Objects layers that Brushwood made.
    """
    found: dict[LayerKey, MapRef] = {}
    truths = {layer.key for layer in scene.truths()}
    for layer in (*scene.labels(), *scene.objects(), *scene.truths()):
        found[layer.key] = MapRef(
            layer.key,
            layer.name,
            layer.shape,
            layer.scale,
            layer.unit,
            is_truth=layer.key in truths,
            is_made=layer.key in made,
        )
    for result in scene.results():
        if result.output == "classes":
            found[result.key] = MapRef(
                result.key, result.name, result.shape, result.scale, result.unit, is_result=True
            )
    return tuple(found.values())


def resolve_compare(
    state: CompareState, scene: Scene, made: Sequence[LayerKey] = ()
) -> CompareReadiness:
    """Turn choices and layers into one answer. Pure: same input, same answer."""
    maps = maps_of(scene, made)
    known = {layer.key: layer for layer in maps}
    truth = known.get(state.truth or "")
    prediction = known.get(state.prediction or "")
    return CompareReadiness(maps, truth, prediction, _reason(maps, truth, prediction))


def _reason(maps: Sequence[MapRef], truth: MapRef | None, prediction: MapRef | None) -> str:
    if len(maps) < 2:
        return (
            "Two labels layers are needed: the truth, and what is compared with it. "
            "Open a sample with truth, or drop both images and convert them to labels."
        )
    if truth is None:
        return "Choose the layer that holds the truth."
    if prediction is None:
        return "Choose the layer to compare with the truth."
    if truth.key == prediction.key:
        return f"{truth.name!r} is chosen twice. Choose another layer to compare with."
    if truth.shape != prediction.shape:
        return (
            f"{truth.name!r} is {size_text(truth.shape)}, but {prediction.name!r} is "
            f"{size_text(prediction.shape)}. Choose layers of the same image."
        )
    ours, theirs = truth.scale, prediction.scale
    if truth.unit == prediction.unit and any(
        abs(a - b) > 1e-3 * max(abs(a), abs(b)) for a, b in zip(ours, theirs, strict=False)
    ):
        return (
            f"The pixels of {truth.name!r} and {prediction.name!r} differ in size "
            f"({ours[-1]:g} and {theirs[-1]:g} {truth.unit}). Correct the scale of one layer."
        )
    return ""


def guess_pair(maps: Sequence[MapRef]) -> tuple[LayerKey | None, LayerKey | None]:
    """Return the obvious truth and prediction, None where nothing is obvious.

    A layer called truth is the truth; the newest objects layer of its size is compared, or else the
    newest class map.
    """
    words = ("truth", "ground", "reference", "manual")
    truths = [
        m
        for m in maps
        if m.is_truth or (any(w in m.name.lower() for w in words) and not m.is_result)
    ]
    if not truths:
        return None, None
    made = [m for m in maps if (m.is_made or m.is_result) and m not in truths]
    newest_first = made[::-1]
    for prediction in sorted(newest_first, key=lambda m: not m.is_made):
        fitting = [t for t in truths if t.shape == prediction.shape]
        wants_objects = prediction.is_made
        fitting.sort(key=lambda t: ("object" in t.name or "instance" in t.name) == wants_objects)
        if fitting:
            return fitting[-1].key, prediction.key
    return truths[-1].key, None


def guess_what(prediction: MapRef) -> CompareWhat:
    """Return what a layer most likely holds."""
    named = any(w in prediction.name.lower() for w in ("object", "instance", "label", "nuclei"))
    return "objects" if prediction.is_made or (named and not prediction.is_result) else "pixels"
