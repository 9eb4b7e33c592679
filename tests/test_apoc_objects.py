"""APOC's tools for objects: measurements, classes, selection, merging, as apoc 0.12 has them."""

import numpy as np
import pytest

from brushwood import apoc
from brushwood.apoc.merger import PAIR_FEATURES
from brushwood.apoc.neighbors import NAMES as AROUND
from brushwood.apoc.neighbors import Neighbors
from brushwood.apoc.objects import OBJECT_FEATURES, measured
from brushwood.apoc.statistics import NAMES, Statistics
from brushwood.apoc.touching import Touches, dilated
from brushwood.errors import InputError, ModelFileError, OutputExistsError, ShapeMismatchError
from brushwood.io.cl import read_cl
from brushwood.jobs import Cancelled, Job
from cl_files import data, file, results


@pytest.fixture(scope="module")
def known():
    return results()


@pytest.fixture(scope="module")
def around(known):
    return Neighbors(known["labels"])


def close(found, expected, atol=1e-6):
    """Equal to 32-bit rounding, undefined in the same places."""
    expected = np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    good = np.isfinite(expected)
    assert np.allclose(found[good], expected[good], rtol=1e-6, atol=atol)


@pytest.mark.parametrize("name", NAMES)
def test_statistics_are_those_of_clesperanto(known, name):
    s = Statistics(known["labels"], known["intensity"], first=0)
    close(s.column(name), known[f"object_{name}"])


@pytest.mark.parametrize("name", AROUND)
def test_neighbours_are_those_of_clesperanto(known, around, name):
    close(around.column(name)[1:], known[f"neighbor_{name}"])


def test_all_of_apoc_s_features_are_measured(known):
    """What apoc 0.12 computed is what there is, and nothing is missing."""
    prefixes = ("object_", "neighbor_")
    theirs = {n.split("_", 1)[1] for n in known.files if n.startswith(prefixes)}
    assert theirs - {"marks"} == set(OBJECT_FEATURES)


@pytest.mark.parametrize("name", PAIR_FEATURES)
def test_pairs_are_those_of_apoc(known, name):
    table = apoc.load(data("merger")).table(known["labels"], known["intensity"])
    expected = known[f"pair_{name}"][table["neighbor"], table["label"]]
    # Differences of nearly equal numbers keep fewer digits.
    close(table[name].to_numpy(np.float64), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["objects", "selector", "merger"])
def test_files_of_apoc_give_the_same_objects(known, name):
    found = apoc.load(data(name)).predict(known["labels"], known["intensity"])
    assert found.dtype == np.uint32
    assert np.array_equal(found, known[name])


@pytest.mark.parametrize(("cls", "name", "marks"), [
    (apoc.ObjectClassifier, "objects", "object_marks"),
    (apoc.ObjectSelector, "selector", "object_marks"),
    (apoc.ObjectMerger, "merger", "merge_marks"),
])  # fmt: skip
def test_training_grows_the_trees_that_apoc_grows(known, cls, name, marks):
    expected = read_cl(data(name))
    found = cls(max_depth=3, num_ensembles=12)
    found.train(
        " ".join(expected.header.features), known["labels"], known[marks], known["intensity"]
    )
    assert np.array_equal(found.model.feature, expected.feature)
    assert np.allclose(found.model.threshold, expected.threshold, rtol=2e-5)
    assert np.allclose(found.model.weights, expected.weights, atol=1e-6)
    for line in ("classifier", "ndim", "n_classes", "n_features", "positive_class"):
        assert getattr(found.model.header, line) == getattr(expected.header, line)
    assert np.array_equal(found.predict(known["labels"], known["intensity"]), known[name])


def test_in_3_d_touching_is_by_faces_and_places_have_a_z():
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[0:2, 1:3, 1:3], labels[2:4, 1:3, 1:3], labels[3, 4, 5] = 1, 2, 3
    t = Touches.of(labels)
    pairs = {(a, b): c for a, b, c in zip(t.low, t.high, t.count, strict=True) if a}
    assert pairs == {(1, 2): 4}
    s = Statistics(labels)
    assert s.column("centroid_z").tolist() == [0.5, 2.5, 3]
    assert s.column("bbox_depth").tolist() == [2, 2, 1]
    assert s.column("area").tolist() == [8, 8, 1]


