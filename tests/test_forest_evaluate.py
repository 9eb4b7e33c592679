"""Evaluation on every device equals scikit-learn and the reference, wherever a pixel lies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from brushwood.errors import FeatureMismatchError
from brushwood.forest import Forest, ForestEvaluator, ForestParams, grow, tables
from brushwood.forest.reference import classify, predict_proba
from brushwood.opencl import Device, Program, Queue, lease
from forest_stacks import all_devices, evaluate, name_of, upload

pytestmark = pytest.mark.skipif(not all_devices(), reason="no OpenCL device")
on_every_device = pytest.mark.parametrize("device", all_devices(), ids=name_of)
RNG = np.random.default_rng(0)


def image(n_features: int, shape: tuple[int, int, int] = (1, 37, 45), step: int = 0) -> np.ndarray:
    """Random features (plane, Z, Y, X); with a step they take few values, so thresholds are met."""
    planes = RNG.random((n_features, *shape), dtype=np.float32)
    return np.round(planes * step) / step if step else planes


def rows_of(planes: np.ndarray) -> np.ndarray:
    return planes.reshape(len(planes), -1).T


def check(forest: Forest, device: Device, planes: np.ndarray) -> np.ndarray:
    """Compare with the reference, probabilities and classes, and return the probabilities."""
    got = evaluate(forest, device, planes)
    expected = predict_proba(forest, rows_of(planes)).T.reshape(got.shape)
    np.testing.assert_allclose(got, expected, atol=1e-5, rtol=0)
    differ = classify(got, forest.classes) != classify(expected, forest.classes)
    best = np.sort(expected, axis=0)
    if differ.any():  # only where two classes tie but for rounding
        assert (best[-1] - best[-2])[differ].max() < 1e-5
    return got


@on_every_device
@pytest.mark.parametrize("n_classes", [2, 3, 7, 20])
@pytest.mark.parametrize(
    "params",
    [
        ForestParams(max_depth=None, n_trees=11),
        ForestParams(max_depth=None, n_trees=11, min_leaf=4),
        ForestParams(n_trees=11, kind="random", max_depth=4, balance=True),
        ForestParams(n_trees=5, max_depth=1),
        ForestParams(n_trees=5, max_depth=7),
    ],
    ids=["deep", "blunt", "shallow", "stumps", "middle"],
)
def test_device_equals_reference(device: Device, n_classes: int, params: ForestParams) -> None:
    X = np.round(RNG.random((500, 9), dtype=np.float32) * 50) / 50
    ids = np.sort(RNG.choice(np.arange(1, 65536), n_classes, replace=False))
    y = ids[np.digitize(X[:, 0] + 0.2 * X[:, 1], np.linspace(0, 1.2, n_classes + 1)[1:-1])]
    forest = grow(X, y, params)
    assert forest.classes.tolist() == np.unique(y).tolist()
    check(forest, device, image(9, step=50))


@on_every_device
@pytest.mark.parametrize("make", [ExtraTreesClassifier, RandomForestClassifier])
def test_device_equals_scikit_learn(device: Device, make: type) -> None:
    X = np.round(RNG.random((300, 6), dtype=np.float32) * 30) / 30
    y = RNG.choice([2, 5, 9], 300)
    peer = make(40, random_state=0).fit(X, y)
    forest = Forest.from_sklearn(peer.estimators_, peer.classes_)
    planes = image(6, step=30)
    got = evaluate(forest, device, planes)
    expected = peer.predict_proba(rows_of(planes)).T.reshape(got.shape)
    np.testing.assert_allclose(got, expected, atol=1e-5, rtol=0)
    best = np.sort(expected, axis=0)
    clear = best[-1] - best[-2] > 1e-5
    classes = peer.predict(rows_of(planes)).reshape(got.shape[1:])
    assert np.array_equal(classify(got, forest.classes)[clear], classes[clear])


@on_every_device
def test_255_classes(device: Device) -> None:
    X = RNG.random((2000, 4), dtype=np.float32)
    forest = grow(X, np.arange(2000) % 255 + 1, ForestParams(max_depth=None, n_trees=3))
    check(forest, device, image(4, (1, 17, 20)))
    check(
        grow(X, np.arange(2000) % 255 + 1, ForestParams(max_depth=None, n_trees=3, min_leaf=3)),
        device,
        image(4, (1, 17, 20)),
    )


@on_every_device
@pytest.mark.parametrize("n_features", [1, 100, 200, 700])
def test_few_and_many_features(device: Device, n_features: int) -> None:
    X = RNG.random((300, n_features), dtype=np.float32)
    forest = grow(X, RNG.integers(1, 3, 300), ForestParams(max_depth=None, n_trees=60))
    check(forest, device, image(n_features, (1, 17, 18)))


@on_every_device
def test_many_trees(device: Device) -> None:
    X = RNG.random((60, 3), dtype=np.float32)
    forest = grow(X, RNG.integers(1, 3, 60), ForestParams(max_depth=None, n_trees=1000))
    check(forest, device, image(3))


def chain(depth: int, side: str) -> Forest:
    """Return one tree that asks `depth` questions in a row, all inner nodes on one side."""
    n = 2 * depth + 1
    inner, ends = np.arange(0, n - 1, 2), np.append(np.arange(1, n, 2), n - 1)
    forest = {
        "feature": np.full(n, -1, np.int32),
        "threshold": np.zeros(n, np.float32),
        "left": np.full(n, -1, np.int32),
        "right": np.full(n, -1, np.int32),
        "value": np.zeros((n, 3), np.float32),
        "roots": np.zeros(1, np.int32),
        "classes": np.array([1, 2, 5], np.int32),
        "n_features": np.asarray(2, np.int32),
        "importances": np.zeros(2, np.float32),
    }
    forest["feature"][inner] = np.arange(depth) % 2
    order = np.arange(1, depth + 1) / (depth + 1)
    forest["threshold"][inner] = order if side == "right" else order[::-1]
    other = "left" if side == "right" else "right"
    forest[side][inner], forest[other][inner] = inner + 2, inner + 1
    forest["value"][ends] = np.eye(3)[np.arange(len(ends)) % 3]
    forest["value"][ends[0]] = [0.5, 0.25, 0.25]
    return Forest.from_arrays(forest)


@on_every_device
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("depth", [1, 60, 63, 64, 200, 5000])
def test_chains_of_questions(device: Device, depth: int, side: str) -> None:
    check(chain(depth, side), device, image(2, (1, 18, 33)))


@on_every_device
def test_trees_that_ask_nothing(device: Device) -> None:
    X = np.ones((50, 3), np.float32)
    y = np.where(np.arange(50) < 20, 4, 6)
    got = check(grow(X, y, ForestParams(n_trees=4)), device, image(3, (1, 3, 4)))
    np.testing.assert_allclose(got[0], 0.4, atol=1e-6)
    alone = {**chain(1, "left").to_arrays(), "n_features": np.asarray(2, np.int32)}
    for name in ("feature", "left", "right"):
        alone[name] = np.full(1, -1, np.int32)
    alone["threshold"], alone["value"] = np.zeros(1, np.float32), np.array([[0, 1, 0]], np.float32)
    assert check(Forest.from_arrays(alone), device, image(2, (1, 3, 4)))[1].min() == 1


@on_every_device
def test_infinite_values_and_nan_go_the_documented_way(device: Device) -> None:
    X = RNG.normal(size=(300, 3)).astype(np.float32)
    forest = grow(X, np.where(X.sum(1) > 0, 2, 1), ForestParams(n_trees=10))
    planes = image(3, (2, 9, 19))
    planes[RNG.random(planes.shape) < 0.2] = np.nan
    planes[RNG.random(planes.shape) < 0.2] = np.inf
    planes[RNG.random(planes.shape) < 0.2] = -np.inf
    check(forest, device, planes)


@on_every_device
def test_a_pixel_does_not_depend_on_its_place(device: Device) -> None:
    X = RNG.random((300, 5), dtype=np.float32)
    y = np.digitize(X[:, 0] + 0.3 * RNG.random(300), [0.4, 0.9]) + 1
    planes = image(5, (1, 41, 50))
    for params in (ForestParams(max_depth=None, n_trees=20), ForestParams(n_trees=20, min_leaf=3)):
        forest = grow(X, y, params)
        whole = evaluate(forest, device, planes)
        for y0, x0, y1, x1 in ((0, 0, 1, 1), (3, 5, 20, 50), (17, 16, 41, 49), (40, 0, 41, 50)):
            part = evaluate(forest, device, planes[:, :, y0:y1, x0:x1])
            assert np.array_equal(part, whole[:, :, y0:y1, x0:x1])
        deep = evaluate(forest, device, planes.reshape(5, 41, 1, 50))
        assert np.array_equal(deep, whole.reshape(deep.shape))


@on_every_device
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_any_forest_equals_the_reference(device: Device, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    n_features, n_classes = data.draw(st.integers(1, 20)), data.draw(st.integers(2, 12))
    params = ForestParams(
        kind=data.draw(st.sampled_from(["extra", "random"])),
        n_trees=data.draw(st.integers(1, 20)),
        max_depth=data.draw(st.one_of(st.none(), st.integers(1, 12))),
        min_leaf=data.draw(st.integers(1, 6)),
        balance=data.draw(st.booleans()),
        seed=seed,
    )
    levels = data.draw(st.sampled_from([1, 4, 1000]))
    X = np.round(rng.normal(size=(120, n_features)) * levels).astype(np.float32) / levels
    ids = rng.choice(np.arange(1, 300), n_classes, replace=False)
    y = np.append(ids[:2], rng.choice(ids, 118))
    shape = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(1, 40)))
    planes = np.round(rng.normal(size=(n_features, *shape)) * levels).astype(np.float32) / levels
    check(grow(X, y, params), device, planes)


@on_every_device
def test_a_stack_of_other_features_is_refused(device: Device) -> None:
    forest = grow(RNG.random((20, 3), dtype=np.float32), np.arange(20) % 2 + 1, ForestParams())
    with lease(device) as queue, pytest.raises(FeatureMismatchError, match="3 features"):
        ForestEvaluator(forest, device).probabilities(queue, upload(queue, image(4, (1, 2, 3))))


def test_another_forest_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    device = all_devices()[0]
    sources: list[set[str]] = []
    launch = Queue.launch

    def spy(queue: Queue, program: Program, *rest: object, **parameters: object) -> None:
        sources[-1].add(program.source)
        launch(queue, program, *rest, **parameters)

    monkeypatch.setattr(Queue, "launch", spy)
    for seed in range(4):
        X = np.random.default_rng(seed).random((200 + 100 * seed, 5), dtype=np.float32)
        y = (X[:, 0] > 0.3 + 0.1 * seed) + 1
        forest = grow(X, y, ForestParams(n_trees=5 + 10 * seed, max_depth=None, seed=seed))
        sources.append(set())
        evaluate(forest, device, image(5, (1, 10 + seed, 20)))
    assert sources[0]
    assert all(found == sources[0] for found in sources)


@on_every_device
def test_trees_of_several_kinds_add_up(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "FEW_TREES", 1)
    X = np.round(RNG.random((300, 4), dtype=np.float32) * 40) / 40
    y = RNG.integers(1, 4, 300)
    peers = [
        grow(X[:n], np.append([1, 2, 3], y[: n - 3]), ForestParams(n_trees=3, min_leaf=leaf))
        for n, leaf in ((12, 1), (12, 2), (60, 2), (300, 2), (300, 60))
    ]
    roots = np.cumsum([0, *(p.n_nodes for p in peers[:-1])])
    arrays = {
        name: np.concatenate([p.to_arrays()[name] for p in peers])
        for name in ("feature", "threshold", "value")
    }
    for name in ("left", "right"):
        sides = [
            np.where(p.feature < 0, -1, getattr(p, name) + r)
            for p, r in zip(peers, roots, strict=True)
        ]
        arrays[name] = np.concatenate(sides).astype(np.int32)
    starts = [p.roots + r for p, r in zip(peers, roots, strict=True)]
    arrays["roots"] = np.concatenate(starts).astype(np.int32)
    alone = {name: peers[0].to_arrays()[name] for name in ("classes", "n_features", "importances")}
    forest = Forest.from_arrays({**arrays, **alone})
    assert len(tables.bit_tables(forest)[0]) > 2
    check(forest, device, image(4, step=40))
