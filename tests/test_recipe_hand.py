"""Recipes written by hand: every mistake is named with its line, all at once."""

import json

import pytest

from brushwood.batch.recipe import Recipe
from brushwood.errors import RecipeError

GOOD = """\
{
 "format": "brushwood recipe",
 "version": 1,
 "name": "nuclei",
 "pixels": {"model": "nuclei.brushwood"},
 "objects": {
  "foreground": [2],
  "params": {
   "method": "distance",
   "min_size": 20
  }
 },
 "measure": {"names": ["area", "intensity_mean-DAPI"]},
 "save": ["objects", "table"]
}
"""


def problems(text):
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(text)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def changed(old, new):
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_what_is_left_out_takes_its_usual_value():
    found = Recipe.from_json(GOOD)
    assert found.objects.params.min_size == 20 and found.objects.source == "classes"
    assert found.measure.names == ("area", "intensity_mean-DAPI")
    assert found.outputs == ("objects", "table")
    assert (found.image_format, found.table_format) == ("tiff", "csv")
    assert found.pixels.model.sha256 is None
    assert found.classify is None and found.evaluate is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            '"min_size": 20',
            '"min_size": "ten"',
            10,
            ("objects.params.min_size must be a number from 0 to 1e+09, not 'ten'."),
        ),
        ('"min_size": 20', '"min_size": 1e400', 10, "objects.params.min_size must be a number"),
        ('"min_size": 20', '"min_size": true', 10, "objects.params.min_size must be a number"),
        (
            '"min_size"',
            '"min_sise"',
            10,
            ("objects.params.min_sise is not known. Did you mean 'min_size'?"),
        ),
        ('"distance"', '"distanse"', 9, "objects.params.method must be one of 'components', "),
        ("[2]", "[2, 0]", 7, "objects.foreground[1] must be a whole number from 1 to 65535, not 0"),
        ("[2]", "[2, 2]", 7, "objects.foreground[1] is 2, which stands in the list already."),
        (
            "[2]",
            "[true]",
            7,
            "objects.foreground[0] must be a whole number from 1 to 65535, not True",
        ),
        ("[2]", "[]", 7, "objects.foreground must be a list of 1 to 1000 class ids, not a list"),
        ("[2]", "2.5", 7, "objects.foreground must be a list of 1 to 1000 class ids, not 2.5."),
        (
            '"area"',
            '"aera"',
            13,
            (
                "measure.names[0] is no measurement: There is no measurement "
                "'aera'. Did you mean area"
            ),
        ),
        ('"area"', '"intensity_percentile_101"', 13, "measure.names[0] is wrong: "),
        ('"table"]', '"tabel"]', 14, "save[1] must be one of 'classes', "),
        (
            '"table"]',
            '"table", "object_classes"]',
            14,
            ('save names "object_classes", but the step classify is missing.'),
        ),
        (
            '"nuclei.brushwood"',
            '"nuclei.tif"',
            5,
            ("pixels.model.path must end in .brushwood or .cl, not be 'nuclei.tif'."),
        ),
        (
            '"nuclei.brushwood"',
            '{"path": "a.cl", "sha256": "12"}',
            5,
            ("pixels.model.sha256 must be 64 hexadecimal digits."),
        ),
        ('"nuclei.brushwood"', '{"embedded": "?"}', 5, "pixels.model.embedded is damaged"),
        (
            '"nuclei.brushwood"',
            '{"embedded": "AAAA", "sha256": "' + "0" * 64 + '"}',
            5,
            "pixels.model.embedded is damaged: its SHA-256",
        ),
        ('"nuclei.brushwood"', "{}", 5, "pixels.model needs either a path or an embedded model."),
        ('"model"', '"modle"', 5, "pixels.modle is not known. Did you mean 'model'?"),
        ('"name": "nuclei"', '"name": 3', 4, "name must be a text"),
        (
            '"name": "nuclei"',
            '"image_format": "tif"',
            4,
            ("image_format must be one of 'tiff', 'ome-zarr', not 'tif'. Did you mean 'tiff'?"),
        ),
        ('"version": 1', '"version": 2', 3, "version is 2, but this Brushwood reads up to 1: "),
        ('"version": 1', '"version": "1"', 3, "version must be a whole number"),
        (
            "brushwood recipe",
            "brushwood",
            2,
            ("format must be 'brushwood recipe', not 'brushwood': this is no recipe."),
        ),
        ('"name": "nuclei"', '"measure": null', 13, "measure is set twice."),
        (
            '"min_size": 20',
            '"min_size": 20, "max_size": 10',
            8,
            (
                "objects.params do not go together:"
                " The largest size 10 is below the smallest 20. Swap them"
            ),
        ),
        ('"foreground"', '"source": "probability", "foreground"', 0, ""),
        ("[2]", '[2, 3], "source": "probability"', 7, "objects.foreground must be one class id"),
    ],
)
def test_a_mistake_is_named_with_its_line(old, new, line, said):
    text = changed(old, new)
    if not said:
        assert Recipe.from_json(text).objects.source == "probability"
        return
    found = problems(text)
    assert any(each.startswith(f"recipe, line {line}: {said}") for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('"min_size": 20', '"min_size": 20,', 11, "there is a comma too many before }"),
        ('"name": "nuclei",', '"name": "nuclei"', 5, "a comma or } was expected"),
        ('"name": "nuclei"', '"name": nuclei', 4, "texts stand in double quotes"),
        ('"name": "nuclei"', '// "name"', 4, "a name in double quotes was expected"),
        ('"min_size": 20', '"min_size": NaN', 10, "a value was expected, but 'NaN' came"),
        ('"min_size": 20', '"min_size": ' + "9" * 50, 10, "a number has more than 40 digits"),
        ('"nuclei"', '"nuc\nlei"', 4, "a text goes over the end of its line"),
        ('"table"]', '"table"]}', 15, "something goes on after the end"),
        ("[2]", "[" * 60 + "]" * 60, 7, "nested more than 12 deep"),
    ],
)
def test_what_is_no_json_is_named_with_its_line(old, new, line, said):
    (found,) = problems(changed(old, new))
    assert found.startswith(f"recipe, line {line}: this is no JSON: ")
    assert said in found


