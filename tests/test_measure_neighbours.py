"""Neighbours, touching pairs, parents and children, beside slow references."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

import brushwood as bw
from brushwood.jobs import Cancelled, Job
from brushwood.measure import gaps, neighbours, pairs, relate, runs, touching_pairs
from brushwood.tables import headers, measured_columns, units_of, with_units
from measure_scenes import blobs, special

NEAR = (
    "touching_count",
    "touching_portion",
    "distance_nearest",
    "distance_mean_nearest_3",
    "distance_mean_nearest_500",
    "distance_edge_nearest",
)
SCENES = {
    "blobs": (blobs((60, 70)), (1, 1)),
    "blobs, oblong pixels": (blobs((60, 70), n=25, seed=1), (0.5, 0.3)),
    "special": (special(), (1, 1)),
    "3-D blobs, thick planes": (blobs((12, 25, 30), n=20), (2, 0.5, 0.7)),
    "3-D special": (special(3), (1, 2, 3)),
}


def faces(labels, spacing):
    """Yield the labels on both sides of every face inside the image, and its size."""
    for axis in range(labels.ndim):
        moved = np.moveaxis(labels, axis, 0)
        size = np.prod(spacing) / spacing[axis]
        for one, other in zip(moved[:-1].ravel(), moved[1:].ravel(), strict=True):
            if one != other:
                yield one, other, size
                yield other, one, size


def borders(labels, spacing):
    """Length of each object's border with each other label."""
    found = {}
    for one, other, size in faces(labels, spacing):
        mine = found.setdefault(int(one), {})
        mine[int(other)] = mine.get(int(other), 0) + size
    return found


@pytest.mark.parametrize("scene", SCENES)
def test_neighbours_are_those_of_a_slow_reference(scene):
    labels, spacing = SCENES[scene]
    table = bw.measure(labels, names=NEAR, spacing=spacing).set_index("label")
    border = borders(labels, spacing)
    points = {label: np.argwhere(labels == label) * spacing for label in table.index}
    center = {label: where.mean(axis=0) for label, where in points.items()}
    for label, row in table.iterrows():
        mine = border[label]
        touching = {other: size for other, size in mine.items() if other}
        assert row["touching_count"] == len(touching)
        portion = sum(touching.values()) / sum(mine.values())
        assert row["touching_portion"] == pytest.approx(portion)
        others = [other for other in table.index if other != label]
        apart = np.sort([np.linalg.norm(center[label] - center[other]) for other in others])
        assert row["distance_nearest"] == pytest.approx(apart[0])
        assert row["distance_mean_nearest_3"] == pytest.approx(apart[:3].mean())
        assert row["distance_mean_nearest_500"] == pytest.approx(apart.mean())
        edge = min(cdist(points[label], points[other]).min() for other in others)
        assert row["distance_edge_nearest"] == pytest.approx(edge)


def test_neighbours_do_not_depend_on_how_much_is_looked_at_at_once(monkeypatch):
    for labels in (blobs((60, 70)), blobs((12, 25, 30), n=20)):
        whole = bw.measure(labels, names=NEAR)
        with monkeypatch.context() as patch:
            patch.setattr(runs, "BAND_PIXELS", 200)
            patch.setattr(neighbours, "_AT_ONCE", 3)
            patch.setattr(gaps, "_GIANT", 0.5)
            np.testing.assert_allclose(bw.measure(labels, names=NEAR), whole)


def test_an_object_alone_has_no_distance_and_one_everywhere_no_border():
    labels = np.zeros((9, 9), int)
    labels[2:4, 2:4] = 7
    row = bw.measure(labels, names="neighbours").iloc[0]
    assert row["touching_count"] == row["touching_portion"] == 0
    assert (
        row[["distance_nearest", "distance_mean_nearest_6", "distance_edge_nearest"]].isna().all()
    )
    row = bw.measure(np.full((9, 9), 7), names="touching_portion").iloc[0]
    assert np.isnan(row["touching_portion"])
    assert len(bw.measure(labels * 0, names="neighbours")) == 0


