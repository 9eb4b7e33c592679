"""The chain of one input into new files: small results are written whole, large ones in pieces."""

import errno
import os
import shutil
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.batch.chain import ArraySpec, ChainResult, planned_outputs, run_chain
from brushwood.batch.models import Models
from brushwood.batch.recipe import Recipe
from brushwood.io.atomic import output_error
from brushwood.io.images import ImageFile, create_image
from brushwood.jobs import Job
from brushwood.workers import Workers

#: Results of an image that are kept in memory until they are complete. Files are the same.
_WHOLE_BYTES = 128 << 20
#: Part of the progress that computing takes.
_COMPUTED = 0.9


@dataclass(frozen=True, slots=True)
class Staging:
    """Where the results of one input are put together.

    Attributes
    ----------
    work : Path
        Folder for the files, which are complete when `run` returns.
    outputs : mapping of str to Path
        Where they go later; only the names count here.
    workers : Workers
    """

    work: Path
    outputs: Any
    workers: Workers

    def run(
        self, recipe: Recipe, models: Models, image: ImageFile, name: str, job: Job
    ) -> ChainResult:
        """Do the chain and write the images that it saves.

        Raises
        ------
        BrushwoodError, OSError
        Cancelled
        """
        specs = planned_outputs(recipe, image, models)
        needed = sum(spec.n_bytes for spec in specs.values())
        self._check_room(needed, recipe)
        scratch = self.work / "scratch"
        scratch.mkdir()
        is_whole = needed <= _WHOLE_BYTES and not self.workers.is_remote
        with ExitStack() as stack:
            arrays: dict[str, Any] = {
                key: np.zeros(spec.shape, spec.dtype)
                if is_whole
                else stack.enter_context(
                    self._created(key, spec, image, spec.dtype, job.part(_COMPUTED, 1.0))
                )
                for key, spec in specs.items()
            }
            result = run_chain(
                recipe,
                image,
                models,
                arrays,
                name=name,
                scratch=scratch,
                workers=self.workers,
                job=job.part(0.0, _COMPUTED),
            )
        if is_whole:
            for key, spec in specs.items():
                job.checkpoint(_COMPUTED, "Writing")
                self._write(key, spec, image, arrays[key], job.part(_COMPUTED, 1.0))
        return result

    def _write(
        self, key: str, spec: ArraySpec, image: ImageFile, values: npt.NDArray[Any], job: Job
    ) -> None:
        dtype = spec.dtype
        if key == "objects" and self.outputs[key].suffix == ".tif":
            # What the file would be narrowed to afterwards.
            dtype = _narrowest(values)
        with self._created(key, spec, image, dtype, job) as out:
            out[...] = values

    def _created(
        self, key: str, spec: ArraySpec, image: ImageFile, dtype: np.dtype[Any], job: Job
    ) -> AbstractContextManager[Any]:
        return create_image(
            self.work / self.outputs[key].name,
            spec.shape,
            dtype,
            spec.axes,
            image.scale,
            image.unit,
            channel_names=spec.channel_names,
            time_step=image.time_step,
            time_unit=image.time_unit,
            labels=key == "objects",
            workers=self.workers,
            job=job,
        )

    def _check_room(self, needed: int, recipe: Recipe) -> None:
        """Refuse to compute what has no room; compressed files may need less."""
        if recipe.image_format != "tiff" or needed <= shutil.disk_usage(self.work).free:
            return
        target = next(iter(self.outputs.values()))
        raise output_error(target, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def _narrowest(labels: npt.NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(np.uint16 if int(labels.max(initial=0)) <= 65535 else np.uint32)