def test_all_mistakes_are_said_at_once_in_order():
    text = GOOD.replace("20", "-1").replace('"area"', '"aera"').replace('"objects", ', "")
    text = text.replace('"nuclei.brushwood"', "3").replace('"table"', '"tables"')
    found = problems(text)
    lines = [int(each.split("line ")[1].split(":")[0]) for each in found]
    assert lines == sorted(lines)
    assert lines == [5, 10, 13, 14]


def test_a_broken_step_does_not_blame_others():
    text = changed('"foreground": [2]', '"foreground": "x"')
    assert len(problems(text)) == 1


def test_a_recipe_needs_pixels_and_something_to_save():
    found = problems('{"format": "brushwood recipe", "version": 1}')
    assert [each.split(": ")[1] for each in found] == ["pixels is missing", "save is missing"]


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '"recipe"', "null"])
def test_other_json_is_no_recipe(text):
    assert len(problems(text)) == 1


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(RecipeError, match=r"There is no recipe .*none\.json"):
        Recipe.load(tmp_path / "none.json")
    (tmp_path / "model.brushwood").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(RecipeError, match="is a model, not a recipe"):
        Recipe.load(tmp_path / "model.brushwood")
    (tmp_path / "image.tif").write_bytes(b"II*\x00\xff\xfe")
    with pytest.raises(RecipeError, match="no text in UTF-8"):
        Recipe.load(tmp_path / "image.tif")
    with pytest.raises(RecipeError, match=r"Cannot read the recipe .*it is no file"):
        Recipe.load(tmp_path)
    (tmp_path / "mine.json").write_text(changed("20", '"x"'), "utf-8")
    with pytest.raises(RecipeError, match=r"^mine\.json, line 10: objects\.params\.min_size"):
        Recipe.load(tmp_path / "mine.json")


def test_editors_may_put_a_mark_before_the_text(tmp_path):
    (tmp_path / "mine.json").write_text(GOOD, "utf-8-sig")
    assert Recipe.load(tmp_path / "mine.json").name == "nuclei"
    (tmp_path / "mine.json").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert Recipe.load(tmp_path / "mine.json").name == "nuclei"


def test_a_recipe_that_was_saved_can_be_edited(tmp_path):
    saved = Recipe.from_json(GOOD, tmp_path).save(tmp_path / "mine.json")
    text = saved.read_text("utf-8")
    assert json.loads(text)["pixels"]["model"] == {"path": "nuclei.brushwood", "sha256": None}
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "seed_height" in each)
    saved.write_text(text.replace('"seed_height": 0.05', '"seed_height": 2'), "utf-8")
    with pytest.raises(RecipeError, match=f"line {line}: objects.params.seed_height must be"):
        Recipe.load(saved)