def test_two_objects_with_one_centre_are_at_no_distance():
    labels = np.zeros((9, 9), int)
    labels[1:8, 1:8] = 1
    labels[2:7, 2:7] = 0
    labels[4, 4] = 2
    table = bw.measure(labels, names=("distance_nearest", "distance_edge_nearest"))
    assert table["distance_nearest"].eq(0).all()
    assert table["distance_edge_nearest"].eq(3).all()


def test_a_giant_is_the_nearest_of_objects_far_from_its_centre():
    labels = np.zeros((120, 300), int)
    labels[100] = 1
    labels[99, 5], labels[95, 250], labels[85, 250], labels[50, 30] = 2, 3, 4, 5
    found = bw.measure(labels, names="distance_edge_nearest")["distance_edge_nearest"]
    assert found.tolist() == [1, 1, 5, 10, pytest.approx(50)]


def test_units_of_neighbours():
    table = bw.measure(blobs((40, 40), n=5), names="neighbours", spacing=0.5, unit="µm")
    assert headers(table)[2:] == [
        "touching_count",
        "touching_portion",
        "distance_nearest [µm]",
        "distance_mean_nearest_6 [µm]",
        "distance_edge_nearest [µm]",
    ]


@pytest.mark.parametrize("name", ["distance_edge_nearest", "touching_count"])
def test_looking_for_neighbours_is_cancelled(name):
    labels = blobs((60, 70))
    job = Job(lambda fraction, message: fraction > 0.5 and job.cancel())
    with pytest.raises(Cancelled):
        bw.measure(labels, names=(name, "distance_nearest"), job=job)


@pytest.mark.parametrize("scene", SCENES)
def test_pairs_are_those_of_a_slow_reference(monkeypatch, scene):
    labels, spacing = SCENES[scene]
    image = np.random.default_rng(0).uniform(50, 100, (2, *labels.shape))
    monkeypatch.setattr(pairs, "_AT_ONCE", 7)
    monkeypatch.setattr(runs, "BAND_PIXELS", 900)
    table = touching_pairs(labels, image, spacing=spacing, channel_axis=0)
    border = borders(labels, spacing)
    known = {(a, b) for a, mine in border.items() for b in mine if 0 < a < b}
    assert list(zip(table["label_a"], table["label_b"], strict=True)) == sorted(known)
    volume = np.prod(spacing)
    length = table.columns[3]
    assert length == ("border_length" if labels.ndim == 2 else "border_area")
    mean = {}
    for row in table.to_dict("records"):
        a, b = row["label_a"], row["label_b"]
        shared = border[a][b]
        assert row[length] == pytest.approx(shared)
        portions = sorted([shared / sum(border[a].values()), shared / sum(border[b].values())])
        assert [row["touching_portion_min"], row["touching_portion_max"]] == pytest.approx(portions)
        size = np.array([(labels == a).sum(), (labels == b).sum()]) * volume
        assert row["size_ratio"] == pytest.approx(size.min() / size.max())
        assert row["size_difference"] == pytest.approx(size.max() - size.min())
        union = np.isin(labels, [a, b]).astype(int)
        solidity = bw.measure(union, names="solidity")["solidity"][0]
        assert row["solidity_union"] == pytest.approx(solidity)
        for label in (a, b):
            if label not in mean:
                values = [channel[labels == label] for channel in image]
                mean[label] = [v.mean() for v in values], [v.std() for v in values]
        both = image[:, union > 0].mean(axis=1)
        for c in range(2):
            difference = abs(mean[a][0][c] - mean[b][0][c])
            assert row[f"intensity_mean_difference-{c}"] == pytest.approx(difference)
            difference = abs(mean[a][1][c] - mean[b][1][c])
            assert row[f"intensity_std_difference-{c}"] == pytest.approx(difference, abs=1e-9)
            ratio = row[f"intensity_mean_border-{c}"] / both[c]
            assert row[f"intensity_border_ratio-{c}"] == pytest.approx(ratio)


