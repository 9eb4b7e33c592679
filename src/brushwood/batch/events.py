"""What a run tells while it goes on, as values and as lines of JSON."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from brushwood.batch.planned import Plan
from brushwood.batch.records import FileRecord, RunReport


@dataclass(frozen=True, slots=True)
class PlanMade:
    """The first event: what will be done."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class FileChanged:
    """A file began, went on, or ended.

    Attributes
    ----------
    record : FileRecord
    fraction : float
        Part that is done, in [0, 1].
    message : str
        What is being done.
    """

    record: FileRecord
    fraction: float = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True)
class OverallChanged:
    """The run went on.

    Attributes
    ----------
    fraction : float
        Part of all work that is done, in [0, 1].
    left : float or None
        Seconds still to go, None while that cannot be told.
    """

    fraction: float
    left: float | None = None


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The last event."""

    report: RunReport


Event: TypeAlias = PlanMade | FileChanged | OverallChanged | RunEnded


def to_json(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps(_values(event), ensure_ascii=True, allow_nan=False)


def _values(event: Event) -> dict[str, Any]:
    if isinstance(event, PlanMade):
        return {"event": "plan", **plan_values(event.plan)}
    if isinstance(event, FileChanged):
        fraction = round(event.fraction, 4)
        return {
            "event": "file",
            **event.record.to_json(),
            "fraction": fraction,
            "message": event.message,
        }
    if isinstance(event, OverallChanged):
        left = None if event.left is None else round(event.left, 1)
        return {"event": "overall", "fraction": round(event.fraction, 4), "left": left}
    return {"event": "end", **report_values(event.report)}


def plan_values(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain values."""
    return {
        "files": [
            {
                "path": file.source,
                "name": file.name,
                "outputs": {key: str(path) for key, path in file.outputs.items()},
                "state": "skipped" if file.is_complete else "waiting",
                "problem": file.problem,
                "shape": list(file.shape),
                "axes": file.axes,
                "bytes": file.bytes,
                "seconds": round(file.seconds, 2),
            }
            for file in plan.files
        ],
        "problems": [problem.to_json() for problem in plan.problems],
        "can_start": plan.can_start,
        "bytes": plan.bytes,
        "free": plan.free,
        "seconds": round(plan.seconds, 1),
        "text": plan.text(),
    }


def report_values(report: RunReport) -> dict[str, Any]:
    """Return what became of a run as plain values."""
    paths = {"report": report.report, "summary": report.summary, "objects": report.objects}
    return {
        "state": report.state,
        "done": len(report.done),
        "failed": len(report.failed),
        "skipped": len(report.skipped),
        "seconds": round(report.seconds, 2),
        "problems": list(report.problems),
        "status": str(report.status),
        **{key: None if path is None else str(path) for key, path in paths.items()},
    }
