"""The model behind the brush: what is trained, what is skipped, what survives."""

import threading

import numpy as np
import pytest

from brushwood import opencl
from brushwood.arrays import ChannelStack, ImageSource
from brushwood.errors import ModelFileError, OutputExistsError
from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.jobs import Cancelled, Job
from brushwood.session.classes import default_classes
from brushwood.session.live import LiveEngine, device_wish, warm_up
from brushwood.session.state import Finish
from brushwood.session.work import Counted, ImageInput, LiveRequest, Piece, Setup, Trained, tiles_of

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
FEATURES = FeatureSet.parse("original gaussian=1,2")


def setup(**changes):
    base = {
        "features": FEATURES, "forest": ForestParams(n_trees=10), "finish": Finish(),
        "ndim": 2, "n_channels": 1,
    }  # fmt: skip
    return Setup(**{**base, **changes})


@pytest.fixture
def image():
    rng = np.random.default_rng(1)
    pixels = rng.normal(20, 4, (600, 90)).astype(np.float32)
    pixels[:, 45:] += 60
    return ImageInput(("i",), ("image",), ImageSource.of(pixels, ndim=2))


@pytest.fixture
def strokes():
    marks = np.zeros((600, 90), np.uint8)
    marks[10:20, 5:20] = 1
    marks[10:20, 60:75] = 2
    return marks


def request_for(image, strokes, **changes):
    source = image.source
    whole = (*source.frames, *source.shape)
    box = tiles_of(source.frames, source.shape3, (0,) * len(whole), whole)
    base = {"annotation": strokes, "annotation_key": "a", "tiles": box}
    return LiveRequest(image=image, setup=setup(), classes=default_classes(), **{**base, **changes})


def run(engine, request, **options):
    parts = []
    done = engine.update(request, Job(), parts.append, **options)
    return done, {
        kind: [p for p in parts if isinstance(p, kind)] for kind in (Counted, Trained, Piece)
    }


def test_strokes_become_a_model_and_tiles(image, strokes):
    done, parts = run(LiveEngine(), request_for(image, strokes))
    assert parts[Counted][0].counts == ((1, 150), (2, 150))
    assert parts[Trained][0].class_ids == (1, 2)
    assert done.trained
    assert done.n_tiles == 2
    whole = np.zeros((600, 90), np.uint8)
    for piece in parts[Piece]:
        whole[piece.tile.index(2)] = piece.arrays["classes"][0]
    assert (whole[:, :40] == 1).mean() > 0.99
    assert (whole[:, 50:] == 2).mean() > 0.99


def test_what_is_shown_equals_the_whole_image(image, strokes):
    engine = LiveEngine()
    wanted = ("classes", "probabilities", "uncertainty")
    _, parts = run(engine, request_for(image, strokes, outputs=wanted))
    out = {
        "classes": np.zeros((600, 90), np.uint8),
        "probabilities": [np.zeros((600, 90), np.float32) for _ in range(2)],
        "uncertainty": np.zeros((600, 90), np.float32),
    }
    done = engine.apply(image, out, Job())
    assert done.version == engine.version
    for piece in parts[Piece]:
        index = piece.tile.index(2)
        assert np.array_equal(out["classes"][index], piece.arrays["classes"][0])
        assert np.array_equal(out["uncertainty"][index], piece.arrays["uncertainty"][0])
        for plane, part in zip(out["probabilities"], piece.arrays["probabilities"], strict=True):
            assert np.array_equal(plane[index], part[0])


def test_a_deleted_probability_layer_is_left_out(image, strokes):
    engine = LiveEngine()
    run(engine, request_for(image, strokes))
    kept = np.zeros((600, 90), np.float32)
    engine.apply(image, {"probabilities": [None, kept]}, Job())
    assert kept.max() > 0.9


def test_nothing_new_is_not_trained_again_and_undo_is(image, strokes):
    engine = LiveEngine()
    first, parts = run(engine, request_for(image, strokes))
    done = {piece.tile: piece.version for piece in parts[Piece]}
    again, _ = run(engine, request_for(image, strokes, done=done))
    assert (again.trained, again.n_tiles, again.version) == (False, 0, first.version)
    erased = strokes.copy()
    erased[10:15] = 0
    undone, parts = run(engine, request_for(image, erased, done=done))
    assert undone.trained
    assert undone.n_tiles == 2
    assert parts[Counted][0].counts == ((1, 75), (2, 75))
    back, _ = run(engine, request_for(image, strokes))
    assert back.version == first.version + 2


def test_options_train_again_and_train_can_be_forced(image, strokes):
    engine = LiveEngine()
    run(engine, request_for(image, strokes))
    more = request_for(image, strokes)
    object.__setattr__(more, "setup", setup(forest=ForestParams(n_trees=11)))
    assert run(engine, more)[0].trained
    assert not run(engine, more)[0].trained
    assert run(engine, more, forced=True)[0].trained


@pytest.mark.parametrize("marks", [{}, {1: 9}])
def test_too_few_strokes_are_counted_only(image, strokes, marks):
    few = np.zeros_like(strokes)
    for class_id, n in marks.items():
        few[0, :n] = class_id
    done, parts = run(LiveEngine(), request_for(image, few))
    assert not done.trained
    assert parts[Counted][0].counts == tuple(marks.items())
    assert parts[Piece] == []


