"""The widget that explores objects, in a window."""

import numpy as np
import pytest

from explore_desk import ExploreDesk, measured, squares, truth_of
from explore_tables import same_groups

CLUSTER = "cluster k-means on PCA"


@pytest.fixture
def desk(viewer, qtbot):
    """Return a desk without layers; the widget is not open yet."""
    return ExploreDesk(viewer, qtbot)


def test_layout_and_groups_land_beside_the_user_s_columns(desk):
    layer = desk.add()
    before = layer.features.copy()
    desk.open().run()
    for name in before.columns:
        assert layer.features[name].equals(before[name])
    assert list(layer.features.columns[-3:]) == ["PCA 1", "PCA 2", CLUSTER]
    assert same_groups(layer.features[CLUSTER], truth_of(before))
    assert desk.status.startswith("2 groups of 30, 30 objects.")
    assert (desk.canvas.cloud.x_name, desk.canvas.cloud.y_name) == ("PCA 1", "PCA 2")
    assert desk.state.colour == CLUSTER
    assert "of the variance" in desk.view.reduce.note.text()
    assert "2" in desk.view.group.note.text()


def test_text_and_positions_are_no_columns_to_explore(desk):
    desk.add()
    desk.open()
    shown = [desk.view.table._columns.item(i).text() for i in range(4)]
    assert shown == ["area [px²]", "perimeter", "solidity", "noise"]
    assert desk.view.table._columns.count() == 4


def test_results_of_several_runs_stand_side_by_side(desk):
    layer = desk.add()
    desk.open().run()
    desk.controller._set("columns", ("area", "noise"))
    desk.run()
    assert list(layer.features.columns[-6:-3]) == ["PCA 1", "PCA 2", CLUSTER]
    newest = list(layer.features.columns[-3:])
    assert [desk.canvas.cloud.x_name, desk.canvas.cloud.y_name, desk.state.colour] == newest


def test_several_layers_make_one_table(desk):
    first, second = desk.add("one"), desk.add("two", measured(squares(), seed=4))
    desk.open()
    for box in desk.view.table._boxes.values():
        box.setChecked(True)
    desk.idle()
    assert len(desk.controller.rows) == 120
    desk.run()
    for layer in (first, second):
        assert same_groups(layer.features[CLUSTER], truth_of(layer.features))
    assert not first.features["PCA 1"].equals(second.features["PCA 1"])
    desk.canvas.row_clicked.emit(60, False)
    assert desk.selected.layer == str(second.unique_id)
    # Clicks in the image are followed in both.
    assert {str(x.unique_id) for x in (first, second)} <= set(desk.plot._link._slots)


def test_a_gate_over_layers_stays_when_columns_come(desk):
    first, second = desk.add("one"), desk.add("two", measured(squares(), seed=4))
    desk.open()
    desk.controller._set("layers", (str(first.unique_id), str(second.unique_id)))
    desk.view.plot.choice_made.emit("x", "area")
    desk.gate(50, np.inf, "large")
    chosen = np.concatenate([(x.features["area"] >= 50).to_numpy() for x in (first, second)])
    assert desk.plot.selected.tolist() == chosen.tolist()
    written = np.concatenate([x.features["large"] for x in (first, second)])
    assert written.tolist() == chosen.tolist()
    assert len(desk.selected.labels) <= 60


def test_the_selection_is_one_in_plot_and_image(desk):
    layer = desk.add()
    desk.open().run()
    desk.canvas.row_clicked.emit(3, False)
    assert desk.selected.labels == {9}
    assert layer.selected_label == 9
    desk.canvas.row_clicked.emit(5, True)
    assert desk.selected.labels == {9, 13}
    desk.session.selection.select(str(layer.unique_id), frozenset({5, 7}), 5)
    assert np.flatnonzero(desk.plot.selected).tolist() == [1, 2]
    desk.canvas.row_clicked.emit(-1, False)
    assert not desk.selected.labels
    assert not desk.plot.selected.any()


