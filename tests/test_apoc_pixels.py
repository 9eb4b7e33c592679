"""APOC's classifiers of pixels: what apoc 0.12 computed, from its files and trained anew."""

import warnings

import numpy as np
import pytest
from scipy import ndimage

import brushwood as bw
from brushwood import apoc
from brushwood.errors import (
    AnnotationError,
    InputError,
    ModelFileError,
    OutputExistsError,
    ShapeMismatchError,
    UnknownFilterError,
)
from brushwood.io.cl import format_cl, parse_cl, read_cl
from cl_files import data, file, kernel, results

FEATURES = apoc.load(data("pixels")).feature_specification


@pytest.fixture(scope="module")
def known():
    return results()


@pytest.mark.parametrize(("name", "image", "answer"), [
    ("pixels", "image", "pixels"),
    ("channels", "channels", "channels_classes"),
    ("solid", "solid", "solid_classes"),
    ("segmenter", "image", "segmenter"),
])  # fmt: skip
def test_files_of_apoc_give_the_same_pixels(known, name, image, answer):
    found = apoc.load(data(name)).predict(known[image])
    assert found.dtype == np.uint32
    assert np.array_equal(found, known[answer])


def test_old_files_give_the_same_pixels(known):
    """Votes by count, commas, CLIJ's names, and no word about dimensions."""
    classifier = apoc.PixelClassifier(data("counts"), ndim=2)
    assert np.array_equal(classifier.predict(known["image"]), known["counts"])
    assert classifier.classifier.forest_.is_weighted


def test_a_probability_mapper_gives_the_same_map(known):
    mapper = apoc.load(data("probability"))
    assert mapper.output_probability_of_class == 2
    found = mapper.predict(known["image"])
    assert found.dtype == np.float32
    assert np.abs(found - known["probability"]).max() < 3e-7


def test_the_votes_on_the_host_are_those_on_the_device(known):
    planes = bw.FeatureSet.parse(FEATURES).compute(known["image"])
    classifier = apoc.load(data("pixels"))
    assert np.array_equal(classifier.predict(features=list(planes)), known["pixels"])
    mapper = apoc.load(data("probability"))
    found = mapper.predict(features=list(planes))
    assert np.abs(found - known["probability"]).max() < 2e-7


@pytest.mark.parametrize(("cls", "name", "trees", "depth"), [
    (apoc.PixelClassifier, "pixels", 20, 4),
    (apoc.ProbabilityMapper, "probability", 15, 3),
    (apoc.ObjectSegmenter, "segmenter", 15, 3),
])  # fmt: skip
def test_training_grows_the_trees_that_apoc_grows(known, cls, name, trees, depth):
    found = cls(max_depth=depth, num_ensembles=trees).train(
        FEATURES, known["marks"], known["image"]
    )
    same_trees(found.model, read_cl(data(name)))
    expected = known[name]
    assert np.mean(np.abs(found.predict(known["image"]) - expected) > 1e-6) < 1e-3


def test_training_on_channels_and_stacks_too(known):
    found = apoc.PixelClassifier(max_depth=3, num_ensembles=10)
    found.train("original gaussian_blur=1", known["marks"], list(known["channels"]))
    same_trees(found.model, read_cl(data("channels")))
    assert found.predict(known["channels"]).shape == known["image"].shape
    assert list(found.feature_importances()) == [
        "original", "gaussian_blur=1", "original_1", "gaussian_blur=1_1",
    ]  # fmt: skip
    found = apoc.PixelClassifier(max_depth=3, num_ensembles=10)
    line = apoc.load(data("solid")).feature_specification
    found.train(line, known["solid_marks"], known["solid"])
    same_trees(found.model, read_cl(data("solid")))


def same_trees(found, expected):
    assert np.array_equal(found.feature, expected.feature)
    assert np.allclose(found.threshold, expected.threshold, rtol=2e-4, atol=1e-4)
    assert np.allclose(found.weights, expected.weights, atol=1e-6)
    assert found.header.features == expected.header.features
    assert found.probability_class == expected.probability_class
    for line in ("classifier", "ndim", "n_classes", "n_features", "n_trees", "positive_class"):
        assert getattr(found.header, line) == getattr(expected.header, line)
    assert np.allclose(found.header.importances, expected.header.importances, atol=1e-6)


def test_class_ids_stay_as_they_were_annotated(known, tmp_path):
    marks = np.where(known["marks"] == 2, 5, known["marks"])
    path = tmp_path / "a.cl"
    trained = apoc.PixelClassifier(path, 3, 10).train(FEATURES, marks, known["image"])
    found = trained.predict(known["image"])
    assert set(np.unique(found)) == {1, 3, 5}
    again = apoc.PixelClassifier(path).predict(known["image"])
    assert np.array_equal(again, found)
    assert read_cl(path).n_classes == 5
    segmenter = apoc.ObjectSegmenter(None, 3, 10, positive_class_identifier=5)
    labels = segmenter.train(FEATURES, marks, known["image"]).predict(known["image"])
    assert np.array_equal(labels > 0, found == 5)


