"""The steps of a recipe from JSON values, each looked at before it is believed."""

import base64
import binascii
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from brushwood.batch.model_ref import SUFFIXES, ModelRef
from brushwood.batch.recipe_check import Checker
from brushwood.batch.recipe_lines import Place
from brushwood.batch.steps import (
    Channel,
    ClassifyStep,
    EvaluateStep,
    MeasureStep,
    ObjectStep,
    PixelStep,
    Source,
    Wish,
)
from brushwood.errors import InputError, UnknownMeasurementError
from brushwood.io.checks import shown
from brushwood.measure.names import Setting, plan_columns
from brushwood.objects.split_params import SplitParams

#: Longest text of an embedded model.
_MOST_EMBEDDED = 512 << 20
_HEX = frozenset("0123456789abcdef")


def _pixels(check: Checker, value: Any, place: Place, folder: Path) -> PixelStep:
    given = check.fields(value, place, _names(PixelStep))
    axis = given.get("channel_axis")
    return PixelStep(
        _model(check, given.get("model"), (*place, "model"), folder),
        _channels(check, given.get("channels"), (*place, "channels")),
        None if axis is None else check.integer(axis, (*place, "channel_axis"), -8, 7),
    )


def _objects(check: Checker, value: Any, place: Place, folder: Path) -> ObjectStep:
    given = check.fields(value, place, _names(ObjectStep))
    ids: tuple[int, ...] | None = (2,)
    if "foreground" in given:
        ids = _ids(check, given["foreground"], (*place, "foreground"))
    channel, ndim = given.get("image_channel"), given.get("ndim")
    return ObjectStep(
        _params(check, given.get("params", {}), (*place, "params")),
        check.choice(given.get("source", "classes"), (*place, "source"), get_args(Source)),  # type: ignore[arg-type]
        ids,
        None if channel is None else _channel(check, channel, (*place, "image_channel")),
        None if ndim is None else check.integer(ndim, (*place, "ndim"), 2, 3),
    )


def _params(check: Checker, value: Any, place: Place) -> SplitParams:
    known = _names(SplitParams)
    given = check.fields(value, place, known)
    for name, each in list(given.items()):
        try:
            SplitParams(**{name: each})
        except (InputError, TypeError) as error:
            said = str(error).removeprefix(f"SplitParams: {name} ").rstrip(".")
            check.say((*place, name), said)
            del given[name]
    return SplitParams(**given)


def _measure(check: Checker, value: Any, place: Place, folder: Path) -> MeasureStep:
    given = check.fields(value, place, _names(MeasureStep))
    texts = {
        name: None if given.get(name) is None else _texts(check, given[name], (*place, name))
        for name in ("names", "channel_names", "class_names")
    }
    for number, name in enumerate(texts["names"] or ()):
        _measurement(check, name, (*place, "names", number))
    return MeasureStep(
        texts["names"],
        check.flag(given.get("with_probabilities", False), (*place, "with_probabilities")),
        _channels(check, given.get("channels"), (*place, "channels")),
        texts["channel_names"],
        texts["class_names"],
    )


def _measurement(check: Checker, name: str, place: Place) -> None:
    """Look whether a name stands for anything that is measured anywhere."""
    parts = name.split("-")
    ending = (f"-{'-'.join(parts[n:])}" for n in range(1, len(parts)))
    tries = [Setting(ndim, ("",), ("",)) for ndim in (2, 3)]
    for end in ending:
        tries += [Setting(ndim, (end,), (end,)) for ndim in (2, 3)]
    unknown, wrong = None, None
    for setting in tries:
        try:
            plan_columns((name,), setting)
        except UnknownMeasurementError as error:
            unknown = unknown or error
        except InputError as error:  # defined in 3-D only, perhaps
            wrong = wrong or error
        else:
            return
    said = f"is wrong: {wrong}" if wrong is not None else f"is no measurement: {unknown}"
    check.say(place, said.rstrip("."))


def _classify(check: Checker, value: Any, place: Place, folder: Path) -> ClassifyStep:
    given = check.fields(value, place, _names(ClassifyStep))
    return ClassifyStep(_model(check, given.get("model"), (*place, "model"), folder))