def test_a_click_moves_the_camera(desk):
    from brushwood.gui._camera import camera_of

    desk.add(scale=(0.5, 2.0))
    desk.open().run()
    desk.canvas.row_clicked.emit(13, False)  # second row, second column of squares
    desk.wait(lambda: np.allclose(camera_of(desk.viewer).center[-2:], (14.5 / 2, 14.5 * 2)))


def test_in_a_time_series_a_click_goes_to_the_frame(desk):
    layer = desk.add(labels=squares(frames=2), axis_labels=("t", "y", "x"))
    desk.open().run()
    assert len(layer.features) == 120
    assert layer.features[CLUSTER].isin([1, 2]).all()
    desk.viewer.dims.set_current_step(0, 0)
    desk.canvas.row_clicked.emit(61, False)
    assert desk.selected.labels == {1005}
    desk.wait(lambda: desk.viewer.dims.current_step[0] == 1)


def test_the_card_shows_the_row_and_its_picture(desk):
    desk.add()
    desk.open().run()
    text, picture = desk.plot._describe(0)
    assert "<b>object 3</b>" in text
    assert "PCA 1: " in text
    assert "px²" in text
    assert picture is not None
    assert not picture.isNull()
    image = picture.toImage()
    pixels = {image.pixelColor(x, y).name() for x in range(0, 96, 3) for y in range(0, 96, 3)}
    assert "#e69f00" in pixels  # the outline


def test_gates_make_populations_undo_and_delete(desk):
    layer = desk.add()
    desk.open().run()
    desk.gate(-np.inf, 0)
    inside = (layer.features["PCA 1"] <= 0).to_numpy()
    assert 0 < inside.sum() < 60
    assert desk.selected.labels == set(layer.features["index"][inside])
    assert f"{inside.sum()} objects inside" in desk.status
    desk.plot.name_pending("area")
    assert "already" in desk.status
    desk.plot.name_pending("left")
    assert layer.features["left"].tolist() == inside.tolist()
    desk.gate(0, np.inf, "right")
    assert desk.view.plot._list.item(1).text() == f"right — {(~inside).sum()} objects"
    desk.canvas.undo_requested.emit()
    assert "right" not in layer.features
    assert "left" in layer.features
    desk.view.plot._list.setCurrentRow(0)
    desk.view.plot._remove.click()
    assert "left" not in layer.features
    desk.view.plot._undo.click()
    assert layer.features["left"].tolist() == inside.tolist()
    assert [p.name for p in desk.state.populations] == ["left"]


def test_colour_size_and_look(desk):
    desk.add()
    desk.open().run()
    cloud = desk.canvas.cloud_item
    assert len(np.unique(cloud._codes)) == 2
    desk.view.plot.choice_made.emit("colour", "area")
    assert len(np.unique(cloud._codes)) > 10
    assert "(dark)" in desk.view.plot._legend.text()
    desk.view.plot.choice_made.emit("size", "noise")
    assert len(np.unique(cloud._radii)) > 2
    assert "noise" in desk.view.plot._legend.text()
    assert "●" in desk.view.plot._legend.text()
    desk.view.plot.choice_made.emit("look", "density")
    assert cloud._density is not None
    desk.view.plot.choice_made.emit("x", "solidity")
    assert desk.canvas.cloud.x_name == "solidity"


def test_trust_is_a_sentence_and_a_column(desk):
    layer = desk.add()
    desk.open().run()
    desk.ask(desk.view.trust.run)
    agreement = layer.features["agreement k-means on PCA"]
    assert (agreement == 1).all()
    assert desk.state.colour == agreement.name
    assert desk.status.startswith("These groups are stable")
    assert "not true" in desk.view.trust._answer.text()
    assert len(desk.view.trust._multiples.ci.items) == 3


def test_why_ranks_and_the_small_set_ticks_columns(desk):
    desk.add()
    desk.open().run()
    desk.ask(desk.view.why.run)
    table = desk.view.why._table
    names = [table.item(i, 0).text().removeprefix("★ ") for i in range(table.rowCount())]
    assert names[-1] == "noise"
    assert set(names[:3]) == {"area", "perimeter", "solidity"}
    desk.view.why._use.click()
    assert desk.state.columns
    assert "noise" not in desk.state.columns
    assert not {"area", "perimeter"} <= set(desk.state.columns)
    assert desk.view.table.summary == f"— 60 objects, {len(desk.state.columns)} columns"


