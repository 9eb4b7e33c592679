from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import chain_scenes
from brushwood.batch.naming import key_of, names_of, outputs_of
from brushwood.io.inputs import InputRef


def names(*paths):
    return names_of([InputRef.of(path) for path in paths])


def test_inputs_of_one_folder_are_called_like_their_files():
    assert names("/d/a.tif", "/d/b.ome.tiff", "/d/c.ome.zarr") == ("a", "b", "c")


def test_inputs_of_several_folders_keep_their_folders_below_the_common_one():
    assert names("/d/x/1/a.tif", "/d/y/a.tif", "/d/b.tif") == ("x/1/a", "y/a", "b")


def test_equal_stems_keep_their_endings():
    assert names("/d/a.tif", "/d/a.png", "/d/b.tif") == ("a.tif", "a.png", "b")


def test_names_that_differ_in_case_only_get_a_number():
    assert names("/d/Cells.tif", "/d/cells.tif") == ("Cells", "cells-2")
    assert names("/d/straße.tif", "/d/STRASSE.tif") == ("straße", "STRASSE-2")


def test_a_number_never_meets_another_name():
    found = names("/d/a.tif", "/d/A.tif", "/d/a-2.tif")
    assert len({key_of(name) for name in found}) == 3
    assert "a-2" in found


def test_two_ways_to_write_an_umlaut_are_one_name():
    found = names("/d/zu\u0308rich.tif", "/d/z\u00fcrich.tif")
    assert len({key_of(name) for name in found}) == 2


def test_scenes_of_a_file_are_told_apart():
    refs = [InputRef(Path("/d/p.lif"), scene) for scene in ("Series 1", "Series 2")]
    assert names_of(refs) == ("p-Series-1", "p-Series-2")


def test_two_hundred_characters_are_kept_and_more_are_cut_with_a_mark():
    assert names("/d/" + "x" * 200 + ".tif") == ("x" * 200,)
    (found,) = names("/d/" + "x" * 240 + ".tif")
    assert len(found) == 200
    assert found != names("/d/" + "x" * 239 + "y.tif")[0]


def test_a_cut_name_is_valid_text():
    (found,) = names("/d/" + "ü" * 124 + ".tif")
    assert len(found.encode()) <= 200
    assert found.startswith("üü")


def test_results_are_named_after_input_and_kind():
    recipe = chain_scenes.recipe(chain_scenes.flat()[1])
    found = outputs_of("day 1/cells", Path("/out"), recipe)
    assert found["classes"] == Path("/out/day 1/cells-classes.tif")
    assert found["table"] == Path("/out/day 1/cells-table.csv")
    assert list(found) == list(recipe.outputs)


_PATHS = st.lists(
    st.builds(
        "/data/{}/{}{}".format,
        st.sampled_from(["a", "B", "b", "c/d"]),
        st.sampled_from(["x", "X", "x-2", "x.tif", "ü", "y"]),
        st.sampled_from([".tif", ".TIF", ".png", ".ome.tif"]),
    ),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(_PATHS)
def test_no_two_inputs_ever_share_a_name(paths):
    found = names(*paths)
    assert len({key_of(name) for name in found}) == len(paths)
