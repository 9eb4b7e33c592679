"""The summary of a run: a row an image, and all tables as one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brushwood.batch import finishing
from brushwood.batch.finishing import Ours, finish, whole_files
from brushwood.batch.joined import heads_of, join_tables
from brushwood.batch.records import FileRecord
from brushwood.batch.summary import main_columns, summarise, write_summary
from brushwood.errors import OutputExistsError, TableFileError
from brushwood.io.tables import read_table, write_table
from brushwood.jobs import Cancelled, Job
from brushwood.tables import units_of, with_units
from run_scenes import done, recipe, run_of


@pytest.fixture
def run(tmp_path):
    broken = FileRecord(tmp_path / "in" / "b.tif", "b", "failed", "It is broken,\nreally.")
    again = replace(done(tmp_path, "c", seed=1), state="skipped", why="It was complete.")
    return run_of(tmp_path, done(tmp_path, "a"), broken, again)


def test_a_row_an_image_says_what_was_found(run):
    path, _ = write_summary(run)
    table = read_table(path)
    assert table["image"].tolist() == ["a", "b", "c"]
    assert table["state"].tolist() == ["done", "failed", "done"]
    assert table["why"].tolist() == ["", "It is broken, really.", ""]
    units, first = units_of(table), table.iloc[0]
    assert units["area of class 2"] == units["mean area"] == "µm²"
    assert first["area of class 2"] == first["pixels of class 2"] * 0.25
    assert first["share of class 1"] + first["share of class 2"] == pytest.approx(1)
    objects = read_table(run.files[0].outputs["table"])
    assert first["objects"] == len(objects)
    assert first["mean area"] == pytest.approx(objects["area"].mean(), rel=1e-12)
    assert first["median perimeter"] == pytest.approx(objects["perimeter"].median(), rel=1e-12)
    assert np.isnan(table["mean area"][1])
    assert not [name for name in table if "centroid" in name or "label" in name]


def test_all_tables_are_one_to_the_last_digit(run):
    _, path = write_summary(run)
    assert path.name == "objects.csv"
    each = [read_table(record.outputs["table"]) for record in run.complete]
    expected = pd.concat(each, ignore_index=True)
    found = read_table(path)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert units_of(found) == units_of(each[0])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_other_units_and_other_columns_stay_apart(tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    tables = [
        with_units(pd.DataFrame({"image": ["a"], "label": [1], "area": [2.5]}), {"area": "µm²"}),
        with_units(pd.DataFrame({"image": ["b"], "label": [7], "area": [9.0]}), {"area": "px²"}),
        with_units(pd.DataFrame({"image": ["c"], "class": [3], "area": [1.0]}), {"area": "px²"}),
    ]
    paths = [write_table(t, tmp_path / f"{i}.{ending}") for i, t in enumerate(tables)]
    table = read_table(join_tables(paths, tmp_path / f"all.{ending}", overwrite=False))
    assert table["image"].tolist() == ["a", "b", "c"]
    assert table["area [µm²]"].tolist()[0] == 2.5
    np.testing.assert_array_equal(table["area [px²]"], [np.nan, 9, 1])
    np.testing.assert_array_equal(table["label"].astype(float), [1, 7, np.nan])
    np.testing.assert_array_equal(table["class"].astype(float), [np.nan, np.nan, 3])
    assert heads_of(paths[0]) == ["image", "label", "area [µm²]"]


def test_parquet_keeps_types_and_units(tmp_path):
    pytest.importorskip("pyarrow")
    frames = [pd.DataFrame({"image": [n], "label": [i], "area": [v]}) for n, i, v in (
        ("a", 2**60 + 1, 1.5), ("b", 3, 2.5))]  # fmt: skip
    paths = [
        write_table(with_units(f, {"area": "µm²"}), tmp_path / f"{i}.parquet")
        for i, f in enumerate(frames)
    ]
    found = read_table(join_tables(paths, tmp_path / "all.parquet", overwrite=False))
    assert found["label"].tolist() == [2**60 + 1, 3]
    assert units_of(found) == {"area": "µm²"}


def test_few_measurements_are_taken_as_they_are(tmp_path):
    record = done(tmp_path, "a", names=("extent", "bbox", "num_pixels"))
    assert main_columns([record.outputs["table"]]) == ("extent", "num_pixels [px]")
    record = done(tmp_path, "b", names="centroid")
    assert main_columns([record.outputs["table"]]) == ()
    assert summarise(run_of(tmp_path, record)).rows[0]["objects"] == 12


def test_scores_stand_in_their_row(tmp_path):
    record = done(tmp_path, "a")
    scores = {"what": "objects", "image": "a", "tp": 3, "f1": 0.5, "dsb2018": None, "problem": ""}
    lost = {"what": "objects", "image": "c", "problem": "No truth has its name.", "f1": None}
    rows = summarise(
        run_of(
            tmp_path,
            replace(record, counts={**record.counts, "scores": scores}),
            replace(record, name="c", counts={**record.counts, "scores": lost}),
        )
    ).rows
    assert rows[0]["score tp"] == 3 and rows[0]["score f1"] == 0.5
    assert "score dsb2018" not in rows[0]
    assert rows[1]["not compared"] == "No truth has its name."


def test_what_is_not_ours_is_left(run):
    out = run.out
    (out / "summary.csv").write_text("mine")
    report = finish(run)
    assert "summary.csv" in report.problems[0] and "overwritten" in report.problems[0]
    assert (out / "summary.csv").read_text() == "mine"
    assert report.state == run.state and report.summary is None
    report = finish(run, overwrite=True)
    assert report.problems == () and report.summary.read_text() != "mine"
    before = report.report.read_bytes()
    report = finish(run)
    assert report.problems == () and report.report.read_bytes() == before
    (out / "report.html").write_text("edited")
    with pytest.raises(OutputExistsError, match=r"report\.html"):
        Ours(out).check(whole_files(run.recipe))
    assert len(finish(run).problems) == 1
    assert (out / "report.html").read_text() == "edited"


@pytest.mark.parametrize("at", range(1, 7))
def test_ended_while_files_take_their_names_the_next_run_goes_on(tmp_path, monkeypatch, at):
    first, second = done(tmp_path, "a"), done(tmp_path, "b", seed=1)
    out = finish(run_of(tmp_path, first)).out
    calls = []

    def dying(function):
        def call(*arguments, **options):
            found = function(*arguments, **options)
            calls.append(function.__name__)
            if len(calls) == at:
                raise KeyboardInterrupt
            return found

        return call

    with monkeypatch.context() as patch:
        patch.setattr(finishing.Ours, "_write", dying(finishing.Ours._write))
        for name in ("write_summary", "write_run_report"):
            patch.setattr(finishing, name, dying(getattr(finishing, name)))
        with pytest.raises(KeyboardInterrupt):
            finish(run_of(tmp_path, first, second))
    report = finish(run_of(tmp_path, first, second))
    assert report.problems == ()
    assert report.summary.read_text().count("\n") == 3
    (out / "summary.csv").write_text("mine")
    assert "summary.csv" in finish(run_of(tmp_path, first, second)).problems[0]


def test_a_lost_table_is_said(run):
    run.files[0].outputs["table"].unlink()
    with pytest.raises(TableFileError, match="a-table"):
        write_summary(run)
    report = finish(run)
    assert "a-table" in report.problems[0]
    assert not [path for path in run.out.iterdir() if path.name.startswith(".summ")]


def test_without_tables_there_is_a_summary_only(tmp_path):
    record = done(tmp_path, "a")
    outputs = {key: path for key, path in record.outputs.items() if key != "table"}
    only = recipe(measure=None, outputs=("classes", "objects"))
    report = finish(run_of(tmp_path, replace(record, outputs=outputs), recipe=only))
    assert report.objects is None and not (report.out / "objects.csv").exists()
    assert "objects" in report.summary.read_text().splitlines()[0]
    assert report.report.exists()


def test_it_is_cancelled(run):
    job = Job()

    def watch(fraction, message):
        if message == "Joining tables":
            job.cancel()

    job.on_progress = watch
    with pytest.raises(Cancelled):
        write_summary(run, job=job)
    assert not [path.name for path in run.out.iterdir() if path.name.endswith(".tmp")]
