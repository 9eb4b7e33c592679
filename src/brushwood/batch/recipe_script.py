"""A recipe as a Python script: every step spelled out, the same files at the end."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from brushwood.batch.misfits import named_classes, needed_maps, needs_image_channel
from brushwood.batch.model_ref import ModelRef
from brushwood.batch.recipe_json import relative
from brushwood.batch.steps import Channel, MeasureStep
from brushwood.io.atomic import check_target, replacing, translated
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.split_params import SplitParams
from brushwood.pixels.classifier import PixelClassifier

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe

_ENDINGS = {"tiff": ".tif", "ome-zarr": ".ome.zarr", "csv": ".csv", "parquet": ".parquet"}
_WIDTH = 92
_SOURCE = "from brushwood.arrays import ImageSource"
_TEMPLATE = '''"""{title}

python SCRIPT RESULTS IMAGES...

Each image's results get its name, as `brushwood run` names them.{scores}
"""

import sys
from pathlib import Path

import brushwood as bw
{imports}

{models}


def work_on(image, name, target):
    """Do all steps with one image; results are named as the target, with an ending."""
{steps}


{functions}out = Path(sys.argv[1])
refs = list_inputs(sys.argv[2:], exclude=out)
for ref, name in zip(refs, names_of(refs), strict=True):
    target = out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with ref.open() as image:
        work_on(image, name, target)
'''
_SCORES = """
Scores against the truth stand in the report of a run; `brushwood evaluate` compares folders."""
_SAVE = '''def save(array, target, what, image, axes=None, names=(), labels=False):
    """Write an image with the calibration of the one it was made of."""
    write_image(
        target.with_name(f"{{target.name}}-{{what}}{ending}"),
        array,
        axes or image.axes_of_maps(),
        image.scale,
        image.unit,
        channel_names=names,
        time_step=image.time_step,
        time_unit=image.time_unit,
        labels=labels,
    )


'''


def script_of(recipe: "Recipe", folder: Path | None) -> str:
    """Return the script; see `Recipe.to_script`."""
    pixels = recipe.pixels.model.load(PixelClassifier)
    classify = recipe.classify
    objects = None if classify is None else classify.model.load(ObjectClassifier)
    return _Script(recipe, pixels, objects, folder).text()


def write_script(recipe: "Recipe", path: Path, *, overwrite: bool) -> tuple[Path, ...]:
    """Write the script, and embedded models beside it; see `Recipe.write_script`."""
    text = script_of(recipe, path.absolute().parent)
    files = {path: text.encode()}
    for model, name in zip(recipe.models, model_names(recipe), strict=True):
        if model.data is not None:
            files[path.with_name(name)] = model.data
    for file in files:
        check_target(file, overwrite=overwrite)
    for file, data in files.items():
        with replacing(file, overwrite=overwrite) as temporary, translated(file):
            temporary.write_bytes(data)
    return tuple(files)


def model_names(recipe: "Recipe") -> tuple[str, ...]:
    """Return a file name for each model: the roles' names, which no stranger chose."""
    roles = ("pixel-classifier", "object-classifier")
    return tuple(
        f"{role}{Path(model.name).suffix.lower()}"
        for role, model in zip(roles, recipe.models, strict=False)
    )