def test_intensity_along_a_border_is_the_mean_of_both_sides():
    labels = np.array([[1, 1, 2, 2], [1, 1, 1, 2], [0, 1, 1, 2]])
    image = np.array([[0, 10, 30, 0], [0, 0, 50, 70], [0, 0, 5, 1]])
    (row,) = touching_pairs(labels, image).to_dict("records")
    sides = [(10, 30), (50, 30), (50, 70), (5, 1)]
    assert row["touching_faces"] == len(sides)
    assert row["intensity_mean_border"] == pytest.approx(np.mean(sides))
    assert row["border_length"] == 4
    assert row["touching_portion_max"] == 1
    assert row["touching_portion_min"] == pytest.approx(4 / 6)


def test_halves_of_a_disk_belong_together_more_than_two_disks():
    y, x = np.mgrid[:60, :90]
    halves = np.where((y - 30) ** 2 + (x - 30) ** 2 < 400, 1 + (x > 30), 0)
    disks = np.where((y - 30) ** 2 + (x - 25) ** 2 < 400, 1, 0)
    disks[((y - 30) ** 2 + (x - 64) ** 2 < 400) & (disks == 0)] = 2
    (half,) = touching_pairs(halves).to_dict("records")
    (disk,) = touching_pairs(disks).to_dict("records")
    assert half["solidity_gain"] > -0.02 > disk["solidity_gain"]
    assert half["centroid_distance_relative"] < 0.7 < 0.9 < disk["centroid_distance_relative"]


def test_pairs_of_frames_units_and_nothing():
    labels = np.stack([blobs((30, 30), n=9), np.zeros((30, 30), int), blobs((30, 30), n=9, seed=1)])
    table = touching_pairs(labels, labels * 1.5, ndim=2, spacing=0.5, unit="µm")
    assert table["frame"].unique().tolist() == [0, 2]
    alone = touching_pairs(labels[2], labels[2] * 1.5, spacing=0.5)
    part = table[table["frame"] == 2].drop(columns="frame").reset_index(drop=True)
    np.testing.assert_allclose(part, alone)
    assert units_of(table)["border_length"] == units_of(table)["centroid_distance"] == "µm"
    assert units_of(table)["size_difference"] == "µm²"
    assert units_of(touching_pairs(blobs((9, 9, 9), n=5), unit="nm"))["border_area"] == "nm²"
    assert measured_columns(table)[0] == "touching_faces"
    empty = touching_pairs(labels[1], labels[1])
    assert len(empty) == 0
    assert list(empty) == list(alone)


def test_pairs_of_labels_and_an_image_of_other_shape_are_refused():
    with pytest.raises(ValueError, match="must have the same shape"):
        touching_pairs(special(), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="must be integers"):
        touching_pairs(special().astype(float))


