"""What the window showed, a saved recipe gives: on the image's file, to the last bit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brushwood import opencl
from brushwood.batch.recipe import Recipe
from brushwood.features.spec import FeatureSet
from brushwood.io.images import write_image
from brushwood.session.recipes import recipe_of
from recipe_desk import RecipeDesk

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
#: Columns of a layer's table that say which row it is.
KEYS = ["index", "label"]
BEST = "class_probability"


@pytest.fixture
def open_desk(viewer, qtbot):
    return lambda key: RecipeDesk(viewer, qtbot, key)


def drafted(desk):
    draft = recipe_of(desk.session, desk.scene)
    assert draft.recipe is not None, draft.missing
    return draft


def assert_same(desk, found, classes="· classes", probabilities=None):
    """Compare layers and table with a result, bit for bit."""
    np.testing.assert_array_equal(np.squeeze(found.classes), desk.find(classes).data)
    np.testing.assert_array_equal(found.objects, desk.objects.data)
    table = desk.objects.features
    shared = [name for name in found.table.columns if name not in ("image", "label", BEST)]
    own = [name for name in table.columns if name.startswith(f"{BEST}-")]
    assert set(table.columns) - {*own} <= {*shared, *KEYS}, "columns are missing"
    if own:  # the window shows the probability of each class, a table that of the best
        best = found.table[BEST].to_numpy(np.float32)
        np.testing.assert_array_equal(best, table[own].max(axis=1).to_numpy(np.float32))
    wanted = table[shared].reset_index(drop=True)
    numbers = wanted.select_dtypes("number").dtypes  # the window keeps probabilities as float32
    given = found.table[shared].reset_index(drop=True).astype(numbers)
    pd.testing.assert_frame_equal(given, wanted, check_exact=True, check_dtype=False)


def run_saved(desk, draft, folder):
    """Save the recipe, and run it on the image's file."""
    path = draft.recipe.save(folder / "recipe.json")
    return Recipe.load(path).run(desk.export(folder / "image.tif"))


def test_nuclei(open_desk, tmp_path):
    desk = open_desk("nuclei_2d").classify("probabilities").make()
    desk.measure(probabilities=True).classify_objects()
    draft = drafted(desk)
    assert draft.missing == ()
    found = run_saved(desk, draft, tmp_path)
    assert_same(desk, found)
    np.testing.assert_array_equal(found.probabilities[1], desk.find("P(nuclei)").data)
    np.testing.assert_array_equal(found.object_classes, desk.find("· object classes").data)


def test_blobs_without_a_pixel_size(open_desk, tmp_path):
    desk = open_desk("round_and_elongated_blobs").classify().make(method="distance")
    draft = drafted(desk.measure())
    assert draft.missing == ()
    assert_same(desk, run_saved(desk, draft, tmp_path))


def test_cells_in_two_channels(open_desk, tmp_path):
    desk = open_desk("two_channel_cells").classify(channels=("DNA", "actin"))
    desk.make(foreground=(2, 3), method="intensity").measure(images=("DNA", "actin"))
    draft = drafted(desk)
    assert_same(desk, run_saved(desk, draft, tmp_path))


def test_a_stack(open_desk, tmp_path):
    desk = open_desk("nuclei_3d")
    desk.session.state.features = replace(desk.session.state.features, units="world")
    desk.classify().make(method="distance", units="world")
    draft = drafted(desk.measure())
    assert draft.missing == ()
    assert_same(desk, run_saved(desk, draft, tmp_path))


def test_one_channel_of_two_and_another_one_measured(open_desk, tmp_path):
    desk = open_desk("two_channel_cells").classify(channels=("actin",))
    desk.make(method="distance").measure(images=("DNA",))
    draft = drafted(desk)
    assert draft.recipe.pixels.channels == (1,)
    assert draft.recipe.measure.channels == (0,)
    assert "channels 1 (two_channel_cells · actin)" in draft.included[0]
    assert_same(desk, run_saved(desk, draft, tmp_path))


def test_colours(open_desk, tmp_path):
    desk = open_desk("histology_he").classify().make(foreground=(3,)).measure()
    draft = drafted(desk)
    assert draft.missing == ()
    assert_same(desk, run_saved(desk, draft, tmp_path))


def test_a_loaded_model_a_probability_and_the_groups_of_an_exploration(open_desk, tmp_path):
    from brushwood.explore.surrogate import train_surrogate
    from brushwood.models.surrogate import to_classifier
    from brushwood.session.object_table import table_of

    desk = open_desk("nuclei_2d").classify("probabilities")
    desk.session.engine.save(tmp_path / "mine.brushwood", desk.session.state.classes)
    desk.pixels.files.load(str(tmp_path / "mine.brushwood"))
    desk.wait(lambda: desk.session.state.model.origin == "mine.brushwood")
    desk.classify("probabilities").make("· P(nuclei)", method="hysteresis", threshold=0.6).measure()
    table = table_of(desk.objects.features, desk.scene.note(str(desk.objects.unique_id))["units"])
    groups = 1 + (table["area"] > table["area"].median())
    surrogate = train_surrogate(table, groups, columns=("area", "eccentricity"))
    desk.session.exploring.learned = to_classifier(table, surrogate)
    draft = drafted(desk)
    assert draft.missing == ()
    assert "from mine.brushwood" in draft.included[0]
    assert "P(nuclei)" in draft.included[1]
    assert "groups in Explore" in draft.included[3]
    found = run_saved(desk, draft, tmp_path)
    np.testing.assert_array_equal(found.objects, desk.objects.data)
    expected = desk.session.exploring.learned.predict(table)
    np.testing.assert_array_equal(found.table["class"], expected)


