"""The main job without a screen: strokes, train, apply, objects, table, classes, compare."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.jobs import IDLE, Job
from brushwood.samples.catalog import load
from brushwood.samples.demo_files import MAPS, targets, write
from brushwood.samples.demo_objects import TASKS, ObjectResults, classify_objects, find_objects
from brushwood.samples.sample import Sample
from brushwood.samples.scores import PixelAgreement, compare

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
    agreement : PixelAgreement or None
        On the pixels that were not painted; None where there is no truth.
    seconds : mapping of stage to float
        Wall time of load, device (finding it), train, apply, objects (splitting, measuring and
        classifying them, if the sample has some) and write, in the order of running. Train holds
        the compilation of kernels when it is the first work of the process.
    files : mapping of content to path
        ``image``, ``annotation``, ``classes``, ``probabilities``, ``uncertainty``, ``model``,
        ``overview``; ``objects`` and ``table`` if there are objects, ``object_classes`` and
        ``object_model`` if they were classified.
    objects : ObjectResults or None
        What was found out about objects; None for samples without.
    """

    sample: Sample
    device: str
    annotated: Mapping[int, int]
    agreement: PixelAgreement | None
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
        if self.agreement is None:
            lines.append("  truth     none, nobody outlined this image")
        else:
            each = ", ".join(f"{names[k]} {v:.3f}" for k, v in self.agreement.jaccard.items())
            where = f"{self.agreement.n_pixels} pixels that were not painted"
            lines.append(f"  Jaccard   mean {self.agreement.mean_jaccard:.3f} ({each})")
            lines.append(f"  accuracy  {self.agreement.accuracy:.3f} on {where}")
        if self.objects is not None:
            lines += self.objects.lines()
        return "\n".join([*lines, *(f"  wrote     {path}" for path in self.files.values())])


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
    agreement = _agreement(loaded, maps["classes"])
    objects = None
    if sample in TASKS:
        with _clock(seconds, "objects"):
            objects = _objects(loaded, maps["classes"], job.part(0.8, 0.9))
    job.checkpoint(0.9, "write")
    with _clock(seconds, "write"):
        write(loaded, classifier, maps, agreement, objects, files, overwrite)
    job.checkpoint(1.0, "done")
    return DemoReport(
        sample=loaded,
        device=str(chosen),
        annotated={k: int((loaded.annotation == k).sum()) for k in loaded.class_names},
        agreement=agreement,
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


def _agreement(sample: Sample, classes: Any) -> PixelAgreement | None:
    """Compare with the truth where it is known, on pixels that were not painted."""
    if sample.truth_classes is None:
        return None
    return compare(np.asarray(sample.truth_classes), np.asarray(classes), sample.annotation)
