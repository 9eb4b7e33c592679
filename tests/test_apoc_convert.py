"""Between `.cl` files and our models: the same pixels, and every loss said."""

import numpy as np
import pytest

import brushwood as bw
from brushwood.apoc.convert import export_cl, import_cl
from brushwood.apoc.export import import_notes
from brushwood.apoc.files import Answers, load_model, save_model
from brushwood.errors import InputError, ModelFileError, OutputExistsError
from brushwood.io.cl import format_cl, parse_cl, read_cl
from cl_files import data, file, results

PLANES = "original gaussian_blur=1,3 difference_of_gaussian=2 laplace_box_of_gaussian_blur=1"
RANDOM = bw.ForestParams(kind="random", n_trees=20, max_depth=5)
EXTRA = bw.ForestParams(n_trees=20, max_depth=9)


@pytest.fixture(scope="module")
def known():
    return results()


def trained(known, features=PLANES, forest=RANDOM, image="image", marks="marks", **options):
    options = {"scaling": "none", "smoothing": 0, **options}
    return bw.PixelClassifier(features, forest, **options).fit(known[image], known[marks])


def again(model, **options):
    """Write a model, read it, and return it as one of ours."""
    contents, _ = export_cl(model, **options)
    return import_cl(parse_cl(format_cl(contents)))


@pytest.mark.parametrize("forest", [RANDOM, EXTRA])
def test_unscaled_models_are_exact(known, forest):
    model = trained(known, f"{PLANES} sobel_of_gaussian_blur=2", forest)
    contents, notes = export_cl(model)
    assert notes == ()
    found = import_cl(parse_cl(format_cl(contents)))
    assert np.array_equal(found.predict(known["image"]), model.predict(known["image"]))
    assert np.array_equal(found.predict_proba(known["image"]), model.predict_proba(known["image"]))
    assert np.array_equal(found.forest_.threshold, model.forest_.threshold)


@pytest.mark.parametrize("mode", ["training", "image"])
def test_scaling_goes_into_the_thresholds(known, mode):
    model = trained(known, f"{PLANES} sobel_of_gaussian_blur=2", EXTRA, scaling=mode)
    _, notes = export_cl(model)
    assert len(notes) == 1
    assert notes[0].startswith("Results will differ") == (mode == "image")
    found = again(model).predict(known["image"])
    assert np.mean(found != model.predict(known["image"])) < 1e-3


def test_scaling_in_3_d_where_a_constant_image_is_not_zero(known):
    model = trained(known, image="solid", marks="solid_marks", scaling="training")
    assert min(model.range_.low) > 1
    found = again(model).predict(known["solid"])
    assert np.mean(found != model.predict(known["solid"])) < 1e-3


def test_channels_are_scaled_each_by_its_own(known):
    two = known["channels"].astype(np.float32)
    two[1] = two[1] * 50 + 900
    model = bw.PixelClassifier(PLANES, EXTRA, channel_axis=0, scaling="training", smoothing=0)
    model.fit(two, known["marks"])
    found = again(model)
    assert found.n_channels_ == 2
    assert np.mean(found.predict(two) != model.predict(two)) < 1e-3


def test_class_ids_keep_their_gaps(known):
    marks = np.array([0, 3, 7, 8])[known["marks"]]
    model = bw.PixelClassifier(PLANES, RANDOM, scaling="none", smoothing=0)
    model.fit(known["image"], marks)
    contents, _ = export_cl(model, kind="ProbabilityMapper", chosen_class=7)
    assert (contents.n_classes, contents.probability_class) == (8, 7)
    assert not contents.weights[:, [0, 1, 3, 4, 5]].any()
    found = import_cl(contents).predict(known["image"])
    assert np.array_equal(found, model.predict(known["image"]))


@pytest.mark.parametrize(("options", "part"), [
    ({"smoothing": 1.5}, "smoothed by 1.5 pixels"),
    ({"class_names": {2: "nuclei"}}, "names and colours of classes: 2 = nuclei"),
    ({"class_colors": {2: "#ff0000"}}, "does not store colours"),
    ({"spacing": (0.5, 0.5)}, "pixel size"),
    ({"forest": bw.ForestParams(kind="random", n_trees=4, max_depth=30)}, "deeper than the 10"),
    ({"features": bw.FeatureSet.parse(
        "gaussian_blur=" + ",".join(str(1 + k / 20) for k in range(52)))}, "52 features"),
])  # fmt: skip
def test_what_gets_lost_is_said(known, options, part):
    if "forest" in options:
        known = {"image": known["image"], "marks": _noisy(known["marks"])}
    _, notes = export_cl(trained(known, **options))
    assert [part in note for note in notes] == [True]


def _noisy(marks):
    return np.random.default_rng(0).integers(1, 3, marks.shape).astype(np.uint8)


