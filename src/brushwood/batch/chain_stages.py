"""The stages of a recipe's chain; each fills arrays, and none depends on how work is divided."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.batch.chain_fit import Fit
from brushwood.batch.chain_maps import paint_classes
from brushwood.batch.chain_measure import image_of
from brushwood.jobs import Job
from brushwood.measure.parts import measure_in_parts
from brushwood.objects.parts import split_in_parts
from brushwood.objects.results import classified
from brushwood.objects.splitter import Splitter
from brushwood.objects.training import CLASS
from brushwood.pixels.parts import pixels_in_parts
from brushwood.workers import Workers

if TYPE_CHECKING:
    from pandas import DataFrame

#: Arrays on the way that are larger go to a file, if there is a place for it.
MEMORY_BYTES = 128 << 20
#: Images of more pixels are split in parts even by one worker, so that memory stays bounded.
SMALL_PIXELS = 64 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """Where arrays are, and who works on them.

    Attributes
    ----------
    out : mapping of str to array
    scratch : Path or None
    workers : Workers
    """

    out: Mapping[str, Any]
    scratch: Path | None
    workers: Workers

    @property
    def in_parts(self) -> bool:
        """Whether several workers share each stage."""
        return self.workers.n > 1 or self.workers.is_remote

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Yield a folder for what is found on the way."""
        if self.scratch is not None:
            yield self.scratch
            return
        with tempfile.TemporaryDirectory(prefix="brushwood-") as folder:
            yield Path(folder)

    def array(self, name: str, fit: Fit) -> Any:
        """Return the array for a result: where it is saved, or one on the way."""
        if name in self.out:
            return self.out[name]
        from brushwood.batch.chain import spec_of

        spec = spec_of(name, fit)
        keep = spec.n_bytes <= MEMORY_BYTES and not self.workers.is_remote
        if self.scratch is None or keep:
            return np.zeros(spec.shape, spec.dtype)
        return _on_disk(self.scratch / f"{name}.zarr", spec)


@contextmanager
def own_folder(scratch: Path | None) -> Iterator[Path | None]:
    """Yield a new folder in a folder, and remove it with what is in it."""
    if scratch is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="chain-", dir=scratch) as folder:
        yield Path(folder)


def _on_disk(path: Path, spec: Any) -> Any:
    import zarr

    from brushwood.io.atomic import translated

    space = (32, 256, 256) if len(spec.axes) > 2 and spec.axes[-3] in "zq" else (512, 512)
    chunks = (1,) * (len(spec.shape) - len(space)) + space
    with translated(path):
        return zarr.create_array(
            str(path),
            shape=spec.shape,
            dtype=spec.dtype,
            chunks=tuple(min(c, n) for c, n in zip(chunks, spec.shape, strict=True)),
            fill_value=0,
        )


def shares(fit: Fit) -> tuple[float, ...]:
    """Return how far the whole is after each stage, roughly as they take time."""
    recipe = fit.recipe
    costs = [
        10.0,
        0.1,
        2.0 if recipe.objects else 0.0,
        3.0 if recipe.measure or recipe.classify else 0.0,
        0.3 if recipe.classify else 0.0,
        0.5 if recipe.evaluate else 0.0,
    ]
    ends = np.cumsum(costs) / sum(costs)
    return tuple(float(end) for end in ends)


def classify_pixels(fit: Fit, place: Place, job: Job) -> dict[str, Any]:
    """Compute the maps that are saved or worked on."""
    names = fit.needed
    if not names:
        return {}
    arrays = {name: place.array(name, fit) for name in names}
    return pixels_in_parts(fit.classifier, fit.source, arrays, workers=place.workers, job=job)


def make_objects(fit: Fit, place: Place, pixels: Mapping[str, Any], job: Job) -> tuple[Any, int]:
    """Make the objects; return their image and how many there are."""
    out = place.array("objects", fit)
    work = splitter_of(fit, pixels)
    if not place.in_parts and fit.n_pixels <= SMALL_PIXELS:
        return out, len(work.run(out, job))
    with place.folder() as scratch:
        found = split_in_parts(work, out, scratch=scratch, workers=place.workers, job=job)
    return out, len(found)


def splitter_of(fit: Fit, pixels: Mapping[str, Any]) -> Splitter:
    """Return the work of making objects."""
    step = fit.recipe.objects
    assert step is not None
    if step.source == "classes":
        source = ImageSource.of(pixels["classes"], ndim=fit.ndim)
    else:
        ids = fit.classifier.classes_.tolist()
        channel = ids.index((step.foreground or ids)[0])
        source = ImageSource.of(
            pixels["probabilities"], channel_axis=0, ndim=fit.ndim, channels=[channel]
        )
    return Splitter.of(
        source,
        step.foreground,
        step.params,
        image=fit.landscape(),
        spacing=fit.spacing,
        ndim=fit.ndim,
    )


def measure_objects(
    fit: Fit,
    place: Place,
    found: Mapping[str, Any],
    options: Mapping[str, Any],
    job: Job,
) -> "DataFrame":
    """Measure the objects."""
    chances = found.get("probabilities") if fit.measures_probabilities else None
    return measure_in_parts(
        found["objects"],
        image_of(fit),
        probabilities=chances,
        **options,
        workers=place.workers,
        job=job,
    )


def classify_objects(
    fit: Fit, place: Place, objects: Any, table: "DataFrame", job: Job
) -> "tuple[DataFrame, dict[str, int]]":
    """Add classes to the table, paint them, and count the objects of each."""
    model = fit.models.objects
    assert model is not None
    found = classified(model, table, job=job.part(0.0, 0.5))
    if "object_classes" in place.out:
        out = place.out["object_classes"]
        paint_classes(objects, found, out, fit.ndim, place.workers, job.part(0.5, 1.0))
    counts = found[CLASS].value_counts()
    return found, {str(i): int(counts.get(i, 0)) for i in model.classes_.tolist()}


def named(table: "DataFrame", name: str) -> "DataFrame":
    """Return a table with the image's name as its first column."""
    with_name = table.copy(deep=False)
    with_name.attrs = dict(table.attrs)
    with_name.insert(0, "image", name)
    return with_name


def notes_on(fit: Fit, table: "DataFrame | None" = None) -> tuple[str, ...]:
    """Return what the user should know about the results, a sentence each."""
    found = []
    name = fit.image.name
    if fit.classifier.features_.units != "px" and fit.models.spacing_for(fit.image) is None:
        found.append(f"{name} has no pixel size; that of the training was used.")
    if table is not None and not len(table):
        found.append("There are no objects.")
    elif table is not None and fit.models.objects is not None:
        for column, n in fit.models.objects.missing(table).items():
            objects = "1 object has" if n == 1 else f"{n:,} objects have"
            found.append(f"{objects} no number in {column}; the median of the training stands in.")
    return tuple(found)