def test_dilation_takes_squares_and_diamonds_in_turn():
    labels = np.zeros((9, 9), int)
    labels[4, 4] = 3
    assert (dilated(labels, 1) > 0).sum() == 9
    assert (dilated(labels, 2) > 0).sum() == 9 + 12
    labels[4, 6] = 5
    assert dilated(labels, 1)[4, 5] == 5
    assert np.array_equal(dilated(labels, 0), labels)


def test_gaps_in_the_numbers_change_nothing(known):
    """clEsperanto counts labels that do not exist in, at undefined places."""
    labels = known["labels"].astype(np.int64)
    spread = np.where(labels > 0, labels * 3 + 1, 0)
    for name in ("area", "average_distance_of_n_nearest_neighbors=3", "touch_count_sum",
                 "proximal_neighbor_count_d20", "distance_to_most_distant_other"):  # fmt: skip
        close_packed = measured([name], labels, known["intensity"])[1:, 0]
        found = measured([name], spread, known["intensity"])[4::3, 0]
        assert np.array_equal(found, close_packed), name
    classifier = apoc.load(data("objects"))
    found = classifier.predict(spread, known["intensity"])
    assert np.array_equal(found, known["objects"])


def test_a_single_pixel_has_no_elongation_and_class_0():
    labels = np.zeros((5, 9), int)
    labels[2, 2], labels[1:4, 5:8] = 1, 2
    classifier = apoc.ObjectClassifier()
    from brushwood.io.cl import parse_cl

    line = "mean_max_distance_to_centroid_ratio"
    text = file("s1+=1;", classifier_class_name="ObjectClassifier", feature_specification=line,
                num_ground_truth_dimensions=1)  # fmt: skip
    classifier.take(parse_cl(text))
    assert classifier.classes(labels).tolist() == [0, 0, 2]
    table = classifier.table(labels)
    assert table["class"].tolist() == [0, 2]
    assert list(table.columns) == ["label", "index", line, "class"]


def test_a_single_object_has_no_neighbours():
    labels = np.zeros((5, 5), int)
    labels[1:3, 1:3] = 1
    around = Neighbors(labels)
    assert around.column("touching_neighbor_count").tolist() == [0, 0]
    assert around.column("maximum_distance_of_n3_nearest_neighbors")[1] == -1
    assert np.isnan(around.column("average_distance_of_n_nearest_neighbors=2")[1])
    for name in AROUND:
        assert around.column(name).shape == (2,)


def test_the_oldest_files_call_everything_a_pixel_classifier(tmp_path):
    path = tmp_path / "old.cl"
    path.write_text(file("if(i0<5.0){s0+=3.0;}else{s1+=2.0;}", feature_specification="area",
                         num_ground_truth_dimensions=None))  # fmt: skip
    found = apoc.load(path)
    assert isinstance(found, apoc.ObjectClassifier)
    labels = np.zeros((8, 8), int)
    labels[0, :2], labels[4:, 4:] = 1, 2
    assert found.classes(labels).tolist() == [0, 1, 2]
    with pytest.raises(ModelFileError, match="not ObjectSelector"):
        apoc.ObjectSelector(path)