def test_keep_shows_a_tree_applies_and_saves(desk, tmp_path):
    import brushwood as bw

    layer, other = desk.add("one"), desk.add("two", measured(squares(), seed=9))
    desk.open()
    desk.controller._set("layers", (str(layer.unique_id),))
    desk.run()
    desk.ask(desk.view.keep.run)
    assert desk.status.startswith("The classifier gives 100")
    assert any("≤" in text for text in desk.view.keep._tree.texts())
    assert CLUSTER not in other.features
    desk.ask(desk.view.keep.apply)
    assert "120 objects of 2 layers" in desk.status
    found = other.features["cluster by classifier"]
    assert same_groups(found, truth_of(other.features))
    assert layer.features["cluster by classifier"].equals(
        layer.features[CLUSTER].astype(found.dtype).rename(found.name)
    )
    desk.controller.keeping.save(tmp_path / "groups.brushwood")
    desk.idle()
    assert "groups.brushwood" in desk.status
    model = bw.load(tmp_path / "groups.brushwood")
    np.testing.assert_array_equal(model.predict(other.features), found)


def test_explain_shows_a_swarm_and_one_object(desk):
    pytest.importorskip("shap")
    desk.add()
    desk.open().run()
    desk.ask(desk.view.why.explain)
    assert desk.status.startswith("The classifier looks most at")
    why = desk.view.why
    assert "say nearly the same" in why._beware.text()
    assert len(why._beware.text()) < 300
    assert why._bars.isHidden()
    desk.canvas.row_clicked.emit(2, False)
    assert not why._bars.isHidden()
    assert "Object 7: group" in why._bars_caption.text()
    first = why._bars_caption.text()
    why.class_chosen.emit(2)
    assert why._bars_caption.text() != first
    desk.canvas.row_clicked.emit(-1, False)
    assert why._bars.isHidden()


def test_reopening_keeps_choices(desk):
    layer = desk.add()
    desk.open().run()
    desk.view.plot.choice_made.emit("y", "noise")
    desk.gate(-np.inf, 0, "left")
    desk.view.keep.form.editor("depth").setValue(2)
    desk.view.trust.form.editor("n_runs").setValue(7)
    desk.close()
    desk.open()
    assert desk.controller.rows is not None
    assert desk.state.layers == (str(layer.unique_id),)
    assert (desk.canvas.cloud.x_name, desk.canvas.cloud.y_name) == ("PCA 1", "noise")
    assert desk.view.reduce.form.spec.method == "pca"
    assert desk.view.keep.form.spec.depth == 2
    assert desk.view.trust.run.text() == "Repeat 7 times"
    assert desk.view.plot._list.count() == 1
    # Groups of the table are there, but nobody knows how they were made.
    assert not desk.view.trust.run.isEnabled()
    assert "Run" in desk.view.trust.run.toolTip()


def test_a_table_file_is_explored_with_the_objects_of_a_layer(viewer, qtbot, tmp_path):
    from brushwood.gui.explore import ExploreWidget

    labels = squares()
    layer = viewer.add_labels(labels, name="squares", metadata={"brushwood": {"role": "objects"}})
    measured(labels).drop(columns="index").to_csv(tmp_path / "table.csv", index=False)
    widget = ExploreWidget(viewer)
    qtbot.addWidget(widget)
    adding = widget.controller.adding
    adding.add(tmp_path / "table.csv", layer)
    qtbot.waitUntil(lambda: not adding.is_running, timeout=20_000)
    qtbot.waitUntil(
        lambda: widget.controller.rows is not None and len(widget.controller.rows) == 60
    )
    assert "added to 'squares'" in widget.view.actions.status.text()
    assert "solidity" in layer.features.columns
    (tmp_path / "bad.csv").write_text("area\n1\n")
    adding.add(tmp_path / "bad.csv", layer)
    qtbot.waitUntil(lambda: "no column 'label'" in widget.view.actions.status.text())
    widget.controller.stop()
