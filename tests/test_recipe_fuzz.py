"""Recipes from strangers: whatever stands in them, one kind of error, no code, little memory."""

import copy
import json
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.batch import recipe_read
from brushwood.batch.model_ref import ModelRef
from brushwood.batch.recipe import Recipe
from brushwood.batch.recipe_lines import MAX_VALUES, Unreadable, located
from brushwood.batch.steps import (
    ClassifyStep,
    EvaluateStep,
    MeasureStep,
    ObjectStep,
    PixelStep,
)
from brushwood.errors import RecipeError
from brushwood.objects.split_params import SplitParams

WHOLE = Recipe(
    PixelStep(ModelRef.embedding(b"no model at all", "pixels.brushwood"), (0, "GFP"), -1),
    ObjectStep(SplitParams(method="distance", min_size=5), "classes", (2,), "GFP", 2),
    MeasureStep(("area", "size", "intensity_mean-DAPI"), True, (0,), ("α",), ("a", "b")),
    ClassifyStep(ModelRef("o.cl", "/models/o.cl", "0" * 64)),
    EvaluateStep("/truth", "objects", 0.7, None),
    ("objects", "table"),
    "ome-zarr",
    "csv",
    "whole",
)
TEXT = WHOLE.to_json()
DOCUMENT = json.loads(TEXT)
#: What strangers put in place of a value.
ODD = [
    None, True, False, 0, -1, 1, 2, 3, 1e9, 10**30, 0.5, -0.0, "", "x", "../../../etc/passwd", "\0",
    "a" * 5000, "\ud800", "2", [], [[]], [None], [1, 1], ["classes"], {}, {"path": 3},
    {"path": "C:\\x.brushwood"}, {"embedded": "%%"}, {"embedded": ""}, {"a": {"b": {}}},
    "__import__('os')", "object_classes", "table", list(range(1001)),
]  # fmt: skip


def places(value, at=()):
    """All places in a document."""
    yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    elif isinstance(value, list):
        for number in range(len(value)):
            yield from places(value[number], (*at, number))


PLACES = [place for place in places(DOCUMENT) if place]


def put(document, place, value):
    for part in place[:-1]:
        document = document[part] if isinstance(document, (dict, list)) else {}
    if isinstance(document, dict) or (isinstance(document, list) and place[-1] < len(document)):
        document[place[-1]] = value


def judged(text):
    """Read a stranger's text: it is fine and comes back, or every problem has a line."""
    try:
        found = Recipe.from_json(text)
    except RecipeError as error:
        assert error.problems
        assert all(each.startswith("recipe, line ") for each in error.problems)
        return None
    assert Recipe.from_json(found.to_json()) == found
    assert found.describe()
    return found


def test_the_whole_recipe_is_fine():
    assert judged(TEXT) == WHOLE


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_odd_values_at_every_place(place):
    for value in ODD:
        document = copy.deepcopy(DOCUMENT)
        put(document, place, value)
        judged(json.dumps(document))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=2, max_size=6),
    st.sampled_from(PLACES),
)
def test_several_odd_values_and_a_name_too_many(changes, lost):
    document = copy.deepcopy(DOCUMENT)
    for place, value in changes:
        try:
            put(document, place, value)
        except (KeyError, IndexError, TypeError):
            continue
    if isinstance(lost[-1], str) and len(lost) == 1:
        document.pop(lost[0], None)
    judged(json.dumps(document))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_json_is_read_as_the_library_reads_it(value):
    text = json.dumps(value, indent=1)
    if value in (float("inf"), float("-inf")) or "Infinity" in text:
        return
    try:
        found = located(text).value
    except Unreadable as problem:
        assert "more than" in str(problem)
        return
    assert found == json.loads(text)
    judged(text)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_texts(seed):
    rng = random.Random(seed)
    for _ in range(60):
        letters = list(TEXT)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(letters))
            kind = rng.random()
            if kind < 0.4:
                letters[at] = rng.choice('{}[]",:0aé\\\n\x00-')
            elif kind < 0.7:
                del letters[at : at + rng.randint(1, 30)]
            else:
                letters.insert(at, rng.choice(['"', "[", "{", "}", "\\u", "1e", "\t"]))
        judged("".join(letters))


@pytest.mark.parametrize("cut", range(0, len(TEXT), 97))
def test_texts_that_end_too_early(cut):
    assert judged(TEXT[:cut]) is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" + "1," * (MAX_VALUES + 5) + "1]",
        "-" * 1000,
        '"' * 9999,
    ],
)
def test_deep_and_long_texts_take_little(text):
    tracemalloc.start()
    try:
        assert judged(text) is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 << 20


def test_a_thousand_mistakes_are_not_all_shown():
    names = ", ".join(f'"x{n}": 1' for n in range(5000))
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(TEXT.replace('"name": "whole"', names))
    assert len(caught.value.problems) == 1001
    assert caught.value.problems[-1] == "recipe: and 4000 more."


def test_a_large_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe_read, "MAX_BYTES", 1000)
    (tmp_path / "large.json").write_text(TEXT)
    with pytest.raises(RecipeError, match="it is larger than"):
        Recipe.load(tmp_path / "large.json")


def test_an_embedded_model_with_a_foreign_name_stays_in_its_folder(tmp_path):
    text = TEXT.replace("pixels.brushwood", str(tmp_path / "up" / "pixels.brushwood"))
    found = Recipe.from_json(text)
    with pytest.raises(RecipeError, match="is not a Brushwood model"):
        found.pixels.model.load(object)
    assert not list(tmp_path.iterdir())