def test_conflicting_marks_of_a_border_are_left_out(known):
    labels = np.zeros((20, 30), int)
    for k in range(6):
        labels[:, 5 * k : 5 * k + 5] = k + 1
    image = np.tile(np.repeat([10, 10, 50, 50, 90, 90], 5), (20, 1))
    marks = np.zeros_like(labels)
    marks[2:5, 3:7] = 1
    marks[2:5, 8:12] = 2
    marks[2:5, 13:17] = 1
    marks[9:12, 13:17] = 2
    merger = apoc.ObjectMerger(num_ensembles=5)
    with pytest.warns(UserWarning, match="1 borders are marked both"):
        merger.train("mean_intensity_difference", labels, marks, image)
    assert merger.num_classes == 2
    merged = merger.predict(labels, image)
    assert np.array_equal(merged[0, ::5], [1, 1, 2, 2, 3, 3])
    from brushwood.objects.merge import merge_labels

    kept = merge_labels(labels, merger.pairs(labels, image))
    assert np.array_equal(kept[0, ::5], [1, 1, 3, 3, 5, 5])


def test_training_goes_on_in_one_session(known):
    args = known["labels"], known["object_marks"], known["intensity"]
    found = apoc.ObjectClassifier(num_ensembles=3)
    found.train("area mean_intensity", *args)
    before = len(found._seen[1])
    found.train("area mean_intensity", *args, continue_training=True)
    assert len(found._seen[1]) == 2 * before
    with pytest.raises(InputError, match="other features"):
        found.train("area", *args, continue_training=True)


def test_existing_files_stay(known, tmp_path):
    path = tmp_path / "a.cl"
    args = known["labels"], known["object_marks"], known["intensity"]
    apoc.ObjectClassifier(path, num_ensembles=3).train("area", *args)
    assert read_cl(path).header.classifier == "ObjectClassifier"
    with pytest.raises(OutputExistsError):
        apoc.ObjectClassifier(path).train("area mean_intensity", *args)
    assert read_cl(path).header.features == ("area",)


@pytest.mark.parametrize(("labels", "match"), [
    (np.zeros((4, 4), int), "no objects"),
    (np.zeros((4, 4)), "whole numbers"),
    (np.zeros((2, 2, 4, 4), int), "one frame"),
    (np.full((4, 4), -1), "start at 0"),
    (np.full((4, 4), 2**31 - 1), "Renumber"),
])  # fmt: skip
def test_labels_that_are_none(labels, match):
    with pytest.raises(InputError, match=match):
        apoc.load(data("objects")).predict(labels, np.zeros(labels.shape))


def test_what_does_not_fit_is_said(known):
    objects = apoc.load(data("objects"))
    with pytest.raises(ShapeMismatchError, match="one shape"):
        objects.predict(known["labels"], np.zeros((5, 5)))
    with pytest.raises(InputError, match="'roundishness'"):
        apoc.ObjectClassifier().train("roundishness", known["labels"], known["object_marks"])
    with pytest.raises(ShapeMismatchError, match="annotation"):
        apoc.ObjectClassifier().train("area", known["labels"], np.zeros((3, 3), int))
    with pytest.raises(InputError, match="No object is annotated"):
        apoc.ObjectClassifier().train("area", known["labels"], known["object_marks"] * 0)
    with pytest.raises(InputError, match="No border is annotated"):
        apoc.ObjectMerger().train("touch_count", known["labels"], known["object_marks"] * 0)
    with pytest.raises(InputError, match="needs an image"):
        apoc.load(data("merger")).predict(known["labels"])
    with pytest.raises(InputError, match="of pairs"):
        apoc.ObjectMerger().train("area", known["labels"], known["merge_marks"])


def test_measuring_can_be_cancelled(known):
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        apoc.load(data("objects")).predict(known["labels"], known["intensity"], job)


def test_many_objects_have_the_same_neighbours(monkeypatch):
    """A tree finds them where there are too many for a table of distances."""
    from brushwood.apoc import neighbors

    rng = np.random.default_rng(8)
    labels = np.zeros((90, 100), int)
    labels.reshape(-1)[rng.choice(labels.size, 700, replace=False)] = np.arange(1, 701)
    names = (
        "average_distance_of_n_nearest_neighbors=6",
        "maximum_distance_of_n20_nearest_neighbors",
    )
    table = [Neighbors(labels).column(name) for name in names]
    monkeypatch.setattr(neighbors, "_MANY", 10)
    assert np.array_equal([Neighbors(labels).column(name) for name in names], table)
