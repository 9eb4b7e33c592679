"""Feature sets: the readable line, JSON, names, reach, and what is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brushwood.errors import InputError, UnknownFilterError
from brushwood.features import Feature, FeatureSet, filter_names, get_filter
from brushwood.features.scale import scale_of

LINE = "original gaussian=1,2,4 dog=1,2,4 log=1,2,4 hessian=1,2,4 gradient=1,2 structure=1,2"
NAMES = [n for n in filter_names() if n != "original"]
SIGMAS = st.floats(0.3, 256, allow_nan=False)
SETS = st.builds(
    lambda pairs: FeatureSet(tuple(Feature(*p) for p in pairs)),
    st.lists(
        st.tuples(st.sampled_from(NAMES), SIGMAS) | st.just(("original", None)),
        min_size=1, max_size=20, unique=True,
    ),
)  # fmt: skip


def test_line_round_trips():
    assert str(FeatureSet.parse(LINE)) == LINE
    assert str(FeatureSet.parse("  gaussian=2\n gaussian=2 gaussian=0.5,2")) == "gaussian=2,0.5"
    world = FeatureSet.parse("units=world gaussian=0.05")
    assert world.units == "world"
    assert str(world) == "gaussian=0.05 units=world"


@given(SETS)
def test_any_set_round_trips(features):
    assert FeatureSet.parse(str(features)) == features
    assert FeatureSet.from_json(features.to_json()) == features
    assert FeatureSet.from_json(json.dumps(features.to_json())) == features


def test_sets_are_frozen_and_hashable():
    assert len({FeatureSet.parse(LINE), FeatureSet.parse(LINE)}) == 1
    with pytest.raises(AttributeError):
        FeatureSet.parse(LINE).units = "world"


def test_names_follow_dimensions_and_channels():
    features = FeatureSet.parse("original hessian=0.7")
    assert features.names(2) == ("original", "hessian[0]=0.7", "hessian[1]=0.7")
    assert features.names(3)[-1] == "hessian[2]=0.7"
    assert features.names(2, 2)[2:4] == ("c0 hessian[1]=0.7", "c1 original")
    with pytest.raises(InputError, match="2 and 3 dimensions"):
        features.names(4)


def test_halo_is_the_farthest_reach():
    features = FeatureSet.parse("gaussian=5 structure=2")
    assert features.halo(2) == (0, 20, 20)
    assert features.halo(3, spacing=(4, 1, 1)) == (5, 20, 20)
    assert FeatureSet.parse("original").halo(3) == (0, 0, 0)


def test_cost_grows_with_scale_dimensions_and_filters():
    small, large = FeatureSet.parse("gaussian=1"), FeatureSet.parse("gaussian=10")
    assert small.cost(2) < large.cost(2) < large.cost(3)
    assert FeatureSet.parse("gaussian=1").cost(2) < FeatureSet.parse("hessian=1").cost(2)


def test_presets_exist_and_grow_with_object_size():
    reach = [FeatureSet.preset(name).halo(2)[1] for name in ("tiny", "small", "medium", "large")]
    assert reach == sorted(set(reach))
    for name in FeatureSet.presets():
        assert FeatureSet.preset(name).names(3)
    with pytest.raises(InputError, match="medium"):
        FeatureSet.preset("huge")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "1 to 512 features"),
        ("gaussian", "needs a σ"),
        ("gaussian=", "number for σ"),
        ("gaussian=two", "number for σ"),
        ("gaussian=0.2", "0.3 to 256"),
        ("gaussian=1000", "0.3 to 256"),
        ("gaussian=nan", "positive number"),
        ("gaussian=inf", "positive number"),
        ("gaussian=-1", "positive number"),
        ("original=1", "takes no σ"),
        ("gaussian=1 units=metres", "'px' or 'world'"),
        ("gaussian_blur=1 units=world", "APOC"),
        ("gaussian=" + ",".join(f"{1 + i / 1000}" for i in range(600)), "1 to 512"),
        ("original " * 3000, "shorter than"),
    ],
)
def test_bad_lines_are_refused_with_a_reason(line, message):
    with pytest.raises(InputError, match=message):
        FeatureSet.parse(line)


def test_unknown_filters_are_named_with_those_that_exist():
    with pytest.raises(UnknownFilterError, match=r"'gauss'.*gaussian.*structure"):
        FeatureSet.parse("gauss=1")
    with pytest.raises(KeyError):
        get_filter("gauss")


def test_a_feature_twice_is_refused():
    with pytest.raises(InputError, match="twice: gaussian=2"):
        FeatureSet((Feature("gaussian", 2.0), Feature("gaussian", 2.0)))


@pytest.mark.parametrize(
    "data",
    [
        [], {}, "no", "[" * 5000, {"units": "px"}, {"units": "px", "features": "original"},
        {"units": "px", "features": [["gaussian"]]}, {"units": "px", "features": [[1, 1]]},
        {"units": "px", "features": [["gaussian", "2"]]},
        {"units": "px", "features": [["gaussian", True]]},
        {"units": "px", "features": [["gaussian", 10**400]]},
        {"units": "px", "features": [["gaussian", float("nan")]]},
        {"units": 1, "features": [["gaussian", 2]]}, {"units": "px", "features": []},
        {"units": "px", "features": [["original", None]], "more": 1},
        {"units": "px", "features": [["original", None]] * 2},
        {"units": "px", "features": [["gaussian", 2]] * 10**5},
        '{"units": "px", "features": [["gaussian", 2]]' + " " * 10**6,
    ],
)  # fmt: skip
def test_json_from_strangers_is_read_strictly(data):
    with pytest.raises(InputError):
        FeatureSet.from_json(data)


def test_sigma_follows_the_spacing():
    gaussian = get_filter("gaussian")
    px = scale_of(gaussian, 2.0, "px", 3, (4.0, 1.0, 2.0))
    assert px.smooth == (0.5, 2.0, 1.0)
    assert px.weight == (0.25, 1.0, 0.5)
    world = scale_of(gaussian, 2.0, "world", 3, (0.5, 0.25, 0.25))
    assert world.smooth == (4.0, 8.0, 8.0)
    assert world.weight == (2.0, 4.0, 4.0)
    coarse = scale_of(gaussian, 1.0, "px", 2, (10.0, 1.0))
    assert coarse.smooth == pytest.approx((0.1, 1.0))
    assert coarse.derive == (0.5, 1.0)


@pytest.mark.parametrize(
    ("units", "spacing", "message"),
    [
        ("px", (1.0,), "2 positive numbers"),
        ("px", (0.0, 1.0), "2 positive numbers"),
        ("px", (np.nan, 1.0), "2 positive numbers"),
        ("world", None, "no spacing"),
        ("world", (100.0, 100.0), "finest axis"),
        ("world", (1e-4, 1e-4), "finest axis"),
    ],
)
def test_bad_spacing_is_refused(units, spacing, message):
    with pytest.raises(InputError, match=message):
        scale_of(get_filter("gaussian"), 1.0, units, 2, spacing)