class _Script:
    """The parts of the script of one recipe."""

    def __init__(
        self,
        recipe: "Recipe",
        pixels: PixelClassifier,
        objects: ObjectClassifier | None,
        folder: Path | None,
    ) -> None:
        self.recipe, self.pixels, self.objects, self.folder = recipe, pixels, objects, folder
        self.note = {} if objects is None else objects.measurement_ or {}
        self.imports = {
            "from brushwood.batch.naming import names_of",
            "from brushwood.io.inputs import list_inputs",
        }

    def text(self) -> str:
        """Return the script."""
        steps = [self._channels(), ["# Classes of pixels", *self._pixels()]]
        if self.recipe.objects is not None:
            steps.append(["# Objects", *self._objects()])
        if self.recipe.measure is not None or self.objects is not None:
            steps.append(["# Measurements, one row an object", *self._measure()])
        if self.objects is not None:
            steps.append(["# Classes of objects", *self._classify()])
        if "table" in self.recipe.outputs:
            steps.append(self._table())
        lines = [f"    {line}".rstrip() for step in steps if step for line in [*step, ""]]
        saves = any(name != "table" for name in self.recipe.outputs)
        if saves:
            self.imports.add("from brushwood.io.images import write_image")
        name = "".join(c for c in self.recipe.name if c.isprintable() and c not in "\"'\\")
        ending = _ENDINGS[self.recipe.image_format]
        return _TEMPLATE.format(
            title=f"Made by Brushwood from the recipe {name[:60]!r}: change it as you like.",
            scores="" if self.recipe.evaluate is None else _SCORES,
            imports="\n".join(sorted(self.imports)),
            models="\n".join(self._models()),
            steps="\n".join(lines[:-1]),
            functions=_SAVE.format(ending=ending) if saves else "",
        )

    def _models(self) -> list[str]:
        lines = ["HERE = Path(__file__).parent"]
        names = ("PIXELS", "OBJECTS")
        for model, name, beside in zip(
            self.recipe.models, names, model_names(self.recipe), strict=False
        ):
            lines += [f"{name} = HERE / {_text(self._path(model, beside))}"]
        if self.pixels.features_.units == "px":
            lines.append("pixels = bw.load(PIXELS)")
        if self.objects is not None:
            lines.append("classifier = bw.load(OBJECTS)")
        return lines

    def _path(self, model: ModelRef, beside: str) -> str:
        return beside if model.path is None else relative(model.path, self.folder)

    def _channels(self) -> list[str]:
        wish, known = self.recipe.pixels.channel_axis, self.pixels.channel_axis
        if wish is not None:
            return [f"image = image.with_channels({wish})"]
        if self.pixels.n_channels_ == 1 or known is None:
            return []
        return [
            "if image.channel_axis is None:",
            f"    image = image.with_channels({known})  # as in training",
        ]

    def _pixels(self) -> list[str]:
        model, recipe = self.pixels, self.recipe
        maps = needed_maps(recipe, self._measures_probabilities)
        lines = []
        if model.features_.units != "px":
            lines = [
                "pixels = bw.load(PIXELS)",
                f"if image.spacing_of({model.ndim_}) is not None:  # its filters are lengths",
                f"    pixels.set_params(spacing=image.spacing_of({model.ndim_}))",
            ]
        lines += self._source("source", str(model.ndim_), recipe.pixels.channels)
        lines.append(f"maps = pixels.predict_maps(source, {_texts(maps)})")
        for name in maps:
            if name in recipe.outputs:
                more = self._class_channels() if name == "probabilities" else ""
                lines.append(f'save(maps["{name}"], target, "{name}", image{more})')
        return lines

    def _class_channels(self) -> str:
        names = named_classes(self.pixels)
        more = "" if names is None else f", names={_texts(names)}"
        return ', axes=f"c{image.axes_of_maps()}"' + more

    def _objects(self) -> list[str]:
        step = self.recipe.objects
        assert step is not None
        lines = [f"ndim = {'image.ndim' if step.ndim is None else step.ndim}"]
        ids = step.foreground
        what = 'maps["classes"]'
        if step.source == "probability":
            place = self.pixels.classes_.tolist().index((ids or (0,))[0])
            what = f'maps["probabilities"][{place}]'
        arguments = [what]
        if step.source == "classes":
            arguments.append(f"foreground={list(ids) if ids is not None else None}")
        if needs_image_channel(self.recipe):
            channel = 0 if step.image_channel is None else step.image_channel
            lines += self._source("landscape", "ndim", (channel,))
            arguments.append("image=landscape")
        arguments += ["ndim=ndim", "spacing=image.spacing_of(ndim)"]
        arguments += _changed(step.params)
        lines += _call("objects = bw.split_objects", arguments)
        if "objects" in self.recipe.outputs:
            lines.append('save(objects, target, "objects", image, labels=True)')
        return lines

    def _measure(self) -> list[str]:
        step = self.recipe.measure
        lines: list[str] = []
        arguments = ["objects"]
        chosen = None if step is None else step.channels
        if step is not None or not self.note or self.note.get("channels") is not None:
            several = chosen is None or len(chosen) > 1
            arguments.append("image.data")
            if chosen is not None:
                lines += self._source("channels", "ndim", chosen)
                arguments[-1] = "channels"
            if several:
                arguments.append("channel_axis=image.channel_axis")
                arguments += self._channel_names()
        names = self._names()
        lines += names
        if names:
            arguments.append("names=names")
        if self._measures_probabilities:
            arguments.append('probabilities=maps["probabilities"]')
            classes = self._class_names()
            arguments += [] if classes is None else [f"class_names={_texts(classes)}"]
        unit = '"µm" if image.unit == "um" else image.unit'
        arguments += ["ndim=ndim", "spacing=image.spacing_of(ndim)", f"unit={unit}"]
        return [*lines, *_call("table = bw.measure", arguments)]

    def _names(self) -> list[str]:
        step, model = self.recipe.measure, self.objects
        if model is None:
            return [] if step is None or step.names is None else _list("names = ", step.names)
        if step is None:
            return ["names = list(classifier.columns_)"]
        if step.names is not None:
            return _list("names = ", dict.fromkeys([*step.names, *model.columns_]))
        return self._usual_names(step)

    def _usual_names(self, step: MeasureStep) -> list[str]:
        """Return the line that adds what the classifier asks for to what is usual."""
        self.imports.add("from brushwood.measure import default_names")
        arguments, lines = ["ndim", "image=True"], []
        names = self._named_channels()
        chosen = step.channels
        if chosen is None or len(chosen) > 1:
            count = "image.data.shape[image.channel_axis]" if chosen is None else str(len(chosen))
            lines = [
                "endings = None",
                "if image.channel_axis is not None:",
                f"    endings = {_texts(names) if names else f'[str(n) for n in range({count})]'}",
            ]
            arguments.append("channel_names=endings")
        if self._measures_probabilities:
            classes = range(1, len(self.pixels.classes_) + 1)
            known = self._class_names() or [str(i) for i in classes]
            arguments.append(f"class_names={_texts(known)}")
        lines += _call("usual = default_names", arguments)
        return [*lines, "names = [*usual, *classifier.columns_]"]

    def _channel_names(self) -> list[str]:
        names = self._named_channels()
        if not names:
            return []
        return [f"channel_names=None if image.channel_axis is None else {_texts(names)}"]

    def _named_channels(self) -> Sequence[str]:
        """Return the names of channels that the recipe or the classifier knows."""
        step = self.recipe.measure
        names = None if step is None else step.channel_names
        names = names or self.note.get("channels") or ()
        return () if list(names) == [""] else names

    def _class_names(self) -> Sequence[str] | None:
        step = self.recipe.measure
        if step is not None and step.class_names is not None:
            return step.class_names
        if self.note.get("classes") is not None:
            return tuple(self.note["classes"])
        return named_classes(self.pixels)

    def _classify(self) -> list[str]:
        assert self.objects is not None
        self.imports.add("from brushwood.objects.results import classified")
        lines = ["table = classified(classifier, table)"]
        if "object_classes" in self.recipe.outputs:
            self.imports.add("from brushwood.objects.painting import paint_objects")
            large = '.astype("uint16")' if self.objects.classes_.max() > 255 else ""
            lines += [
                f"painted = paint_objects(objects, table, ndim=ndim){large}",
                'save(painted, target, "object_classes", image)',
            ]
        return lines

    def _table(self) -> list[str]:
        self.imports.add("from brushwood.io.tables import write_table")
        ending = _ENDINGS[self.recipe.table_format]
        return [
            'table.insert(0, "image", name)',
            f'write_table(table, target.with_name(f"{{target.name}}-table{ending}"))',
        ]

    def _source(self, name: str, ndim: str, channels: Sequence[Channel] | None) -> list[str]:
        """Return the lines that choose channels of the image."""
        self.imports.add(_SOURCE)
        arguments = ["image.data", "channel_axis=image.channel_axis", f"ndim={ndim}"]
        if channels is not None:
            written = [
                str(c) if isinstance(c, int) else f"image.channel_names.index({_text(c)})"
                for c in channels
            ]
            arguments.append(f"channels=[{', '.join(written)}]")
        return _call(f"{name} = ImageSource.of", arguments)

    @property
    def _measures_probabilities(self) -> bool:
        step = self.recipe.measure
        asked = step is not None and step.with_probabilities
        return asked or self.note.get("classes") is not None


def _changed(params: SplitParams) -> list[str]:
    """Return the parameters that are not the usual ones, as arguments."""
    return [
        f"{f.name}={_value(getattr(params, f.name))}"
        for f in fields(params)
        if f.name == "method" or getattr(params, f.name) != f.default
    ]


def _value(value: object) -> str:
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Write a text so that nothing in it is code."""
    return json.dumps(value, ensure_ascii=False) if value.isprintable() else ascii(value)


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _call(name: str, arguments: Iterable[str]) -> list[str]:
    """Write a call, in several lines if one is too long."""
    listed = list(arguments)
    line = f"{name}({', '.join(listed)})"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{name}(", *(f"    {argument}," for argument in listed), ")"]


def _list(start: str, values: Iterable[str]) -> list[str]:
    """Write a list of texts, in lines that are not too long."""
    lines, line = [f"{start}["], ""
    for value in values:
        part = f"{_text(value)}, "
        if len(line) + len(part) > _WIDTH - 4 and line:
            lines.append(f"    {line.rstrip()}")
            line = ""
        line += part
    if len(lines) == 1 and len(start) + len(line) < _WIDTH:
        return [f"{start}[{line.removesuffix(', ')}]"]
    return [*lines, f"    {line.rstrip()}", "]"]