def test_what_fiji_and_3_d_cannot(known):
    many = np.stack([known["image"]] * 6, axis=-1)
    model = bw.PixelClassifier("original", RANDOM, channel_axis=-1, scaling="none", smoothing=0)
    _, notes = export_cl(model.fit(many, known["marks"]))
    assert any("first axis" in note for note in notes)
    assert any("at most 5 channels" in note for note in notes)
    solid = trained(known, "sobel_of_gaussian_blur=1", image="solid", marks="solid_marks")
    assert "wrong in 3-D" in export_cl(solid)[1][0]


@pytest.mark.parametrize("features", ["original hessian=1", "gaussian=1", "log=2 original"])
def test_other_filters_are_refused_by_name(known, features):
    with pytest.raises(InputError, match="does not have these features") as error:
        export_cl(trained(known, features))
    assert next(f for f in features.split() if f != "original") in str(error.value)


def test_limits(known):
    marks = np.array([0, 1, 300, 301])[known["marks"]]
    model = bw.PixelClassifier("original", RANDOM, scaling="none", smoothing=0)
    with pytest.raises(InputError, match="1 to 255, but there is class 301"):
        export_cl(model.fit(known["image"], marks))
    with pytest.raises(InputError, match="becomes one of"):
        export_cl(trained(known), kind="ObjectMerger")
    with pytest.raises(InputError, match="no class 9"):
        export_cl(trained(known), kind="ObjectSegmenter", chosen_class=9)
    with pytest.raises(InputError, match="does not classify pixels"):
        import_cl(read_cl(data("objects")))


def test_importing_says_what_differs():
    solid = file(feature_specification="sobel_of_gaussian_blur=1", num_ground_truth_dimensions=3)
    assert "memory that is not its own" in import_notes(parse_cl(solid))[0]
    assert "17 trees" in import_notes(parse_cl(file(num_trees=17)))[0]
    assert import_notes(parse_cl(file("s0+=1;s1+=2;", num_trees=17))) == ()
    odd = file(classifier_class_name="ObjectSegmenter", positive_class_identifier=4)
    assert "classes are 1 to 2" in import_notes(parse_cl(odd))[0]
    assert "probability of class 2" in import_notes(read_cl(data("probability")))[0]


def test_the_same_file_gives_the_same_bytes(tmp_path):
    for name in ("pixels", "objects"):
        written = []
        for k in range(2):
            model, _ = load_model(data(name))
            model.save(tmp_path / f"{name}{k}.brushwood")
            written.append((tmp_path / f"{name}{k}.brushwood").read_bytes())
        assert written[0] == written[1]


def test_a_loaded_cl_file_can_be_trained_on(known):
    model, _ = load_model(data("pixels"))
    model.fit(known["image"], known["marks"], extend=True)
    assert (model.predict(known["image"]) == known["pixels"]).mean() > 0.8


def test_load_takes_cl_files(known):
    assert isinstance(bw.load(data("segmenter")), bw.PixelClassifier)
    assert type(bw.load(data("merger"))).__name__ == "ObjectMerger"
    from brushwood.models import load

    with pytest.raises(ModelFileError, match=r"not a brushwood\.PixelClassifier"):
        load(data("merger"), bw.PixelClassifier)
    with pytest.raises(ModelFileError, match="no such file"):
        bw.load("nothing.cl")


def test_answers_that_do_not_belong():
    with pytest.raises(InputError, match="Leave out ids and ndim"):
        load_model(data("objects"), Answers(ndim=2))


def test_existing_files_stay(tmp_path, known):
    path = tmp_path / "a.cl"
    path.write_text("precious")
    with pytest.raises(OutputExistsError):
        save_model(trained(known), path)
    assert path.read_text() == "precious"
    with pytest.raises(InputError, match="cannot be written"):
        save_model(object(), tmp_path / "b.cl")
    with pytest.raises(InputError, match="Only a pixel classifier"):
        save_model(bw.load(data("merger")), tmp_path / "b.cl", kind="ObjectSegmenter")


def test_damaged_model_files_of_apoc_s_kinds_are_refused(tmp_path, known):
    """Every value of the document is checked before it is used."""
    import json
    import zipfile

    model = bw.load(data("objects"))
    model.save(tmp_path / "m.brushwood")
    with zipfile.ZipFile(tmp_path / "m.brushwood") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(parts["model.json"])
    changes = [("classifier", "Sorcerer"), ("classifier", 3), ("columns", ["a"]), ("features", []),
               ("features", [1] * 9), ("ndim", "x"), ("positive_class", -1), ("votes", 0),
               ("votes", "1"), ("max_depth", 10**6)]  # fmt: skip
    for number, (key, value) in enumerate(changes):
        parts["model.json"] = json.dumps({**document, key: value}).encode()
        path = tmp_path / f"{number}.brushwood"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        with pytest.raises(ModelFileError, match="Cannot open the model"):
            bw.load(path)
