"""The report of a run: one page for one image or a thousand, whatever became of them."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest

from brushwood.batch import run_pictures
from brushwood.batch.chain_scores import plain
from brushwood.batch.evaluation import evaluate_files, scores_of
from brushwood.batch.finishing import finish
from brushwood.batch.records import FileRecord
from brushwood.batch.run_names import Names, _distinct
from brushwood.batch.run_pictures import show
from brushwood.batch.run_report import Scores, number, write_run_report
from brushwood.errors import MissingPackageError
from brushwood.evaluate import optional
from brushwood.evaluate.charts import confusion_chart
from brushwood.evaluate.pixels import compare_pixels
from brushwood.io.images import read_image, write_image
from run_scenes import done, recipe, run_of

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


class Page(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.addresses = [], [], []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.words.append(data)


def page_of(run):
    return Page(write_run_report(run, overwrite=True).read_text("utf-8"))


def failed(base, name, why="It is cut off."):
    return FileRecord(base / "in" / f"{name}.tif", name, "failed", why)


def test_one_image(tmp_path):
    page = page_of(run_of(tmp_path, done(tmp_path, "cells")))
    assert "1 image done" in page.text and "12 objects" in page.text
    assert "Make objects of class 2" in page.text
    assert page.tags.count("img") == 1
    assert "script" not in page.tags and "link" not in page.tags
    data = [a for a in page.addresses if a.startswith("data:image/")]
    links = [a for a in page.addresses if a.startswith("./")]
    assert len(data) == 1 and len(links) == 3
    outside = set(page.addresses) - set(data) - set(links)
    assert all(address.startswith("#") for address in outside)
    assert all((tmp_path / "out" / link).is_file() for link in links)


def test_failures_come_first_with_why(tmp_path):
    records = [done(tmp_path, "a"), failed(tmp_path, "z", "It is cut off after 3 bytes.")]
    waiting = FileRecord(tmp_path / "in" / "w.tif", "w", "waiting", "Not begun.")
    text = page_of(run_of(tmp_path, *records, waiting)).text
    table = text[text.index("Every image") :]
    assert table.index("z failed") < table.index("w not begun") < table.index("a classes")
    assert "It is cut off after 3 bytes." in table
    assert "1 image done of 3" in text and "1 failed" in text and "1 not begun" in text


def test_nothing_but_failures(tmp_path):
    page = page_of(run_of(tmp_path, *(failed(tmp_path, f"x{i}") for i in range(9))))
    assert "0 images done of 9" in page.text and "9 failed" in page.text
    assert page.text.count("no picture") == 6


def test_no_objects(tmp_path):
    record = done(tmp_path, "a")
    write_image(record.outputs["objects"], np.zeros((50, 60), "i4"), "yx", overwrite=True)
    table = record.outputs["table"]
    table.write_text(table.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    counts = {**record.counts, "objects": 0}
    page = page_of(run_of(tmp_path, replace(record, counts=counts)))
    assert "0 objects" in page.text and "Measurements of objects" not in page.text


def test_a_thousand_images(tmp_path):
    few = [done(tmp_path, f"plate/{i}", seed=i) for i in range(3)]
    bare = [replace(record, outputs={}) for record in few]
    records = [replace((bare if i % 9 else few)[i % 3], name=f"p/{i:04}") for i in range(990)]
    records += [failed(tmp_path, f"bad {i}") for i in range(10)]
    target = write_run_report(run_of(tmp_path, *records))
    page = Page(target.read_text("utf-8"))
    assert page.tags.count("img") == 12
    assert "details" in page.tags and page.tags.count("tr") == 1001
    assert "990 images done of 1,000" in page.text and "11,880 objects" in page.text
    assert target.stat().st_size < 3_000_000


@pytest.mark.parametrize(
    ("shape", "axes", "said"),
    [((9, 40, 50), "zyx", "plane 5 of 9"), ((3, 40, 50), "tyx", "frame 1 of 3")],
)
def test_stacks_and_series_say_what_is_shown(tmp_path, shape, axes, said):
    assert said in page_of(run_of(tmp_path, done(tmp_path, "a", shape, axes))).text


def test_names_of_strangers_do_no_harm(tmp_path):
    bad = "<script>alert('a')</script> & $x_1$ $\\frac \u202e\x07 \udcff"
    record = replace(done(tmp_path, "a"), name=bad, notes=("<img src=x>",))
    named = recipe(name=f"<b>{'long ' * 40}</b>")
    broken = failed(tmp_path, "b", "Cannot read '<i>b</i>'.")
    run = run_of(tmp_path, record, broken, recipe=named, problems=("<u>gone</u>",))
    names = Names({"1": "$\\bad{$", "2": "<script>x</script>"}, {}, {"2": "no colour"})
    report = finish(run)
    assert report.problems == ("<u>gone</u>",)
    page = Page(report.report.read_text("utf-8"))
    assert not {"script", "u", "i"} & set(page.tags)
    assert page.tags.count("b") == 3  # the headline's numbers
    assert "<script>alert('a')</script>" in page.text
    assert "&lt;script&gt;" not in page.text
    from brushwood.batch.run_report import render_run
    from brushwood.batch.summary import summarise

    two = run_of(tmp_path, record, replace(record, name="b"))
    page = Page(render_run(two, summarise(two, names), names))
    assert "script" not in page.tags and "share of $\\bad{$" in page.text


def test_the_same_run_gives_the_same_bytes_and_no_date(tmp_path):
    records = [done(tmp_path, "a"), done(tmp_path, "b", seed=1), failed(tmp_path, "c")]
    first = write_run_report(run_of(tmp_path, *records)).read_bytes()
    again = [replace(r, state="skipped", why="Complete.", seconds=0.0) for r in records[:2]]
    second = write_run_report(run_of(tmp_path, *again, records[2], seconds=9), overwrite=True)
    assert second.read_bytes() == first
    today = date.today()
    assert today.isoformat() not in first.decode() and f"{today:%d %B}" not in first.decode()


def test_means_are_those_of_evaluate(tmp_path):
    truth, records = tmp_path / "truth", []
    truth.mkdir()
    found = tmp_path / "found"
    found.mkdir()
    for seed, name in enumerate(("a", "b", "c")):
        record = done(tmp_path, name, seed=seed)
        with read_image(record.outputs["objects"]) as image:
            objects = np.array(image.data)
            true = np.where(np.arange(objects.shape[1]) < 40 - 9 * seed, objects, 0)
            write_image(truth / f"{name}.tif", true, "yx", image.scale, image.unit)
            write_image(found / f"{name}.tif", objects, "yx", image.scale, image.unit)
        with read_image(truth / f"{name}.tif") as t, read_image(found / f"{name}.tif") as p:
            scores = plain(scores_of(name, t, p, "objects"), "objects")
        records.append(replace(record, counts={**record.counts, "scores": scores}))
    lost = {"what": "objects", "problem": "No truth.", "f1": None}
    record = done(tmp_path, "d")
    counts = {**record.counts, "scores": lost}
    records.append(replace(record, counts=counts, notes=("No truth. A note.",)))
    run = run_of(tmp_path, *records)
    expected = evaluate_files(truth, found, what="objects").dataset
    ours = Scores.of(run)
    assert ours.means == expected.means()
    assert ours.worst(2) == [image.name for image in expected.worst(2)]
    text = page_of(run).text
    for name, interval in expected.means().items():
        assert f"{name.replace('_', ' ')} {interval.text()}" in text
    assert text.count("No truth.") == 1 and "A note." in text
    assert "1 image was not compared" in text and "Lowest average precision" in text


def test_without_its_packages_a_run_ends_well(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    run = run_of(tmp_path, done(tmp_path, "a"))
    monkeypatch.setattr(optional.importlib, "import_module", missing)
    report = finish(run)
    assert report.state == "done" and report.exit_code == 0
    assert report.report is None and report.summary.exists() and report.objects.exists()
    assert "napari-brushwood[report]" in report.problems[0]
    with pytest.raises(MissingPackageError):
        write_run_report(run)


def test_outlines_are_drawn_where_objects_end(tmp_path):
    record = done(tmp_path, "a")
    pictures = []
    original = run_pictures.as_url
    run_pictures.as_url = lambda picture: pictures.append(picture) or "data:"
    try:
        shown = show(record, Names())
        only = {"classes": record.outputs["classes"]}
        show(replace(record, outputs=only), Names(colours={"1": "#123456", "2": "#123456"}))
        show(replace(record, outputs={}), Names())
    finally:
        run_pictures.as_url = original
    assert shown.url and shown.text == ""
    outlined = (pictures[0] == run_pictures._OUTLINE).all(axis=2)
    with read_image(record.outputs["objects"]) as image:
        labels = np.array(image.data)
    assert outlined.any() and not outlined[labels == 0].any()
    coloured = (pictures[1] == (0x12, 0x34, 0x56)).all(axis=2)
    assert coloured.any() and not coloured.all()
    assert pictures[2].std(axis=2).max() == 0


def test_large_and_coloured_images_show_their_middle(tmp_path, monkeypatch):
    monkeypatch.setattr(run_pictures, "_WINDOW", 100)
    data = np.zeros((3, 150, 700), "u2")
    data[0, 75, 350] = 9
    data[2] = np.arange(700)
    write_image(tmp_path / "a.tif", data, "cyx")
    shown = show(FileRecord(tmp_path / "a.tif", "a", "done"), Names())
    assert shown.text == "the middle of 700 × 150 px" and shown.url
    lost = show(FileRecord(tmp_path / "gone.tif", "gone", "failed"), Names())
    assert lost.url == "" and "cannot be shown" in lost.text


def test_numbers_are_written_for_people():
    found = [number(value) for value in (None, float("nan"), 12345, 12345.6, 0.123456, 24.0)]
    assert found == ["–", "–", "12,345", "12,346", "0.1235", "24"]
    assert not re.search("nan", " ".join(found))


def test_dollar_signs_in_names_of_classes_are_no_formulas():
    truth = np.array([[1, 1, 2], [1, 2, 2]], np.uint8)
    scores = replace(compare_pixels(truth, truth), names={1: "$\\bad{$", 2: "a $x_1$"})
    assert "a $x_1$" in confusion_chart(scores)


def test_classes_of_one_name_are_called_by_their_numbers():
    names = Names(_distinct({1: "a", 2: "b", 3: "b", 4: ""}))
    assert [names.of_pixel(i) for i in "1234"] == ["a", "class 2", "class 3", "class 4"]
