"""Reading `.cl` files: the header, the grammar, votes and thresholds exactly as written."""

import numpy as np
import pytest

from brushwood.errors import FeatureMismatchError
from brushwood.io.cl import ClHeader, format_cl, parse_cl, read_cl
from brushwood.io.cl.header import parse_header
from brushwood.io.cl.model import above, below
from brushwood.io.cl.problem import ClProblem
from cl_files import WRITTEN, data, file, header, kernel, nested


def model(trees, n_features=1, n_classes=2, **more):
    return parse_cl(file(trees, n_features, n_classes, **more))


@pytest.mark.parametrize("name", WRITTEN)
def test_files_of_apoc_are_written_again_to_the_letter(name):
    found = read_cl(data(name))
    assert format_cl(found) == data(name).read_text("utf-8")
    assert found.n_trees == found.header.n_trees
    assert (found.feature >= 0).sum() * 2 + found.n_trees == found.n_nodes


def test_a_header_says_what_it_says():
    found = read_cl(data("segmenter")).header
    assert (found.classifier, found.ndim, found.positive_class) == ("ObjectSegmenter", 2, 2)
    assert found.features[:2] == ("original", "gaussian_blur=1")
    assert (found.n_classes, found.n_features, found.max_depth, found.n_trees) == (3, 5, 3, 15)
    assert sum(found.importances) == pytest.approx(1)
    assert found.apoc_version == "0.12.0"
    assert read_cl(data("probability")).probability_class == 2


def test_old_headers_have_commas_and_gaps():
    found = read_cl(data("counts")).header
    assert found.features[1:3] == ("gaussianblur=1", "differenceofgaussian=2")
    assert found.ndim is None
    assert found.importances == ()
    assert found.apoc_version == ""


def test_the_first_of_two_lines_counts_and_zero_dimensions_are_unknown():
    text = "title\nnum_classes = 2\nnum_classes = 3\nnum_ground_truth_dimensions = 0\nother = x\n"
    assert parse_header(text) == ClHeader(n_classes=2)
    assert parse_header("max_depth = None\n").max_depth is None
    assert parse_header("feature_specification = Custom/unkown\n").features == ()
    assert parse_header("feature_importances = 0.5,nan\n").importances == ()
    assert parse_header("title\r\nnum_trees = 7\r\n").n_trees == 7


def test_a_file_without_a_header_is_read():
    found = parse_cl(kernel())
    assert found.header == ClHeader(n_features=1, n_classes=2)


@pytest.mark.parametrize("change", [
    lambda t: t.replace("\n", "\r\n"),
    lambda t: t.replace("{", " { ").replace("<", " < ").replace(";", " ;\n").replace(",", " , "),
    lambda t: "\n\n" + t + "\n \t",
    lambda t: t.replace(" sampler_t", " const sampler_t"),
    lambda t: t.replace("} else {", "}else{"),
])  # fmt: skip
def test_white_space_is_free(change):
    text = file("if(i0<2.5){s0+=1.0;}else{s1+=0.25;s0+=.75;}")
    found = parse_cl(change(text))
    assert found.weights.tolist() == [[0, 0], [1, 0], [0.75, 0.25]]


def test_windows_letters_in_names_of_columns(tmp_path):
    path = tmp_path / "a.cl"
    path.write_bytes(file(feature_specification="area_µm²").encode("cp1252"))
    assert read_cl(path).header.features == ("area_µm²",)
    path.write_bytes(b"\xef\xbb\xbf" + file(feature_specification="µ").encode())
    assert read_cl(path).header.features == ("µ",)


def test_a_threshold_divides_as_a_double_does():
    """0.1 as a double lies below the nearest 32-bit float, which therefore goes right."""
    near = np.float32(0.1)
    found = model("if(i0<0.1){s0+=1;}else{s1+=1;}")
    rows = [[np.nextafter(near, np.float32(0))], [near], [np.nan], [-np.inf]]
    assert found.predict(np.array(rows, np.float32)).tolist() == [1, 2, 2, 1]
    exact = model(f"if(i0<{float(near)!r}){{s0+=1;}}else{{s1+=1;}}")
    assert exact.predict(np.array(rows, np.float32)).tolist() == [1, 2, 2, 1]


@pytest.mark.parametrize(
    "threshold", [0.1, 2.5, -1e-40, 0.0, 1e-46, 3e38, -7.25, 66.07906341552734]
)
def test_below_and_above_undo_each_other(threshold):
    t = np.array([threshold])
    x = np.nextafter(np.float32(threshold), np.float32([-np.inf, np.inf]))
    x = np.append(x, np.float32(threshold))
    assert ((x <= below(t)) == (x.astype(np.float64) < t)).all()
    assert ((x.astype(np.float64) < above(below(t))) == (x.astype(np.float64) < t)).all()


def test_votes_are_added_up_tree_by_tree_in_32_bits():
    votes = (0.637, 0.27, 0.041)
    found = model("".join(f"if(i0<1.0){{s0+={vote};}}else{{s1+=1.0;}}" for vote in votes))
    assert found.n_trees == 3
    total = np.float32(0)
    for vote in votes:
        total = np.float32(np.float64(total) + vote)
    assert found.sums([[0.0]])[0, 0] == total
    # Votes rounded before they are added would give another sum.
    assert total != np.float32(votes[0]) + np.float32(votes[1]) + np.float32(votes[2])


def test_ties_go_to_the_lowest_class():
    found = model("s0+=1.0;s1+=1.0;s2+=1.0;", n_classes=3)
    assert found.predict(np.zeros((1, 1))).tolist() == [1]
    found = model("s1+=1.0;s2+=1.0;", n_classes=3)
    assert found.predict(np.zeros((1, 1))).tolist() == [2]
    assert model("if(i0<1.0){}else{s1+=1.0;}").predict([[0.0], [2.0]]).tolist() == [1, 2]


def test_counts_are_not_evened_out_between_trees():
    trees = "if(i0<1.0){s0+=10;}else{s0+=10;}" + "if(i0<1.0){s1+=25;}else{s1+=5;}"
    assert model(trees).predict([[0.0], [2.0]]).tolist() == [2, 1]


def test_a_probability_is_a_share_of_all_votes():
    found = model("if(i0<1.0){s0+=1;s1+=3;}else{}", probability=2)
    assert found.probability_class == 2
    share = found.probability([[0.0], [5.0]], 2)
    assert share[0] == np.float32(0.75)
    assert np.isnan(share[1])


def test_bare_leaves_in_a_row():
    found = model("s0+=2;s0+=3;s1+=1;s0+=1;")
    assert found.sums([[0.0]]).tolist() == [[6, 1]]
    assert found.n_trees == 3


def test_a_table_of_another_width_is_refused():
    with pytest.raises(FeatureMismatchError, match="1 features"):
        model("s0+=1;").predict(np.zeros((4, 2)))


def test_deep_trees_within_the_limit():
    found = model(nested(256))
    assert found.predict([[0.0], [2.0]]).tolist() == [1, 2]


@pytest.mark.parametrize("text", [header(num_classes="two"), header(num_trees="-1")])
def test_a_number_that_is_none(text):
    with pytest.raises(ClProblem, match="not a whole number"):
        parse_cl(text + kernel())
