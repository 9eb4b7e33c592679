"""Writing `.cl` files: what is written is read back as the same."""

import numpy as np
import pytest

from brushwood.errors import OutputError, OutputExistsError
from brushwood.forest.forest import Forest
from brushwood.io.cl import format_cl, parse_cl, read_cl, write_cl
from brushwood.jobs import Cancelled, Job
from cl_files import WRITTEN, data, file, nested

ARRAYS = ("feature", "threshold", "left", "right", "weights", "roots")


@pytest.mark.parametrize("name", [*WRITTEN, "counts"])
def test_written_and_read_again(name, tmp_path):
    model = read_cl(data(name))
    path = write_cl(model, tmp_path / "again")
    assert path.name == "again.cl"
    again = read_cl(path)
    assert again.header == model.header
    assert again.probability_class == model.probability_class
    for array in ARRAYS:
        assert np.array_equal(getattr(again, array), getattr(model, array)), array


def test_lines_end_as_on_linux(tmp_path):
    path = write_cl(parse_cl(file()), tmp_path / "a.cl")
    assert b"\r" not in path.read_bytes()


def test_deep_trees_are_written_without_recursion():
    model = parse_cl(file(nested(256)))
    assert np.array_equal(parse_cl(format_cl(model)).feature, model.feature)


def test_an_existing_file_stays(tmp_path):
    path = tmp_path / "a.cl"
    path.write_text("precious")
    model = parse_cl(file())
    with pytest.raises(OutputExistsError):
        write_cl(model, path)
    assert path.read_text() == "precious"
    write_cl(model, path, overwrite=True)
    assert read_cl(path).n_trees == 1
    with pytest.raises(OutputError, match="does not exist"):
        write_cl(model, tmp_path / "no" / "a.cl")


def test_writing_can_be_cancelled_and_leaves_nothing(tmp_path):
    model = parse_cl(file("if(i0<1){s0+=1;}else{s1+=1;}" * 900))
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        write_cl(model, tmp_path / "a.cl", job=job)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [*WRITTEN, "counts"])
def test_a_forest_asks_the_same(name):
    model = read_cl(data(name))
    forest = model.to_forest()
    assert isinstance(forest, Forest)
    assert forest.is_weighted == (name == "counts")
    back = model.of_forest(forest, model.header, model.unit_of_votes)
    rng = np.random.default_rng(3)
    asked = model.feature >= 0
    values = rng.choice(model.threshold[asked], (500, model.n_features)).astype(np.float32)
    values = np.concatenate((values, np.nextafter(values, np.float32(-np.inf))))
    assert np.array_equal(model.predict(values), back.predict(values))
    assert np.allclose(back.weights, model.weights, rtol=1e-7)