@pytest.mark.parametrize("shape", [(60, 70), (12, 25, 30), (3, 30, 40)])
def test_parents_are_those_that_cover_most(shape):
    ndim = 2 if len(shape) == 2 or shape[0] == 3 else 3
    frames = shape[: len(shape) - ndim]
    cells = np.stack([blobs(shape[-ndim:], n=15, seed=i) for i in range(3)])
    nuclei = np.stack([blobs(shape[-ndim:], n=25, seed=9 + i, reach=3) for i in range(3)])
    cells, nuclei = (cells, nuclei) if frames else (cells[0], nuclei[0])
    spacing = (2, 0.5, 0.7)[:ndim]
    measured = bw.measure(nuclei, names=("area", "centroid"), ndim=ndim, spacing=spacing, unit="µm")
    found = relate(cells, nuclei, table=measured, ndim=ndim, spacing=spacing, unit="µm")
    each = list(np.ndindex(*frames)) if frames else [()]
    for number, frame in enumerate(each):
        children, parents = found.children, found.parents
        if frames:
            children = children[children["frame"] == number]
            parents = parents[parents["frame"] == number]
        outside, inside = cells[frame], nuclei[frame]
        parent_of = {}
        for row in children.to_dict("records"):
            under = outside[inside == row["label"]]
            counts = np.bincount(under[under > 0], minlength=1)
            parent = int(counts.argmax()) if counts.any() else 0
            parent_of[row["label"]] = parent
            assert row["parent"] == parent
            assert row["parent_overlap"] == pytest.approx((under == parent).mean() * (parent > 0))
            if parent:
                masks = outside == parent, inside == row["label"]
                one, other = (np.argwhere(mask).mean(axis=0) for mask in masks)
                apart = np.linalg.norm((one - other) * spacing)
                assert row["parent_distance"] == pytest.approx(apart)
            else:
                assert np.isnan(row["parent_distance"])
        for row in parents.to_dict("records"):
            mine = [label for label, parent in parent_of.items() if parent == row["label"]]
            assert row["children_count"] == len(mine)
            area = np.isin(inside, mine).sum() * np.prod(spacing)
            assert row["children_area"] == pytest.approx(area)
            covered = (np.isin(inside, mine) & (outside == row["label"])).sum()
            portion = covered / (outside == row["label"]).sum()
            assert row["children_portion"] == pytest.approx(portion)
            mean = area / len(mine) if mine else np.nan
            assert row["children_mean_area"] == pytest.approx(mean, nan_ok=True)
    assert len(found.children) and (found.children["parent"] == 0).any()
    power = "²" if ndim == 2 else "³"
    assert units_of(found.parents)["children_mean_area"] == f"µm{power}"
    assert units_of(found.parents)["children_area"] == f"µm{power}"
    assert units_of(found.children)["parent_distance"] == "µm"


def test_ties_small_overlaps_and_large_labels():
    parents = np.array([[9, 9, 2**40, 2**40, 0, 0]])
    children = np.array([[0, 5, 5, 2**31, 2**31, 2**31]])
    found = relate(parents, children)
    assert found.children["parent"].tolist() == [9, 2**40]
    assert found.children["parent_overlap"].tolist() == pytest.approx([0.5, 1 / 3])
    found = relate(parents, children, min_overlap=0.5)
    assert found.children["parent"].tolist() == [9, 0]
    assert found.children["parent_overlap"].tolist() == [0.5, 0]
    assert found.parents["children_count"].tolist() == [1, 0]
    assert found.parents["children_portion"].tolist() == [0.5, 0]


def test_relations_of_nothing():
    some, none = special(), np.zeros_like(special())
    assert relate(some, none).parents["children_count"].eq(0).all()
    assert len(relate(some, none).children) == 0
    assert relate(none, some).children["parent"].eq(0).all()
    assert relate(none, some).children["parent_distance"].isna().all()
    assert len(relate(none, none).parents) == 0
    itself = relate(some, some)
    assert itself.children["parent"].equals(itself.children["label"])
    assert itself.children["parent_overlap"].eq(1).all()


def test_relations_of_what_does_not_fit_are_refused():
    with pytest.raises(ValueError, match="must have the same shape"):
        relate(special(), special()[1:])
    with pytest.raises(ValueError, match="min_overlap must be"):
        relate(special(), special(), min_overlap=2)
    with pytest.raises(ValueError, match="needs the column 'label'"):
        relate(special(), special(), table=pd.DataFrame({"area": [1.0]}))


def test_means_of_children_leave_out_gaps_and_text():
    labels = np.array([[1, 2, 3, 0]])
    table = pd.DataFrame({"label": [1, 2, 9], "area": [2.0, np.nan, 5], "who": ["a", "b", "c"]})
    found = relate(np.full((1, 4), 4), labels, table=with_units(table, {"area": "nm²"}))
    assert found.parents["children_mean_area"].tolist() == [2.0]
    assert "children_mean_who" not in found.parents
    assert units_of(found.parents)["children_mean_area"] == "nm²"
