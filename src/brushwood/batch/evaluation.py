"""Compare a folder of predictions with a folder of truths, and write what came out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from brushwood import __version__
from brushwood.errors import BrushwoodError, InputError
from brushwood.evaluate.dataset import MAIN, Dataset, ImageScores, What
from brushwood.evaluate.match import Matching, check_threshold, match_objects
from brushwood.evaluate.pairs import NamePairs, match_names
from brushwood.evaluate.pixels import compare_pixels
from brushwood.evaluate.relabel import class_problem, relabelled
from brushwood.evaluate.report import WorstCase, render
from brushwood.evaluate.scores import PixelScores
from brushwood.evaluate.thumbnails import object_picture, pixel_picture
from brushwood.io.atomic import check_target, replacing, translated
from brushwood.io.images import ImageFile, find_images, read_image
from brushwood.io.tables import write_table
from brushwood.jobs import IDLE, Job

Wish: TypeAlias = Literal["pixels", "objects", "auto"]

#: Files that an evaluation writes.
SCORES, SUMMARY, REPORT = "scores.csv", "scores.json", "report.html"
#: More different values than this in a truth are taken for objects when nobody says.
_MOST_CLASSES = 16
_WORST = 6


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """Scores of the images of two folders, and pictures of the worst.

    Attributes
    ----------
    dataset : Dataset
    worst : tuple of WorstCase
    truth, prediction : Path
    """

    dataset: Dataset
    worst: tuple[WorstCase, ...]
    truth: Path
    prediction: Path

    def text(self) -> str:
        """Return the main numbers as lines for a terminal."""
        data = self.dataset
        means = data.means()
        n = len(data.compared)
        lines = [f"{n} image{'s' * (n != 1)} compared, {data.what}"]
        lines += [f"  {name.replace('_', ' '):20} {v.text()}" for name, v in means.items()]
        lines += [f"  not compared: {i.name}: {i.problem}" for i in data.images if not i.found]
        lines += [f"  {i.name}: {i.note}" for i in data.compared if i.note]
        if data.mismatches:
            lines.append(f"  without a partner: {data.mismatches}")
        return "\n".join(lines)


def evaluate_files(
    truth: str | Path,
    prediction: str | Path,
    *,
    what: Wish = "auto",
    min_iou: float = 0.5,
    ignore: int | None = 0,
    classes: Mapping[int, int] | None = None,
    job: Job = IDLE,
) -> Evaluation:
    """Compare predictions with truths: two folders, matched by name, or two files.

    Parameters
    ----------
    truth, prediction : path
        Two folders of images, or two images. Words such as ``_mask`` at the end of names do not
        matter.
    what : {"auto", "pixels", "objects"}
        Compare class ids pixel by pixel, or match labelled objects. "auto" takes truths with more
        than 16 different values for objects.
    min_iou : float
        Objects match from this intersection over union on.
    ignore : int or None
        Value of a truth that means *unknown*; only for pixels.
    classes : mapping of int to int, optional
        Class ids of predictions that are renumbered before they are compared.
    job : Job

    Returns
    -------
    Evaluation
        An image that cannot be compared has a row that says why; it never stops the others.

    Raises
    ------
    InputError
        If the folders have no name in common, a path does not exist, or the threshold makes no
        sense.
    """
    check_threshold(min_iou)
    left, right = Path(truth), Path(prediction)
    names = _pairs(left, right)
    folders = (left, right) if left.is_dir() else (left.parent, right.parent)
    paths = [(name, folders[0] / a, folders[1] / b) for name, a, b in names.pairs]
    chosen = _guess(paths) if what == "auto" else what
    images: list[ImageScores] = []
    for number, (name, *pair) in enumerate(paths):
        part = job.part(number / len(paths), (number + 1) / len(paths))
        part.checkpoint(0.0, name)
        images.append(_compared(name, (pair[0], pair[1]), chosen, min_iou, ignore, classes, part))
    settings: dict[str, Any] = {"what": chosen}
    if chosen == "objects":
        settings["objects match from IoU"] = min_iou
    else:
        settings["value for unknown"] = "none" if ignore is None else ignore
    dataset = Dataset(chosen, tuple(images), names.note(), settings)
    by_name = {name: (a, b) for name, a, b in paths}
    worst = _pictures(dataset, by_name, ignore, classes)
    return Evaluation(dataset, worst, left, right)


def write_evaluation(
    evaluation: Evaluation, folder: str | Path, *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write scores as CSV and JSON, and a report as one HTML file.

    Parameters
    ----------
    evaluation : Evaluation
    folder : path
        Made if it does not exist.
    overwrite : bool

    Returns
    -------
    tuple of Path

    Raises
    ------
    OutputExistsError, OutputError
        If a file stands there, or cannot be written; checked before the first is written.
    MissingPackageError
        If a package for reports is not installed.
    """
    out = Path(folder)
    targets = tuple(out / name for name in (SCORES, SUMMARY, REPORT))
    about = {
        "truth": str(evaluation.truth),
        "prediction": str(evaluation.prediction),
        "made": f"{date.today().isoformat()} with Brushwood {__version__}",
    }
    page = render(evaluation.dataset, worst=evaluation.worst, about=about)
    summary = json.dumps(evaluation.dataset.to_json(), indent=1, ensure_ascii=False)
    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
    check_evaluation_targets(out, overwrite=overwrite)
    write_table(evaluation.dataset.table(), targets[0], overwrite=overwrite)
    for target, text in zip(targets[1:], (summary, page), strict=True):
        with replacing(target, overwrite=overwrite) as temporary, translated(target):
            temporary.write_text(text, "utf-8")
    return targets


