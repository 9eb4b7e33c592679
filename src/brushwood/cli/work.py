"""One image of ``brushwood apply``: open it, classify it, write its maps as they come."""

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.batch.misfits import named_classes
from brushwood.cli.console import say
from brushwood.errors import BrushwoodError, FeatureMismatchError
from brushwood.io.atomic import is_full, output_error
from brushwood.io.images import ImageFile, create_image
from brushwood.io.inputs import InputRef
from brushwood.jobs import Job
from brushwood.models import load
from brushwood.opencl import Device
from brushwood.pixels.classifier import PixelClassifier


class Models:
    """A model ready for images of any pixel size; threads share it.

    Parameters
    ----------
    path : path
        ``.brushwood`` file.
    device : Device
    """

    def __init__(self, path: str | Path, device: Device) -> None:
        self.device = device
        self._path = path
        self._lock = threading.Lock()
        self.base = self._load()
        self._by_spacing: dict[tuple[float, ...], PixelClassifier] = {}
        self._has_warned = False

    def get(self, image: ImageFile) -> PixelClassifier:
        """Return the model for an image; filters in physical units follow its pixel size."""
        if self.base.features_.units == "px":
            return self.base
        spacing = image.spacing_of(self.base.ndim_)
        with self._lock:
            if spacing is None:
                if not self._has_warned:
                    say(f"Warning: {image.name} has no pixel size; that of the training is used.")
                    self._has_warned = True
                return self.base
            if spacing not in self._by_spacing:
                self._by_spacing[spacing] = self._load().set_params(spacing=spacing)
            return self._by_spacing[spacing]

    def _load(self) -> PixelClassifier:
        model = load(self._path, PixelClassifier).set_params(device=self.device)
        model.predictor()
        return model


@dataclass(frozen=True)
class Task:
    """An image and where its maps go, by output."""

    image: InputRef
    targets: Mapping[str, Path]

    def run(self, models: Models, *, channel_axis: int | None, overwrite: bool, job: Job) -> None:
        """Classify the image. Maps appear only when all of them are complete.

        Raises
        ------
        BrushwoodError
            Naming what is wrong with this image.
        Cancelled
        """
        job.checkpoint(0.0, self.image.name)
        report = job.on_progress
        job = replace(job, on_progress=lambda part, _: report(part, self.image.name))
        try:
            with self.image.open() as image:
                self._classify(image, models.get(image), channel_axis, overwrite, job)
        except BrushwoodError:
            raise
        except MemoryError as error:
            raise BrushwoodError(
                "There is not enough memory for this image. Save it as OME-Zarr or uncompressed "
                "TIFF, which are read piece by piece."
            ) from error
        except OSError as error:
            target = next(iter(self.targets.values()))
            if is_full(error):
                raise output_error(target, error) from error
            raise BrushwoodError(f"Reading or writing failed: {error}. Try again.") from error

    def _classify(
        self,
        image: ImageFile,
        model: PixelClassifier,
        channel_axis: int | None,
        overwrite: bool,
        job: Job,
    ) -> None:
        axis = axis_of(image, model, channel_axis)
        source = source_for(image, model, axis)
        shape = (*source.frames, *source.shape)
        axes = image.axes_of_maps(axis)
        with ExitStack() as stack:
            arrays = {}
            for output, target in self.targets.items():
                lead = output == "probabilities"
                arrays[output] = stack.enter_context(
                    create_image(
                        target,
                        (len(model.classes_), *shape) if lead else shape,
                        dtype_of(output, model),
                        f"c{axes}" if lead else axes,
                        image.scale,
                        image.unit,
                        channel_names=(named_classes(model) or ()) if lead else (),
                        time_step=image.time_step,
                        time_unit=image.time_unit,
                        overwrite=overwrite,
                        job=job.part(0.95, 1.0),
                    )
                )
            model.predict_maps(source, tuple(arrays), out=arrays, job=job.part(0.0, 0.95))


def dtype_of(output: str, model: PixelClassifier) -> np.dtype[Any]:
    """Return the type of a map's numbers."""
    if output != "classes":
        return np.dtype(np.float32)
    return np.dtype(np.uint8 if model.classes_.max() <= 255 else np.uint16)


def axis_of(image: ImageFile, model: PixelClassifier, wish: int | None) -> int | None:
    """Return the axis of channels: as asked for, as the file says, or as in training."""
    if wish is not None:
        return wish
    if image.channel_axis is not None or model.n_channels_ == 1:
        return image.channel_axis
    known = model.channel_axis
    is_unknown = set(image.axes) <= set("qyx") and len(image.axes) > model.ndim_
    if known is not None and is_unknown and -len(image.axes) <= known < len(image.axes):
        return known
    return None


def source_for(image: ImageFile, model: PixelClassifier, axis: int | None) -> ImageSource:
    """Return an image as a model needs it.

    Raises
    ------
    FeatureMismatchError
        If it has no depth that the model asks for, or other channels.
    """
    space = image.axes_of_maps(axis)
    if model.ndim_ == 3 and (len(space) < 3 or space[-3] not in "zq"):
        raise FeatureMismatchError(
            f"The model was trained on stacks with the axes z, y, x, but this image has the axes "
            f"{image.axes!r}. Apply it to stacks, or train a 2-D model."
        )
    source = ImageSource.of(image.data, channel_axis=axis, ndim=model.ndim_)
    if source.n_channels != model.n_channels_:
        raise FeatureMismatchError(
            f"The model was trained on {model.n_channels_} channel(s), but this image has "
            f"{source.n_channels} (shape {tuple(image.data.shape)}, axes {image.axes!r}). Choose "
            "images with the same channels in the same order, name their axis with "
            "--channel-axis, or train a new model."
        )
    return source
