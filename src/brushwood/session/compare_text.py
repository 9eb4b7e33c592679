"""Comparisons in words and numbers: what the window shows, and the script that does the same."""

from brushwood.evaluate.background import background_warning
from brushwood.session.compare_work import CompareRequest, ObjectsCompared, PixelsCompared
from brushwood.session.comparing import CompareReadiness, CompareState

Rows = tuple[tuple[str, str, str], ...]


def score_rows(done: PixelsCompared | ObjectsCompared) -> Rows:
    """Return the scores to show: name, value, and what it means."""
    return _pixel_rows(done) if isinstance(done, PixelsCompared) else _object_rows(done)


def _pixel_rows(done: PixelsCompared) -> Rows:
    scores, one = done.scores, done.scores.counts(done.class_id)
    name = scores.names.get(done.class_id, f"class {done.class_id}")
    return (
        (f"Jaccard, {name}", f"{one.jaccard:.3f}", "Pixels in both over pixels in either."),
        ("Jaccard, mean of classes", f"{scores.jaccard:.3f}", "Every class counts the same."),
        (
            "accuracy",
            f"{scores.accuracy:.3f}",
            "Share of pixels that are right; background counts as much as anything.",
        ),
        (
            "of all pixels true negatives",
            f"{one.true_negative_share:.3f}",
            f"Pixels that neither is {name}: what accuracy gets for nothing.",
        ),
        (
            "balanced accuracy",
            f"{scores.balanced_accuracy:.3f}",
            "Mean recall of the classes, so that a rare one counts as much as a common one.",
        ),
        (f"precision, {name}", f"{one.precision:.3f}", "Of what was found, the share that is."),
        (f"recall, {name}", f"{one.recall:.3f}", "Of what is there, the share that was found."),
        (
            f"specificity, {name}",
            f"{one.specificity:.3f}",
            "Of what is not there, the share that was left alone.",
        ),
        (f"F1 (Dice), {name}", f"{one.f1:.3f}", "Harmonic mean of precision and recall."),
        ("Cohen's kappa", f"{scores.kappa:.3f}", "Agreement beyond chance."),
        ("Matthews", f"{scores.matthews:.3f}", "Correlation of truth and prediction."),
    )


def _object_rows(done: ObjectsCompared) -> Rows:
    found = done.matching
    at = f"IoU ≥ {found.min_iou:g}"
    best = (
        "mean best IoU (recall side only)",
        f"{found.mean_best_iou:.3f}",
        "How well the annotated objects were segmented; extra objects cost nothing.",
    )
    recall = (f"recall, {at}", f"{found.recall:.3f}", "Share of true objects that were found.")
    if done.request.is_sparse:
        counts = f"{found.tp} of {found.n_truth}"
        return (best, recall, ("annotated objects found", counts, "At this threshold."))
    return (
        (f"F1, {at}", f"{found.f1:.3f}", "2 TP / (2 TP + FP + FN)."),
        (f"precision, {at}", f"{found.precision:.3f}", "Share of found objects that are right."),
        recall,
        (
            f"average precision, {at}",
            f"{found.average_precision:.3f}",
            "TP / (TP + FP + FN), what StarDist and Cellpose report.",
        ),
        (
            "DSB 2018 score",
            f"{done.dsb2018:.3f}",
            "Mean average precision over thresholds from 0.50 to 0.95.",
        ),
        ("panoptic quality", f"{found.panoptic_quality:.3f}", "How many, and how well, in one."),
        (
            "mean matched IoU",
            f"{found.mean_matched_score:.3f}",
            "How well the outlines of found objects fit.",
        ),
        ("mean true IoU", f"{found.mean_true_score:.3f}", "The same, missed objects counting 0."),
        best,
        (
            "aggregated Jaccard",
            f"{found.aggregated_jaccard:.3f}",
            "Jaccard of all objects together; extra objects cost.",
        ),
    )


def compared_sentence(done: PixelsCompared | ObjectsCompared) -> str:
    """Say the main result with what it was measured on."""
    if isinstance(done, PixelsCompared):
        scores = done.scores
        one = scores.counts(done.class_id)
        name = scores.names.get(done.class_id, f"class {done.class_id}")
        ignored = f", {scores.n_ignored:,} unknown left out" if scores.n_ignored else ""
        text = f"Jaccard {one.jaccard:.2f} for {name} on {scores.n_pixels:,} pixels{ignored}."
        return " ".join(part for part in (text, background_warning(scores, done.class_id)) if part)
    found = done.matching
    counts = f"{found.tp} of {found.n_truth} objects found"
    if done.request.is_sparse:
        return (
            f"{counts}; mean best IoU {found.mean_best_iou:.2f}. Only annotated objects count, so "
            "this says nothing about extra ones."
        )
    parts = [counts, f"{found.fn} missed", f"{found.fp} extra"]
    if len(found.split):
        parts.append(f"{len(found.split)} split")
    if len(found.merged):
        parts.append(f"{len(found.merged)} merged")
    if not found.n_truth or not found.n_prediction:
        empty = "truth" if not found.n_truth else "prediction"
        parts.append(f"the {empty} is empty")
    return f"{', '.join(parts)}. F1 {found.f1:.2f} at IoU ≥ {found.min_iou:g}."


def compare_step_text(done: PixelsCompared | ObjectsCompared) -> str:
    """Describe the state of this step in two words, for the guide."""
    if isinstance(done, PixelsCompared):
        return f"Jaccard {done.scores.counts(done.class_id).jaccard:.2f}"
    return f"F1 {done.matching.f1:.2f}"


def compare_script(state: CompareState, ready: CompareReadiness, request: CompareRequest) -> str:
    """Return a script that computes the same scores.

    Parameters
    ----------
    state : CompareState
    ready : CompareReadiness
    request : CompareRequest
        As the window would send it.
    """
    names = [layer.name if layer else "?" for layer in (ready.truth, ready.prediction)]
    head = (
        '"""Made by Brushwood: compare with ground truth."""\n\nimport tifffile\n\n'
        "import brushwood as bw\n\n"
        f"# {names[0]}, compared with {names[1]}\n"
        'truth = tifffile.imread("truth.tif")\nprediction = tifffile.imread("prediction.tif")\n'
    )
    if request.what == "pixels":
        ignore = 0 if request.zero_is_unknown else None
        region = ""
        if state.region is not None:
            head += 'region = tifffile.imread("region.tif")  # not 0 inside\n'
            region = ", region=region"
        return head + (
            f"\nscores = bw.compare_pixels(truth, prediction, ignore={ignore}{region})\n"
            "print(scores.table())\nprint(scores.accuracy, scores.jaccard)\n"
        )
    if state.region is not None:
        head += (
            'region = tifffile.imread("region.tif")  # not 0 inside\n'
            "truth, prediction = truth * (region != 0), prediction * (region != 0)\n"
        )
    ndim = f", ndim={request.ndim}" if ready.truth and request.ndim < len(ready.truth.shape) else ""
    score = "mean_best_iou" if request.is_sparse else "f1"
    return head + (
        f"\nfound = bw.match_objects(truth, prediction, min_iou={request.min_iou:g}{ndim})\n"
        f"print(found.scores())\nprint(found.{score}, found.missed, found.extra)\n"
    )
