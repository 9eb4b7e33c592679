"""A plan as lines for people: how many files, how much disk, how long, what is wrong."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brushwood.batch.planned import Plan, PlannedFile

_SHOWN = 8


def plan_text(plan: "Plan") -> str:
    """Return a plan as lines for people."""
    lines = [_what(plan), f"Results go to {plan.out}: {_space(plan)}."]
    if plan.recipe_text:
        lines += ["", *plan.recipe_text.splitlines()]
    open_files = [file for file in plan.files if file.is_open]
    if open_files:
        lines += ["", f"For example {open_files[0].source}:"]
        lines += [f"  {key}: {path}" for key, path in open_files[0].outputs.items()]
        large = [file for file in open_files if file.is_large]
        lines += _named("In parts, shared by all workers, for their size:", large)
    stops = [problem.text for problem in plan.problems if problem.stops]
    others = [problem.text for problem in plan.problems if not problem.stops]
    lines += _listed("The run cannot start:", stops)
    lines += _listed("Worth knowing:" if plan.can_start else "Besides:", others)
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Return a time as people say it, for example ``"3 min 20 s"``."""
    whole = max(round(seconds), 0)
    if whole < 1:
        return "less than a second"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    hours = f"{whole // 3600} h"
    return hours + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")


def size(n: float) -> str:
    """Return a number of bytes as people read it, for example ``"23.5 GiB"``."""
    if n < 1024:
        return f"{n:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        n /= 1024
        if n < 1024:
            return f"{n:.1f} {unit}"
    return f"{n / 1024:.1f} TiB"


def _what(plan: "Plan") -> str:
    files = plan.files
    n_open = sum(file.is_open for file in files)
    n_complete = sum(file.is_complete for file in files)
    n_bad = sum(bool(file.problem) for file in files)
    parts = [f"{n_open} of {len(files)} image{'s' * (len(files) != 1)} to do"]
    if n_complete:
        parts.append(f"{n_complete} complete already")
    if n_bad:
        parts.append(f"{n_bad} that cannot be done")
    who = f" with {plan.workers}" if plan.workers else ""
    return f"{', '.join(parts)}; about {duration(plan.seconds)}{who}."


def _space(plan: "Plan") -> str:
    free = "" if plan.free is None else f", {size(plan.free)} are free"
    return f"up to {size(plan.bytes)} are needed{free}"


def _named(title: str, files: "Sequence[PlannedFile]") -> list[str]:
    return _listed(title, [file.name for file in files])


def _listed(title: str, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    more = [f"… and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return ["", title, *(f"  - {text}" for text in [*texts[:_SHOWN], *more])]