def test_the_command_line_writes_what_the_window_shows(open_desk, tmp_path):
    from brushwood.cli.main import main
    from brushwood.io.images import read_image
    from brushwood.io.tables import read_table

    desk = open_desk("nuclei_time").classify().make().measure()
    recipe = drafted(desk).recipe.save(tmp_path / "recipe.json")
    desk.export(tmp_path / "image.tif")
    assert main(["run", str(recipe), str(tmp_path / "image.tif"), "-o", str(tmp_path / "out")]) == 0
    for output, layer in (("classes", desk.find("· classes")), ("objects", desk.objects)):
        with read_image(tmp_path / "out" / f"image-{output}.tif") as written:
            np.testing.assert_array_equal(np.asarray(written.data[:]), layer.data)
    table = read_table(tmp_path / "out" / "image-table.csv")
    for name in ("area", "intensity_mean", "frame"):
        np.testing.assert_array_equal(table[name], desk.objects.features[name])


def test_start_says_what_is_part_of_the_recipe_and_saves_it(open_desk, qtbot, tmp_path):
    from qtpy.QtGui import QGuiApplication

    from brushwood.gui.start import StartWidget

    desk = open_desk("round_and_elongated_blobs")
    start = desk.add(StartWidget, "Brushwood")
    bar = start._recipes
    assert not bar.save.isEnabled()
    assert "no pixel classifier" in bar.save.toolTip()
    desk.classify().make()
    desk.wait(bar.save.isEnabled)
    bar.save.click()
    dialog = bar.dialog
    desk.wait(dialog.save_button.isEnabled)
    assert "Objects of blobs, split by components" in dialog.summary.text()
    assert "Not part of it" not in dialog.summary.text()
    dialog.compare.click()
    desk.wait(lambda: "Comparison" not in dialog.summary.text())
    assert not dialog.save_button.isEnabled() or not dialog.folder.text()
    dialog.take_truth(str(tmp_path))
    desk.wait(lambda: "Comparison with the truth" in dialog.summary.text())
    dialog.save_as(str(tmp_path / "blobs"))
    desk.wait(lambda: "Saved blobs.json" in start._status.text())
    recipe = Recipe.load(tmp_path / "blobs.json")
    assert recipe.evaluate is not None
    assert recipe.objects is not None
    assert recipe.pixels.model.data is not None
    bar.copy.click()
    desk.wait(lambda: "clipboard" in start._status.text())
    compile(QGuiApplication.clipboard().text(), "script", "exec")


def test_an_image_that_napari_opened_without_its_pixel_size(viewer, qtbot, tmp_path):
    from brushwood.gui.recipes import RecipeBar
    from brushwood.samples import load

    sample, path = load("nuclei_3d"), tmp_path / "nuclei_3d.tif"
    write_image(path, sample.image, "zyx", sample.spacing, "um")
    desk = RecipeDesk.on_file(viewer, qtbot, "nuclei_3d", path, sample.annotation)
    assert tuple(desk.find("nuclei_3d").scale) == (1, 1, 1), "napari reads the pixel size by now"
    desk.classify().make(method="distance")
    bar = RecipeBar(viewer)
    qtbot.addWidget(bar)
    bar.refresh()
    bar.save.click()
    desk.wait(bar.dialog.save_button.isEnabled)
    assert "has pixels of 1 × 0.25 × 0.25 µm" in bar.dialog.summary.text()
    bar.dialog.rescale.click()
    desk.wait(lambda: "has pixels of" not in bar.dialog.summary.text())
    assert tuple(desk.find("· classes").scale) == sample.spacing
    bar.dialog.reject()
    desk.making._on_make()
    desk.wait(lambda: not desk.making.maker.is_running)
    draft = drafted(desk.measure())
    assert draft.missing == ()
    assert_same(desk, draft.recipe.run(path))


def test_a_script_comes_with_its_models(open_desk, tmp_path):
    desk = open_desk("round_and_elongated_blobs").classify()
    from brushwood.gui.recipes import Recipes

    recipes, said = Recipes(desk.viewer), []
    recipes.said.connect(said.append)
    recipes.save(drafted(desk), tmp_path / "all.py")
    desk.wait(lambda: said)
    assert {p.name for p in tmp_path.iterdir()} == {"all.py", "pixel-classifier.brushwood"}
    (tmp_path / "all.py").unlink()
    (tmp_path / "pixel-classifier.brushwood").write_bytes(b"mine")
    recipes.save(drafted(desk), tmp_path / "all.py")
    desk.wait(lambda: len(said) == 2)
    assert "exists" in said[1]
    assert (tmp_path / "pixel-classifier.brushwood").read_bytes() == b"mine"


def test_objects_of_what_an_earlier_model_shows_are_said(open_desk):
    desk = open_desk("nuclei_2d").classify().make()
    assert drafted(desk).missing == ()
    state = desk.session.state
    state.live, version = False, state.model.version
    state.features = FeatureSet.parse("original gaussian=2")
    camera = desk.viewer.scene.camera
    camera.zoom, camera.center = 12.0, (20, 20)
    for _ in range(20):
        desk.qtbot.wait(5)
    desk.pixels.live.train()
    desk.wait(lambda: state.model.version > version and not desk.pixels.live.is_busy)
    desk.making._on_make()
    desk.wait(lambda: not desk.making.maker.is_running)
    said = " ".join(drafted(desk).missing)
    everywhere = desk.find("· classes").metadata["brushwood"]["whole"] == state.model.version
    assert ("did not show the present pixel classifier" in said) != everywhere


def test_a_series(open_desk, tmp_path):
    desk = open_desk("nuclei_time").classify().make(method="components")
    draft = drafted(desk.measure())
    assert draft.missing == ()
    assert_same(desk, run_saved(desk, draft, tmp_path))