def test_without_live_strokes_are_counted_only(image, strokes):
    done, parts = run(LiveEngine(), request_for(image, strokes, train=False, tiles=()))
    assert (done.trained, parts[Counted][0].counts) == (False, ((1, 150), (2, 150)))


def test_a_cancelled_request_leaves_the_old_model(image, strokes):
    engine = LiveEngine()
    first, _ = run(engine, request_for(image, strokes))
    job = Job()
    job.cancel()
    strokes[30:40, 60:70] = 2
    with pytest.raises(Cancelled):
        engine.update(request_for(image, strokes), job, lambda part: None)
    assert engine.version == first.version


def test_a_request_waits_its_turn_and_can_be_cancelled_while_waiting(image, strokes):
    engine, job, outcome = LiveEngine(), Job(), []

    def wait():
        try:
            engine.update(request_for(image, strokes), job, lambda part: None)
        except Cancelled:
            outcome.append("cancelled")

    with engine._lock:
        thread = threading.Thread(target=wait)
        thread.start()
        job.cancel()
        thread.join(2)
    assert outcome == ["cancelled"]


def test_save_and_load_go_on_training(image, strokes, tmp_path):
    engine, path = LiveEngine(), tmp_path / "m.brushwood"
    _, parts = run(engine, request_for(image, strokes))
    engine.save(path, default_classes())
    with pytest.raises(OutputExistsError):
        engine.save(path, default_classes())
    other = LiveEngine()
    loaded = other.load(path)
    assert dict(loaded.names) == {1: "background", 2: "foreground"}
    assert loaded.features == FEATURES
    assert dict(loaded.stored) == {1: 150, 2: 150}
    # The strokes that are there now are known: the loaded model is applied as it is.
    done, again = run(other, request_for(image, strokes))
    assert not done.trained
    assert np.array_equal(again[Piece][0].arrays["classes"], parts[Piece][0].arrays["classes"])
    # One stroke of one class trains on, on top of the stored pixels.
    marks = np.zeros_like(strokes)
    marks[100:105, 50:60] = 2
    done, more = run(other, request_for(image, marks))
    assert done.trained
    assert more[Trained][0].class_ids == (1, 2)


def test_a_damaged_file_leaves_the_model(image, strokes, tmp_path):
    engine = LiveEngine()
    run(engine, request_for(image, strokes))
    (tmp_path / "bad.brushwood").write_bytes(b"PK nonsense")
    with pytest.raises(ModelFileError):
        engine.load(tmp_path / "bad.brushwood")
    assert engine.version == 1


def test_channels_and_frames(strokes):
    rng = np.random.default_rng(0)
    stack = ChannelStack([rng.random((2, 40, 40), np.float32) for _ in range(2)])
    image = ImageInput(("a", "b"), ("a", "b"), ImageSource.of(stack, channel_axis=0, ndim=2))
    marks = np.zeros((2, 40, 40), np.uint8)
    marks[0, :3, :9] = 1
    marks[1, -3:, :9] = 2
    tiles = tiles_of((2,), (1, 40, 40), (1, 0, 0), (2, 40, 40))
    request = request_for(image, marks, tiles=tiles)
    object.__setattr__(request, "setup", setup(n_channels=2))
    done, parts = run(LiveEngine(), request)
    assert done.trained
    assert [piece.tile.frame for piece in parts[Piece]] == [(1,)]


def test_changed_pixels_are_read_again(image, strokes):
    engine = LiveEngine()
    run(engine, request_for(image, strokes))
    image.source.data[...] = image.source.data[:, ::-1].copy()
    engine.forget_pixels()
    done, parts = run(engine, request_for(image, strokes))
    assert done.trained
    whole = np.zeros((600, 90), np.uint8)
    for piece in parts[Piece]:
        whole[piece.tile.index(2)] = piece.arrays["classes"][0]
    assert (whole[:, :40] == 1).mean() > 0.99


@pytest.mark.parametrize(
    ("value", "says"), [(np.nan, "NaN"), (7.0, "constant")], ids=["NaN", "constant"]
)
def test_unusual_images_are_noted(image, strokes, value, says):
    pixels = image.source.data.copy()
    if np.isnan(value):
        pixels[::5, ::5] = value
    else:
        pixels[...] = value
    odd = ImageInput(("i",), ("image",), ImageSource.of(pixels, ndim=2))
    _, parts = run(LiveEngine(), request_for(odd, strokes))
    assert says in parts[Trained][0].note


def test_a_device_is_found_by_the_text_that_the_window_shows():
    device = opencl.devices()[0]
    assert opencl.choose_device(device_wish(str(device))).name == device.name


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("line", ["original gaussian=1", "gaussian=1 hessian=2 units=world"])
def test_warming_up_leaves_no_trace(ndim, line):
    warm_up(setup(ndim=ndim, n_channels=2, features=FeatureSet.parse(line)), Job())
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        warm_up(setup(), job)