def test_class_ids_of_a_file_can_be_named(known):
    found = apoc.load(data("pixels"), class_ids=[1, 4, 9]).predict(known["image"])
    assert np.array_equal(found, np.array([0, 1, 4, 9])[known["pixels"]])
    segmenter = apoc.load(data("segmenter"), class_ids=[1, 4, 9])
    assert segmenter.positive_class_identifier == 4
    assert np.array_equal(segmenter.predict(known["image"]), known["segmenter"])
    for wrong in ([1, 2], [3, 2, 1], [0, 1, 2], [1, 2, 70000]):
        with pytest.raises(InputError, match="3 ascending ids"):
            apoc.load(data("pixels"), class_ids=wrong).predict(known["image"])


def test_nothing_is_read_or_written_unless_it_is_named(known, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("pixel_classifier", "object_segmenter", "probability_mapper"):
        (tmp_path / f"temp_{name}.cl").write_text("precious")
    for cls in (apoc.PixelClassifier, apoc.ObjectSegmenter, apoc.ProbabilityMapper):
        assert not cls().is_trained
        cls(num_ensembles=3).train("original", known["marks"], known["image"])
    assert {p.read_text() for p in tmp_path.iterdir()} == {"precious"}


def test_an_existing_file_is_never_erased(known, tmp_path):
    path = tmp_path / "a.cl"
    path.write_bytes(data("pixels").read_bytes())
    before = path.read_bytes()
    classifier = apoc.PixelClassifier(path)
    with pytest.raises(OutputExistsError):
        # Asked before any work: otherwise these marks would be the problem.
        classifier.train("original", known["marks"] * 0, known["image"])
    assert path.read_bytes() == before
    overwriting = apoc.PixelClassifier(path, num_ensembles=3, overwrite=True)
    with pytest.raises(AnnotationError):
        overwriting.train("original", known["marks"] * 0, known["image"])
    assert path.read_bytes() == before
    overwriting.train("original", known["marks"], known["image"])
    assert path.read_bytes() != before
    mine = apoc.PixelClassifier(tmp_path / "b.cl", num_ensembles=3)
    mine.train("original", known["marks"], known["image"])
    mine.train("original gaussian_blur=1", known["marks"], known["image"])
    assert read_cl(tmp_path / "b.cl").n_features == 2


def test_a_file_of_another_kind_says_which(tmp_path):
    with pytest.raises(ModelFileError, match="ObjectSegmenter, not PixelClassifier"):
        apoc.PixelClassifier(data("segmenter"))
    with pytest.raises(ModelFileError, match="PixelClassifier, not ObjectSegmenter"):
        apoc.ObjectSegmenter(data("pixels"))
    odd = tmp_path / "odd.cl"
    odd.write_text(file(classifier_class_name="Sorcerer"))
    with pytest.raises(ModelFileError, match="Sorcerer"):
        apoc.load(odd)


def test_a_file_restores_depth_and_trees():
    found = apoc.load(data("pixels"))
    assert (found.max_depth, found.num_ensembles, found.num_classes) == (4, 20, 3)
    assert "Number of trees: 20" in repr(found)
    assert "Not trained" in repr(apoc.PixelClassifier())


def test_statistics_count_each_feature_once():
    names = [f"gaussian_blur={k}" for k in range(1, 13)]
    trees = "if(i1<1){s0+=1;}else{if(i11<2){s0+=1;}else{s1+=1;}}" * 3
    classifier = apoc.PixelClassifier()
    classifier.take(parse_cl(file(trees, 12, feature_specification=" ".join(names))))
    shares, counts = classifier.statistics()
    assert counts["gaussian_blur=2"].tolist() == [3, 0]
    assert counts["gaussian_blur=12"].tolist() == [0, 3]
    assert shares["gaussian_blur=2"].tolist() == [1, 0]


def test_dimensions_are_asked_for_where_the_file_does_not_say(known, tmp_path):
    with pytest.raises(InputError, match="Say ndim=2 or ndim=3"):
        apoc.load(data("counts")).predict(known["image"])
    with pytest.raises(InputError, match="trained in 2 dimensions"):
        apoc.load(data("pixels"), ndim=3).predict(known["image"])


def test_frames_are_refused_with_what_to_do(known):
    with pytest.raises(ShapeMismatchError, match="frame by frame"):
        apoc.load(data("pixels")).predict(np.zeros((2, 2, 8, 8)))
    with pytest.raises(InputError, match="Pass image"):
        apoc.load(data("pixels")).predict()


@pytest.mark.parametrize(("names", "match"), [
    ("original magic=3 entropy=2", "entropy=2, magic=3"),
    ("top_hat_box=10", "top_hat_box=10"),
])  # fmt: skip
def test_features_that_are_not_known_are_refused_by_name(names, match, tmp_path):
    path = tmp_path / "a.cl"
    n = len(names.split())
    path.write_text(file(n_features=n, feature_specification=names))
    with pytest.raises(UnknownFilterError, match=match):
        apoc.load(path).predict(np.zeros((8, 8)))


@pytest.mark.parametrize(("names", "n", "match"), [
    ("original gaussian_blur=x", 2, "does not give a number"),
    ("original gaussian_blur=1 gaussian_blur=2", 4, "no multiple"),
    ("Custom/unkown", 1, "does not say which features"),
    ("gaussian_blur=0", 1, "positive number"),
    ("gaussian_blur=1e9", 1, "256 pixels"),
])  # fmt: skip
def test_features_that_make_no_sense(names, n, match, tmp_path):
    path = tmp_path / "a.cl"
    path.write_text(file(n_features=n, feature_specification=names))
    with pytest.raises(InputError, match=match):
        apoc.load(path).predict(np.zeros((8, 8)))


def test_a_feature_may_stand_twice(known, tmp_path):
    trees = "if(i1<40.0){s0+=1;}else{s1+=1;}if(i2<40.0){s0+=1;}else{s1+=3;}"
    path = tmp_path / "a.cl"
    line = "gaussian_blur=1 original Original"
    path.write_text(file(trees, 3, feature_specification=line))
    found = apoc.load(path).predict(known["image"])
    assert np.array_equal(found, np.where(known["image"] < 40, 1, 2))


def test_a_file_without_a_header_can_be_used_on_feature_images(tmp_path):
    path = tmp_path / "a.cl"
    path.write_text(kernel("if(i0<2.5){s0+=1;}else{s1+=1;}"))
    found = apoc.PixelClassifier(path).predict(features=[np.arange(6).reshape(2, 3)])
    assert found.tolist() == [[1, 1, 1], [2, 2, 2]]


def test_training_on_feature_images(known):
    planes = list(bw.FeatureSet.parse("gaussian_blur=1").compute(known["image"]))
    found = apoc.PixelClassifier(max_depth=3, num_ensembles=5).train(planes, known["marks"])
    assert (found.predict(features=planes) == known["pixels"]).mean() > 0.8
    assert parse_cl(format_cl(found.model)).header == found.model.header


def test_names_of_feature_sets(known):
    found = apoc.PixelClassifier(num_ensembles=3)
    found.train("small_quick", known["marks"], known["image"])
    assert found.feature_specification == "original gaussian_blur=1 sobel_of_gaussian_blur=1"


def test_continued_training_has_both_images(known):
    one = apoc.PixelClassifier(max_depth=4, num_ensembles=10)
    left, right = known["marks"].copy(), known["marks"].copy()
    left[:, 36:], right[:, :36] = 0, 0
    one.train("original gaussian_blur=1", left, known["image"])
    one.train("original gaussian_blur=1", right, known["image"], continue_training=True)
    assert sum(one.classifier.counts_.values()) == np.count_nonzero(known["marks"])
    with pytest.raises(InputError, match="other features"):
        one.train("original", right, known["image"], continue_training=True)


def test_objects_are_numbered_column_by_column():
    rng = np.random.default_rng(5)
    for shape in ((30, 40), (6, 20, 25)):
        mask = rng.random(shape) < 0.3
        trees = "if(i0<0.5){s0+=1;}else{s1+=1;}"
        model = parse_cl(file(trees, num_ground_truth_dimensions=len(shape),
                              classifier_class_name="ObjectSegmenter",
                              positive_class_identifier=2))  # fmt: skip
        segmenter = apoc.ObjectSegmenter()
        segmenter.take(model)
        found = segmenter.predict(mask.astype(np.uint8))
        n = found.max()
        assert n == ndimage.label(mask)[1]
        first = [np.flatnonzero(found.T.ravel() == k)[0] for k in range(1, n + 1)]
        assert first == sorted(first)


def test_a_class_that_the_file_does_not_have_finds_nothing(tmp_path):
    """APOC numbers classes anew in training but still looks for the annotation's."""
    path = tmp_path / "a.cl"
    path.write_text(file(classifier_class_name="ObjectSegmenter", positive_class_identifier=5))
    with pytest.warns(UserWarning, match="looks for class 5"):
        segmenter = apoc.load(path)
    assert segmenter.predict(np.zeros((5, 5))).max() == 0
    segmenter.positive_class_identifier = 1
    assert segmenter.predict(np.zeros((5, 5))).max() == 1


def test_importing_a_file_warns_of_nothing(known):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apoc.load(data("segmenter")).predict(known["image"])


def test_ties_of_counts_stay_ties_on_the_device():
    """90 times 1 vote against 6 times 13 and 12: class 1 has as many, and comes first."""
    votes = [("s0", 1)] * 90 + [("s1", 13)] * 6 + [("s1", 12)]
    trees = "".join(f"if(i0<1.0){{{name}+={n};}}else{{s1+=1;}}" for name, n in votes)
    classifier = apoc.PixelClassifier()
    classifier.take(parse_cl(file(trees)))
    assert classifier.predict(np.zeros((2, 3))).tolist() == [[1, 1, 1], [1, 1, 1]]
