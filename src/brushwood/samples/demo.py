"""The main job without a screen: strokes, train, apply, objects, table, classes, compare."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.jobs import IDLE, Job
from brushwood.samples.catalog import load
from brushwood.samples.demo_evaluation import DemoEvaluation, evaluate_demo
from brushwood.samples.demo_files import MAPS, targets, write
from brushwood.samples.demo_objects import TASKS, ObjectResults, classify_objects, find_objects
from brushwood.samples.sample import Sample

if TYPE_CHECKING:
    from brushwood.pixels.classifier import PixelClassifier

#: What the demo runs on when nobody chose: a real photograph, simulated nuclei, and shapes to tell
#: apart.
DEMO_SAMPLES = ("coins", "nuclei_2d", "round_and_elongated_blobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """What one run of the demo did.

    Attributes
    ----------
    sample : Sample
    device : str
        The OpenCL device, with its kind.
    annotated : mapping of class id to int
        Painted pixels.
    evaluation : DemoEvaluation
        How good it is: against the truth, and on held-out strokes.
    seconds : mapping of stage to float
        Wall time of load, device (finding it), train, apply, objects (splitting, measuring and
        classifying them, if the sample has some), evaluate and write, in the order of running.
        Train holds the compilation of kernels when it is the first work of the process.
    files : mapping of content to path
        ``image``, ``annotation``, ``classes``, ``probabilities``, ``uncertainty``, ``model``,
        ``overview``, ``evaluation``; ``objects`` and ``table`` if there are objects,
        ``object_classes`` and ``object_model`` if they were classified.
    objects : ObjectResults or None
        What was found out about objects; None for samples without.
    """

    sample: Sample
    device: str
    annotated: Mapping[int, int]
    evaluation: DemoEvaluation
    seconds: Mapping[str, float]
    files: Mapping[str, Path]
    objects: ObjectResults | None = None

    def text(self) -> str:
        """Return the report as lines for a terminal."""
        names = self.sample.class_names
        size = " × ".join(str(n) for n in self.sample.image.shape)
        painted = ", ".join(f"{names[k]} {n} px" for k, n in self.annotated.items())
        times = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in self.seconds.items())
        lines = [
            f"{self.sample.title}: {size} {self.sample.image.dtype}",
            f"  source    {self.sample.source}",
            f"  device    {self.device}",
            f"  strokes   {painted}",
            f"  times     {times}",
        ]
        if self.objects is not None:
            lines += self.objects.lines()
        lines += [f"  wrote     {path}" for path in self.files.values()]
        return "\n".join([*lines, *self.evaluation.lines()])


def run_demo(
    out: Path | str,
    device: str | None = None,
    sample: str = DEMO_SAMPLES[0],
    *,
    overwrite: bool = False,
    job: Job = IDLE,
) -> DemoReport:
    """Train on a sample's strokes with default settings, apply, write, and compare with the truth.

    Of some samples, the classes are turned into objects, measured, and the objects classified.

    Parameters
    ----------
    out : path
        Folder for the results; made if it does not exist.
    device : str, optional
        As `brushwood.opencl.choose_device`.
    sample : str
        One of `brushwood.samples.keys`.
    overwrite : bool
        Whether results of an earlier run may be replaced.
    job : Job

    Raises
    ------
    InputError
        If there is no such sample.
    OutputExistsError, OutputError
        If results exist already or cannot be written; nothing was computed then.
    NoDeviceError
        If there is no OpenCL device.
    """
    # Samples load without the engine; only the demo needs it.
    from brushwood.opencl import choose_device

    seconds: dict[str, float] = {}
    with _clock(seconds, "load"):
        loaded = load(sample)
    files = targets(Path(out), loaded, overwrite)
    with _clock(seconds, "device"):
        chosen = choose_device(device)
    with _clock(seconds, "train"):
        classifier = _trained(loaded, chosen, job.part(0.0, 0.3))
    with _clock(seconds, "apply"):
        maps = classifier.predict_maps(loaded.image, MAPS, job=job.part(0.3, 0.8))
    objects = None
    if sample in TASKS:
        with _clock(seconds, "objects"):
            objects = _objects(loaded, maps["classes"], job.part(0.8, 0.85))
    with _clock(seconds, "evaluate"):
        matching = objects.matching if objects is not None else None
        part = job.part(0.85, 0.95)
        evaluation = evaluate_demo(loaded, classifier, maps["classes"], matching, part)
    job.checkpoint(0.95, "write")
    with _clock(seconds, "write"):
        write(loaded, classifier, maps, evaluation, objects, files, overwrite)
    job.checkpoint(1.0, "done")
    return DemoReport(
        sample=loaded,
        device=str(chosen),
        annotated={k: int((loaded.annotation == k).sum()) for k in loaded.class_names},
        evaluation=evaluation,
        seconds=seconds,
        files=files,
        objects=objects,
    )


def _objects(sample: Sample, classes: Any, job: Job) -> ObjectResults:
    task = TASKS[sample.key]
    labels, table = find_objects(task, sample, classes, job.part(0, 0.5))
    return classify_objects(task, sample, labels, table, job.part(0.5, 1))


@contextmanager
def _clock(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Store the wall time of a block."""
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start


def _trained(sample: Sample, device: Any, job: Job) -> "PixelClassifier":
    """Fit a classifier with default settings."""
    from brushwood.pixels.classifier import PixelClassifier

    classifier = PixelClassifier(
        channel_axis=sample.channel_axis,
        ndim=sample.ndim,
        spacing=sample.spacing,
        class_names=sample.class_names,
        class_colors=sample.class_colors,
        device=device,
    )
    return classifier.fit(sample.image, sample.annotation, job=job)
