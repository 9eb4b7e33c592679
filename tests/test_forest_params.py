"""Forest parameters: ranges, messages and the way to JSON and back."""

import json
from dataclasses import FrozenInstanceError, fields

import pytest

from brushwood.errors import InputError
from brushwood.forest import ForestParams


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "boosted"),
        ("n_trees", 0),
        ("n_trees", 1001),
        ("n_trees", 10.0),
        ("n_trees", True),
        ("max_depth", 0),
        ("max_depth", 65),
        ("max_depth", "deep"),
        ("min_leaf", 0),
        ("max_features", "cube"),
        ("max_features", 0.0),
        ("max_features", 1.5),
        ("max_features", float("nan")),
        ("max_features", 3),
        ("balance", 1),
        ("seed", -1),
        ("seed", 2**32),
        ("max_rows", 1),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(InputError, match=name) as caught:
        ForestParams(**{name: value})
    assert repr(value) in str(caught.value)


def test_any_params_survive_json() -> None:
    params = ForestParams(
        kind="random",
        n_trees=7,
        max_depth=3,
        min_leaf=2,
        max_features=0.25,
        balance=True,
        seed=9,
        max_rows=50,
    )
    assert ForestParams.from_json(json.loads(json.dumps(params.to_json()))) == params
    assert ForestParams.from_json({}) == ForestParams()


@pytest.mark.parametrize(
    ("document", "match"),
    [([], "JSON object"), ({"trees": 5}, "trees"), ({"n_trees": None}, "n_trees")],
)
def test_a_strange_document_is_refused(document: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        ForestParams.from_json(document)


def test_params_are_frozen_and_describe_themselves() -> None:
    params = ForestParams(n_trees=100, max_depth=4, seed=0)
    with pytest.raises(FrozenInstanceError):
        params.n_trees = 5  # type: ignore[misc]
    for field in fields(params):
        assert field.metadata["label"], field.name
        assert field.metadata["tooltip"], field.name


def test_the_default_has_a_hundred_trees_or_more() -> None:
    assert ForestParams().n_trees >= 100