def check_evaluation_targets(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder in which results stand already.

    Raises
    ------
    OutputExistsError, OutputError
    """
    if folder.exists():
        for name in (SCORES, SUMMARY, REPORT):
            check_target(folder / name, overwrite=overwrite)


def _pairs(left: Path, right: Path) -> NamePairs:
    for path in (left, right):
        if not path.exists():
            raise InputError(f"There is no {str(path)!r}. Check the path.")
    folders = [path for path in (left, right) if _is_folder(path)]
    if len(folders) == 1:
        raise InputError(
            f"{str(folders[0])!r} is a folder, but the other is not. "
            "Give two folders or two images."
        )
    if not folders:
        return NamePairs(((left.stem, left.name, right.name),), (), ())
    names = [[path.name for path in find_images(folder)] for folder in (left, right)]
    for folder, found in zip((left, right), names, strict=True):
        if not found:
            raise InputError(f"There are no images in {str(folder)!r}. Check the path.")
    return match_names(*names)


def _is_folder(path: Path) -> bool:
    from brushwood.io.images import is_zarr

    return path.is_dir() and not is_zarr(path)


def _guess(paths: list[tuple[str, Path, Path]]) -> What:
    """Look at the truths until one can be read."""
    for _, path, _ in paths:
        try:
            with read_image(path) as image:
                some = np.asarray(image.data[(..., *[slice(0, 2048)] * 2)])
        except BrushwoodError:
            continue
        return "objects" if len(np.unique(some)) > _MOST_CLASSES else "pixels"
    return "pixels"


def _compared(
    name: str,
    paths: tuple[Path, Path],
    what: What,
    min_iou: float,
    ignore: int | None,
    classes: Mapping[int, int] | None,
    job: Job,
) -> ImageScores:
    try:
        with read_image(paths[0]) as truth, read_image(paths[1]) as prediction:
            return scores_of(
                name, truth, prediction, what, min_iou=min_iou, ignore=ignore, classes=classes,
                job=job,
            )  # fmt: skip
    except BrushwoodError as error:
        return ImageScores(name, None, problem=str(error))
    except (OSError, MemoryError) as error:
        return ImageScores(name, None, problem=f"It cannot be read: {error}")


def scores_of(
    name: str,
    truth: ImageFile,
    prediction: ImageFile,
    what: What,
    *,
    min_iou: float = 0.5,
    ignore: int | None = 0,
    classes: Mapping[int, int] | None = None,
    job: Job = IDLE,
) -> ImageScores:
    """Compare one prediction with its truth; parameters as `evaluate_files`.

    Raises
    ------
    BrushwoodError
        If they cannot be compared.
    """
    _check_scale(truth, prediction)
    if what == "objects":
        ndim = truth.ndim if truth.data.ndim > truth.ndim else None
        matching = match_objects(truth.data, prediction.data, min_iou=min_iou, ndim=ndim, job=job)
        return ImageScores(name, matching, note=_empty_note(matching))
    given = relabelled(prediction.data, classes)
    scores = compare_pixels(truth.data, given, ignore=ignore, job=job)
    return ImageScores(name, scores, note=class_problem(scores))


def _check_scale(truth: ImageFile, prediction: ImageFile) -> None:
    """Refuse images whose pixels are known to differ in size."""
    if truth.unit != prediction.unit:
        return
    for axis in set(truth.scale) & set(prediction.scale):
        a, b = truth.scale[axis], prediction.scale[axis]
        if abs(a - b) > 1e-3 * max(abs(a), abs(b)):
            raise InputError(
                f"The pixels differ in size along {axis}: {a:g} {truth.unit or ''} in the truth, "
                f"{b:g} in the prediction. Rescale one of them, or correct its calibration."
            )


def _empty_note(found: Matching) -> str:
    if not found.n_truth and not found.n_prediction:
        return "Truth and prediction are both empty; scores are 0 by definition."
    if not found.n_truth:
        return "The truth is empty; everything found counts as extra."
    return "" if found.n_prediction else "The prediction is empty; everything was missed."


def _pictures(
    dataset: Dataset,
    paths: Mapping[str, tuple[Path, Path]],
    ignore: int | None,
    classes: Mapping[int, int] | None,
) -> tuple[WorstCase, ...]:
    cases = []
    for image in dataset.worst(_WORST):
        score = float(image.row(dataset.what)[MAIN[dataset.what]])
        if score >= 1:
            continue
        with read_image(paths[image.name][0]) as truth, read_image(paths[image.name][1]) as found:
            if isinstance(image.found, PixelScores):
                given = relabelled(found.data, classes)
                picture = pixel_picture(truth.data, given, ignore=ignore)
            elif isinstance(image.found, Matching):
                picture = object_picture(truth.data, found.data, image.found)
        cases.append(WorstCase(image.name, score, picture))
    return tuple(cases)
