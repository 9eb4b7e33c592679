"""The report of a run: one page that says what was done, what came of it, and what did not."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote

from brushwood import __version__
from brushwood.batch.records import FileRecord, RunReport
from brushwood.batch.run_charts import charts_of
from brushwood.batch.run_names import Names
from brushwood.batch.run_pictures import Shown, show
from brushwood.batch.summary import OBJECTS, SUMMARY, Summary, plain, summarise
from brushwood.evaluate.charts import score_chart
from brushwood.evaluate.dataset import COLUMNS, MAIN, Interval, What, means_of
from brushwood.evaluate.optional import need
from brushwood.io.atomic import replacing, translated
from brushwood.jobs import IDLE, Job

#: Name of the file, in a folder of results.
REPORT = "report.html"
#: Pictures of each kind, at most.
_WORST, _FAILED, _EXAMPLES = 6, 6, 12
#: Letters of a reason below a picture; the table has all of it.
_LONGEST = 120
#: Measurements in the table of images.
_MEASURED = 3
#: A longer table is folded.
_FOLDED = 60


def write_run_report(
    run: RunReport, summary: Summary | None = None, *, overwrite: bool = False, job: Job = IDLE
) -> Path:
    """Write ``report.html``: one page with pictures and charts inside, without scripts.

    Its bytes depend on the inputs and the recipe only, as those of `write_summary`.

    Parameters
    ----------
    run : RunReport
    summary : Summary, optional
        Of this run, if it is known already.
    overwrite : bool
        Replace what stands there.
    job : Job

    Raises
    ------
    MissingPackageError
        If jinja2 or matplotlib is not installed.
    OutputExistsError, OutputError
    """
    need("jinja2", "The report of a run")
    need("matplotlib", "The report of a run")
    names = Names.of(run.recipe)
    summary = summary or summarise(run, names, job=job.part(0, 0.3))
    page = render_run(run, summary, names, job=job.part(0.3, 1))
    target = run.out / REPORT
    with replacing(target, overwrite=overwrite) as temporary, translated(target):
        temporary.write_bytes(page.encode("utf-8", "backslashreplace"))
    return target


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """What comparing with truths found, with the means of `brushwood evaluate`.

    Attributes
    ----------
    what : {"pixels", "objects"}
    rows : mapping of str to mapping
        Scores of compared images by name.
    means : mapping of str to Interval
    """

    what: What
    rows: Mapping[str, Mapping[str, Any]]
    means: Mapping[str, Interval]

    @classmethod
    def of(cls, run: RunReport) -> "Scores | None":
        """Collect the scores of complete images; None if none was compared."""
        every = {record.name: record.counts.get("scores") for record in run.complete}
        rows = {name: row for name, row in every.items() if row and not row.get("problem")}
        if not rows:
            return None
        what: What = "objects" if next(iter(rows.values()))["what"] == "objects" else "pixels"
        filled = {
            name: {**row, **{c: _float(row.get(c)) for c in COLUMNS[what]}}
            for name, row in rows.items()
        }
        return cls(what, filled, means_of(list(filled.values()), what))

    @property
    def main(self) -> str:
        """Name of the score that images are ranked by."""
        return MAIN[self.what]

    def worst(self, n: int) -> list[str]:
        """Return the names of the images with the lowest main score, the worst first."""
        return sorted(self.rows, key=lambda name: float(self.rows[name][self.main]))[:n]


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def render_run(run: RunReport, summary: Summary, names: Names, *, job: Job = IDLE) -> str:
    """Return the page as text."""
    jinja2 = need("jinja2", "The report of a run")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("brushwood.batch").joinpath("run_report.html.j2").read_text("utf-8")
    scores = Scores.of(run)
    done, rows = len(run.complete), _rows(run, summary, scores)
    header = _header(summary, scores)
    text: str = environment.from_string(source).render(
        title=plain(run.recipe.name) or "Results",
        version=__version__,
        steps=[plain(line) for line in _steps(run)],
        n_files=len(run.files),
        n_done=done,
        states=_states(run),
        n_objects=_total(summary, "objects"),
        has_objects=run.recipe.objects is not None,
        has_remarks=any(row.why for row in rows if row.state == "done" or not header),
        warnings=[plain(text) for text in _warnings(run, summary, scores)],
        scores=scores,
        charts=_charts(summary, scores),
        galleries=_galleries(run, scores, names, job),
        header=header,
        rows=rows,
        is_folded=len(run.files) > _FOLDED,
        written=_written(run),
    )
    return text


def _steps(run: RunReport) -> list[str]:
    """Return what the recipe does, without the numbers and the name before its steps."""
    lines = run.recipe.describe().splitlines()
    lines = lines[1:] if run.recipe.name and lines[:1] == [run.recipe.name] else lines
    return [line.partition(". ")[2] if line[:1].isdigit() else line for line in lines]


def _states(run: RunReport) -> dict[str, int]:
    """Count inputs by what became of them, apart from those that are done."""
    left = [record.state for record in run.files if not record.is_complete]
    words = {"waiting": "not begun"}
    return {words.get(state, state): left.count(state) for state in dict.fromkeys(left)}


def _total(summary: Summary, name: str) -> int:
    return sum(int(row.get(name) or 0) for row in summary.rows)


def _warnings(run: RunReport, summary: Summary, scores: Scores | None) -> list[str]:
    found = list(run.problems)
    by_name: dict[str, list[str]] = {}
    for head in summary.columns:
        if head.startswith("mean "):
            by_name.setdefault(head.partition(" [")[0], []).append(head)
    mixed = [heads for heads in by_name.values() if len(heads) > 1]
    if mixed:
        found.append(
            f"Images have different units ({' and '.join(mixed[0])}): compare numbers of one unit "
            "only."
        )
    left_out = [row["image"] for row in summary.rows if "not compared" in row]
    if left_out:
        were = "image was" if len(left_out) == 1 else "images were"
        found.append(f"{len(left_out)} {were} not compared with a truth; the table says why.")
    if scores is not None and len(scores.rows) < 5:
        found.append(
            f"Only {len(scores.rows)} compared: a mean over so few says little about others."
        )
    return found


def _charts(summary: Summary, scores: Scores | None) -> list[tuple[str, Any]]:
    markup = need("markupsafe", "The report of a run").Markup
    charts = []
    if scores is not None:
        rows = scores.rows.values()
        values = {name: [float(row[name]) for row in rows] for name in scores.means}
        caption = (
            "Scores: every image is a dot; the line is the mean, the bar its 95 % confidence "
            "interval."
        )
        charts.append((caption, score_chart(values, scores.means)))
    charts += charts_of(summary)
    # Only our own charts are trusted as markup; names from files inside them were escaped there.
    return [(caption, markup(svg)) for caption, svg in charts]


def _galleries(
    run: RunReport, scores: Scores | None, names: Names, job: Job
) -> list[tuple[str, list[tuple[Shown, str]]]]:
    """Return titles with pictures and what stands below each: worst, failed, examples."""
    by_name = {record.name: record for record in run.files}
    worst = [by_name[name] for name in (scores.worst(_WORST) if scores else [])]
    failed = [record for record in run.files if record.state == "failed"][:_FAILED]
    rest = [record for record in run.complete if record not in worst]
    step = max(1, -(-len(rest) // _EXAMPLES))
    title = f"Lowest {scores.main.replace('_', ' ')}" if scores else ""
    kinds = [(title, worst), ("Failed", failed), ("Examples", rest[::step])]
    total = sum(len(records) for _, records in kinds) or 1
    done, found = 0, []
    for title, records in kinds:
        shown = []
        for record in records:
            job.checkpoint(done / total, "Drawing pictures")
            shown.append((_shown(record, names), _below(record, scores)))
            done += 1
        if shown:
            found.append((title, shown))
    return found


def _shown(record: FileRecord, names: Names) -> Shown:
    """Return a picture; why a file failed is said once, not again where there is no picture."""
    shown = show(record, names)
    text = "" if record.state == "failed" and not shown.url else shown.text
    return Shown(plain(shown.name), plain(text), shown.url)


def _below(record: FileRecord, scores: Scores | None) -> str:
    parts = []
    if scores is not None and record.name in scores.rows:
        parts.append(f"{scores.rows[record.name][scores.main]:.3f}")
    if "objects" in record.counts:
        count = record.counts["objects"]
        parts.append(f"{count:,} object{'s' * (count != 1)}")
    if record.state == "failed":
        parts.append(record.why if len(record.why) <= _LONGEST else f"{record.why[:_LONGEST]}…")
    return plain(" · ".join(parts))


def _chosen(summary: Summary, scores: Scores | None) -> list[str]:
    """Return the columns of the summary that the page shows."""
    wanted = [
        c for c in summary.columns if c == "objects" or c.startswith(("objects of ", "share"))
    ]
    wanted += [c for c in summary.columns if c.startswith("mean ")][:_MEASURED]
    score = f"score {scores.main}" if scores else ""
    return wanted + [c for c in summary.columns if c == score]


def _header(summary: Summary, scores: Scores | None) -> list[str]:
    heads = []
    for head in _chosen(summary, scores):
        # Names of classes stay as they are.
        is_ours = head.startswith(("mean ", "score "))
        heads.append(plain(head.removeprefix("score ").replace("_", " ") if is_ours else head))
    return heads


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    state: str
    why: str
    values: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def _rows(run: RunReport, summary: Summary, scores: Scores | None) -> list[_Row]:
    """Return the images, those that are not done first."""
    chosen = _chosen(summary, scores)
    rows = [
        _Row(
            plain(record.name),
            "not begun" if row["state"] == "waiting" else row["state"],
            plain(_remarks(row)),
            tuple(_cell(name, row.get(name)) for name in chosen),
            _links(record, run.out),
        )
        for record, row in zip(run.files, summary.rows, strict=True)
    ]
    order = ("failed", "cancelled", "running", "not begun", "done")
    return sorted(rows, key=lambda row: order.index(row.state) if row.state in order else 0)


def _remarks(row: Mapping[str, Any]) -> str:
    """Return what is to be said of an image, each thing once."""
    lost = row.get("not compared") or ""
    said = (row["why"], "" if lost in row["notes"] else lost, row["notes"])
    return " ".join(text for text in said if text)


def _links(record: FileRecord, out: Path) -> tuple[tuple[str, str], ...]:
    """Return names and addresses of results, from where the page stands."""
    found = []
    for key, path in record.outputs.items():
        try:
            below = path.relative_to(out).as_posix()
        except ValueError:
            continue
        found.append((key.replace("_", " "), quote(below.encode("utf-8", "surrogateescape"))))
    return tuple(found)


def _written(run: RunReport) -> list[tuple[str, str]]:
    found = [("status.csv", "what became of each input"), (SUMMARY, "a row an image")]
    tables = [r.outputs["table"] for r in run.complete if "table" in r.outputs]
    if tables:
        found.append((f"{OBJECTS}{tables[0].suffix}", "a row an object, of all images"))
    return found


def _cell(name: str, value: Any) -> str:
    if name.startswith("share of ") and value is not None:
        return f"{100 * value:.1f} %"
    return number(value)


def number(value: Any) -> str:
    """Write a number for people: whole ones with all digits, others with four."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
