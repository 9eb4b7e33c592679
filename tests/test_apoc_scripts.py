"""What APOC's scripts use besides classifiers, and a script that only changed its import."""

import numpy as np
import pytest
import tifffile

import brushwood as bw
from brushwood import apoc
from brushwood.errors import InputError, ModelFileError
from cl_files import data, results


@pytest.fixture(scope="module")
def known():
    return results()


def test_all_names_of_apoc_are_there():
    names = [
        "PixelClassifier", "ObjectSegmenter", "ObjectClassifier", "ObjectSelector",
        "ProbabilityMapper", "TableRowClassifier", "ObjectMerger", "generate_feature_stack",
        "erase_classifier", "list_available_object_classification_features",
        "train_classifier_from_image_folders", "PredefinedFeatureSet",
    ]  # fmt: skip
    for name in names:
        assert getattr(apoc, name).__doc__
        assert name in dir(apoc)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        apoc.nothing  # noqa: B018


def test_a_script_for_apoc(known, tmp_path, monkeypatch):
    """The first example of APOC's own description, with brushwood's import."""
    monkeypatch.chdir(tmp_path)
    features = apoc.PredefinedFeatureSet.small_dog_log.value
    filename = "my_object_segmenter.cl"
    apoc.erase_classifier(filename)
    clf = apoc.ObjectSegmenter(opencl_filename=filename, positive_class_identifier=2)
    clf.train(features, known["marks"], known["image"])
    segmented = clf.predict(image=known["image"])
    assert segmented.max() > 3
    again = apoc.ObjectSegmenter(opencl_filename=filename)
    assert np.array_equal(again.predict(image=known["image"]), segmented)
    apoc.erase_classifier(filename)
    assert not list(tmp_path.iterdir())


def test_only_classifiers_are_erased(tmp_path):
    path = tmp_path / "thesis.cl"
    path.write_text("precious")
    with pytest.raises(ModelFileError):
        apoc.erase_classifier(path)
    assert path.read_text() == "precious"


def test_feature_sets_are_spelt_as_apoc_spells_them():
    line = apoc.PredefinedFeatureSet.object_size_1_to_2_px.value
    assert line == (
        "gaussian_blur=1 gaussian_blur=2 difference_of_gaussian=1 difference_of_gaussian=2 "
        "laplace_box_of_gaussian_blur=1 laplace_box_of_gaussian_blur=2"
    )
    assert len(apoc.PredefinedFeatureSet) == 17


def test_feature_images(known):
    planes = apoc.generate_feature_stack(known["image"], "gaussian_blur=2 original gaussian_blur=2")
    assert len(planes) == 3
    assert np.array_equal(planes[1], known["image"])
    expected = bw.FeatureSet.parse("gaussian_blur=2").compute(known["image"])[0]
    assert np.array_equal(planes[0], expected)
    assert np.array_equal(planes[2], expected)


def test_features_of_objects_are_listed():
    names = apoc.list_available_object_classification_features()
    assert {"area", "touch_count_sum", "average_distance_of_n_nearest_neighbors=?"} <= set(names)


def test_training_from_folders(known, tmp_path):
    for folder in ("images", "masks", "empty"):
        (tmp_path / folder).mkdir()
    left, right = known["marks"].copy(), known["marks"].copy()
    left[:, 36:], right[:, :36] = 0, 0
    for name, marks in (("a.tif", left), ("b.tif", right)):
        tifffile.imwrite(tmp_path / "images" / name, known["image"])
        tifffile.imwrite(tmp_path / "masks" / name, marks)
    classifier = apoc.PixelClassifier(max_depth=4, num_ensembles=20)
    folders = {"image": tmp_path / "images", "ground_truth": tmp_path / "masks"}
    line = apoc.load(data("pixels")).feature_specification
    apoc.train_classifier_from_image_folders(classifier, line, **folders)
    assert sum(classifier.classifier.counts_.values()) == np.count_nonzero(known["marks"])
    (tmp_path / "masks" / "b.tif").unlink()
    with pytest.raises(InputError, match=r"b\.tif in .*masks"):
        apoc.train_classifier_from_image_folders(classifier, line, **folders)
    with pytest.raises(InputError, match="no images"):
        apoc.train_classifier_from_image_folders(classifier, line, image=tmp_path / "empty")
    with pytest.raises(InputError, match="No folders"):
        apoc.train_classifier_from_image_folders(classifier, line)