def _evaluate(check: Checker, value: Any, place: Place, folder: Path) -> EvaluateStep:
    given = check.fields(value, place, _names(EvaluateStep))
    truth = given.get("truth")
    if truth is None:
        check.say((*place, "truth"), "is missing: name the folder of what is true")
    ignore = given.get("ignore", 0)
    return EvaluateStep(
        _path(check.text(truth or "", (*place, "truth")), folder),
        check.choice(given.get("what", "auto"), (*place, "what"), get_args(Wish)),  # type: ignore[arg-type]
        check.number(given.get("min_iou", 0.5), (*place, "min_iou"), 0.0, 1.0),
        None if ignore is None else check.integer(ignore, (*place, "ignore"), 0, 2**31),
    )


def _model(check: Checker, value: Any, place: Place, folder: Path) -> ModelRef:
    """Read a model: its path, or an object with path or bytes."""
    if isinstance(value, str):
        value = {"path": value}
    if value is None:
        check.say(place, "is missing: name a model file")
        return _NO_MODEL
    given = check.fields(value, place, ("name", "path", "sha256", "embedded"))
    sha = given.get("sha256")
    if sha is not None:
        sha = check.text(sha, (*place, "sha256")).lower()
        if len(sha) != 64 or not set(sha) <= _HEX:
            check.say((*place, "sha256"), "must be 64 hexadecimal digits")
    if "embedded" in given:
        return _embedded(check, given, sha, place)
    if "path" not in given:
        if isinstance(value, dict):
            check.say(place, "needs either a path or an embedded model")
        return _NO_MODEL
    path = check.text(given["path"], (*place, "path"))
    _check_ending(check, path, (*place, "path"))
    whole = _path(path, folder)
    return ModelRef(Path(whole).name, whole, sha)


def _embedded(check: Checker, given: dict[str, Any], sha: str | None, place: Place) -> ModelRef:
    name = check.text(given.get("name", "model.brushwood"), (*place, "name"), 1000)
    _check_ending(check, name, (*place, "name"))
    if "path" in given:
        check.say((*place, "path"), "must not stand beside an embedded model")
    try:
        text = check.text(given["embedded"], (*place, "embedded"), _MOST_EMBEDDED)
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        check.say((*place, "embedded"), f"is damaged ({error}). Get a fresh copy of the recipe")
        return _NO_MODEL
    model = ModelRef.embedding(data, name)
    if sha is not None and model.sha256 != sha:
        check.say(
            (*place, "embedded"),
            f"is damaged: its SHA-256 is {str(model.sha256)[:12]}…, but sha256 says {sha[:12]}…. "
            "Get a fresh copy of the recipe",
        )
    return model


def _check_ending(check: Checker, name: str, place: Place) -> None:
    if Path(name).suffix.lower() not in SUFFIXES:
        known = " or ".join(SUFFIXES)
        check.say(place, f"must end in {known}, not be {shown(name)}")


def _path(text: str, folder: Path) -> str:
    return os.path.abspath(folder.absolute() / text)


def _channels(check: Checker, value: Any, place: Place) -> tuple[Channel, ...] | None:
    if value is None:
        return None
    listed = check.listed(value, place, "channels")
    return tuple(_channel(check, each, (*place, i)) for i, each in enumerate(listed))


def _channel(check: Checker, value: Any, place: Place) -> Channel:
    if isinstance(value, str):
        return check.text(value, place, 1000)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10_000:
        check.say(
            place, f"must be a channel's name, or its number counted from 0, not {shown(value)}"
        )
        return 0
    return value


def _ids(check: Checker, value: Any, place: Place) -> tuple[int, ...] | None:
    if value is None:
        return None
    if isinstance(value, int):
        return (check.integer(value, place, 1, 65535),)
    listed = check.listed(value, place, "class ids")
    return tuple(check.integer(each, (*place, i), 1, 65535) for i, each in enumerate(listed))


def _texts(check: Checker, value: Any, place: Place) -> tuple[str, ...]:
    listed = check.listed(value, place, "texts")
    return tuple(check.text(each, (*place, i), 1000) for i, each in enumerate(listed))


def _names(step: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(step))


_NO_MODEL = ModelRef("none.brushwood", "", None)
#: What reads each step: the checker, the value, its place, and what paths are relative to.
READERS: dict[str, Callable[[Checker, Any, Place, Path], Any]] = {
    "pixels": _pixels,
    "objects": _objects,
    "measure": _measure,
    "classify": _classify,
    "evaluate": _evaluate,
}
#: What takes the place of a step that is there but wrong, so that others are not blamed.
STAND_INS: dict[str, Any] = {
    "pixels": PixelStep(_NO_MODEL),
    "objects": ObjectStep(),
    "measure": MeasureStep(),
    "classify": ClassifyStep(_NO_MODEL),
}
