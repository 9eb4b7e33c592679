"""A batch in words: what is added, what is planned, how far it is, how it ended."""

from collections.abc import Mapping

from brushwood.batch.plan_text import duration, size
from brushwood.session.batch_events import EndTold, PlanTold

#: What results are called, and what they are.
SAVE_TITLES = {
    "classes": ("classes", "An image with the class of each pixel."),
    "probabilities": ("probabilities", "An image with a plane a class, from 0 to 1."),
    "uncertainty": ("uncertainty", "An image that says where the classifier hesitates."),
    "objects": ("objects", "An image with a number for each object."),
    "object_classes": ("classes of objects", "An image with the class of each object."),
    "table": ("table", "A row an object with its measurements, and its class if there is one."),
}
#: Advice of the command line, and what it is called here.
_ADVICE = {
    "add --resume to do only what is missing, or add --overwrite": "or choose under Existing "
    "(section 3) what to do with them",
    "add --resume to do only what is missing": "choose to keep complete results (section 3)",
    "add --overwrite to": "choose under Existing (section 3) to replace it, to",
    "add --overwrite": "choose under Existing (section 3) to replace them",
}
#: States as the list shows them.
STATE_WORDS = {
    "waiting": "waiting",
    "running": "running",
    "done": "done",
    "skipped": "done before",
    "failed": "failed",
    "cancelled": "stopped",
}


def count(n: int, noun: str) -> str:
    """Write a number of things: ``1 image``, ``2,000 images``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def about(seconds: float) -> str:
    """Write an estimated time: ``about 3 min``, ``less than a second``."""
    text = duration(seconds)
    return text if text.startswith("less") else f"about {text}"


def sources_text(n_images: int, n_bytes: int, n_unreadable: int = 0) -> str:
    """Describe what was added: ``48 images, 1.2 GiB, 1 cannot be read``."""
    parts = [count(n_images, "image"), size(n_bytes)]
    if n_unreadable:
        parts.append(f"{n_unreadable:,} cannot be read")
    return ", ".join(parts)


def plan_sentence(plan: PlanTold) -> str:
    """Describe a plan in a line: ``46 of 48 images · up to 1.2 GiB, 30 GiB free · about 3 min``."""
    todo = sum(file.state == "waiting" and not file.problem for file in plan.files)
    before = sum(file.state == "skipped" for file in plan.files)
    parts = [f"{todo:,} of {count(len(plan.files), 'image')} to do"]
    if before:
        parts.append(f"{before:,} done before")
    if todo:
        free = "" if plan.free is None else f", {size(plan.free)} free"
        parts += [f"needs up to {size(plan.n_bytes)}{free}", about(plan.seconds)]
    return " · ".join(parts)


def running_sentence(counts: Mapping[str, int], n: int, left: float | None) -> str:
    """Describe a run: ``12 of 48 images done, 1 failed · about 2 min left``."""
    done = counts.get("done", 0) + counts.get("skipped", 0)
    parts = [f"{done:,} of {count(n, 'image')} done"]
    if counts.get("failed"):
        parts[0] += f", {counts['failed']:,} failed"
    if left is not None:
        parts.append(f"{about(left)} left")
    return " · ".join(parts)


def end_sentence(end: EndTold, n: int) -> str:
    """Say how a run ended, and what to do next."""
    fine = end.done + end.skipped
    took = f" in {duration(end.seconds)}" if end.seconds else ""
    said = for_window(" ".join(end.problems))
    if end.state == "cancelled":
        text = f"Stopped: {fine:,} of {count(n, 'image')} are done. Resume goes on with the others."
        return f"{said} {text}".strip()
    if end.failed:
        text = (
            f"{fine:,} of {count(n, 'image')} done{took}, {end.failed:,} failed: the list says "
            "why. Mend them, then Resume does only these."
        )
        return f"{said} {text}".strip()
    if end.state == "failed":
        return said or "The run ended early. Point at a file to read why, then press Resume."
    before = f" ({end.skipped:,} of them before)" if end.skipped else ""
    return f"{count(fine, 'image')} done{before}{took}. Double-click one to look at it."


def end_step_text(end: EndTold, n: int) -> str:
    """Describe an ended run for the guide: ``48 images done``."""
    fine = end.done + end.skipped
    if end.failed:
        return f"{fine:,} done, {end.failed:,} failed"
    return f"{count(fine, 'image')} done" if fine == n else f"{fine:,} of {n:,} done"


def died_sentence(code: int, log: list[str]) -> str:
    """Say that the process of a run ended without a word, with what it last said."""
    said = next((line.strip() for line in reversed(log) if line.strip()), "")
    how = "was stopped by the system" if code < 0 else f"ended with code {code}"
    because = f" It said: {said}" if said else ""
    return (
        f"The process of the batch {how} before it was done.{because} What is done is kept: Resume "
        "goes on with the others."
    )


def for_window(text: str) -> str:
    """Say in the window's words what a message of the command line advises."""
    for words, here in _ADVICE.items():
        text = text.replace(words, here)
    return text


def refused_sentence(code: int, log: list[str]) -> str:
    """Say why nothing could be planned, as the process said it."""
    said = [line.strip() for line in log if line.strip()]
    last = said[-1] if said else ""
    for start in ("brushwood run: ", "brushwood: "):
        last = last.removeprefix(start)
    return (
        for_window(last)
        or f"Planning ended with code {code} without a word. Try again, or report it."
    )
