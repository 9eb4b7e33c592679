"""Files that are no `.cl` files, are cut off, too large or too deep: one clear error, quickly."""

import random
import time

import pytest

from brushwood.errors import ModelFileError
from brushwood.io.cl import parse_cl, read_cl
from brushwood.io.cl.problem import ClProblem
from brushwood.io.cl.read import MOST_BYTES
from brushwood.jobs import Cancelled, Job
from cl_files import LEAVES, WRITTEN, data, file, kernel, nested

WHOLE = file(LEAVES * 3)


def refused(text, match=None):
    with pytest.raises(ClProblem, match=match):
        parse_cl(text)


def test_10_000_levels_are_refused_without_recursion():
    start = time.perf_counter()
    refused(file(nested(10_000)), "deeper than 256 levels")
    refused(file("if(i0<1.0){\n" * 10_000), "deeper than 256 levels")
    assert time.perf_counter() - start < 5


def test_100_mb_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "large.cl"
    with path.open("wb") as stream:
        stream.write(WHOLE.encode())
        stream.truncate(100_000_000)  # sparse: takes no room on the disk
    start = time.perf_counter()
    with pytest.raises(ModelFileError, match="95 MiB, and files up to 64 MiB"):
        read_cl(path)
    assert time.perf_counter() - start < 1


def test_a_file_just_within_the_limit_is_not_slow_to_refuse():
    text = file("s0+=1.0;" * 200_000)
    start = time.perf_counter()
    refused(text, "more than 1000 trees")
    assert time.perf_counter() - start < 5
    assert len(text) < MOST_BYTES


@pytest.mark.parametrize("end", [60, 200, 400, 600, len(WHOLE) - 90, len(WHOLE) - 3])
def test_a_file_that_is_cut_off(end):
    refused(WHOLE[:end], "cut off|is not what APOC writes")


def test_every_cut_is_refused():
    for end in range(0, len(WHOLE.rstrip()), 7):
        with pytest.raises(ClProblem):
            parse_cl(WHOLE[:end])


def test_a_cut_says_so():
    refused(WHOLE[: WHOLE.index("} else {")], "cut off")
    refused(WHOLE[:30], "cut off within its header")


@pytest.mark.parametrize("content", [
    b"", b"\x00\x01\x02" * 100, b"PK\x03\x04 a zip", b"hello", b"/* comment */ int main() {}",
    "/* \u00fc */".encode("utf-16"), b"\xff\xfe\xfd" * 10, b"/*" * 5000,
])  # fmt: skip
def test_a_file_that_is_not_one(tmp_path, content):
    path = tmp_path / "a.cl"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"Cannot open the classifier '.*a\.cl'"):
        read_cl(path)


def test_a_folder_and_nothing(tmp_path):
    with pytest.raises(ModelFileError, match="folder"):
        read_cl(tmp_path)
    with pytest.raises(ModelFileError, match="no such file"):
        read_cl(tmp_path / "none.cl")


@pytest.mark.parametrize(("old", "new"), [
    ("s0+=1.0;", "s0+=1.0; while(1);"),
    ("s0+=1.0;", "s0+=i0;"),
    ("s0+=1.0;", "s0-=1.0;"),
    ("s0+=1.0;", "s0+=1.0/0;"),
    ("if(i0<2.5)", "if(i0<=2.5)"),
    ("if(i0<2.5)", "if(i0<2.5 || 1)"),
    ("if(i0<2.5)", "if(i0<get_global_id(0))"),
    ("if(i0<2.5)", "if(i0<0x10)"),
    ("if(i0<2.5)", "if(i0<nan)"),
    ("if(i0<2.5)", "if(i0<inf)"),
    ("if(i0<2.5)", "if(i0<1e999)"),
    ("if(i0<2.5)", "if(i0<1e39)"),
    ("if(i0<2.5)", "if(i1<2.5)"),
    ("if(i0<2.5)", "if(i99999<2.5)"),
    ("s0+=1.0;", "s7+=1.0;"),
    ("s0+=1.0;", "s0+=-1.0;"),
    ("s0+=1.0;", "/* note */ s0+=1.0;"),
    ("s0+=1.0;", "#include <x>\ns0+=1.0;"),
    ("s0+=1.0;", "s0+=1.0; if(i0<1.0){s0+=1.0;} else {s1+=1.0;}"),
    ("} else {", "} else { s0+=1; } else {"),
    ("} else {", "}"),
    (" const int y = get_global_id(1);", ""),
    ("CLK_FILTER_NEAREST", "CLK_FILTER_LINEAR"),
    ("get_global_id(1)", "get_global_id(7)"),
    ("predict", "predict2"),
    ("IMAGE_in0_TYPE in0", "IMAGE_in1_TYPE in1"),
    ("IMAGE_in0_TYPE in0", "IMAGE_in0_TYPE in1"),
    ("float s0=0;", "float s0=1;"),
    ("float s1=0;", ""),
    ("float i0 = READ_IMAGE(in0", "float i0 = READ_IMAGE(in1"),
    ("cls=2;", "cls=3;"),
    ("max_s < s1", "max_s > s1"),
    ("cls);\n}", "cls);\n} __kernel void more() {}"),
    ("cls);\n}", "cls + 1);\n}"),
    ("__kernel", "__constant int a; __kernel"),
])  # fmt: skip
def test_anything_outside_the_grammar_is_refused(old, new):
    assert old in WHOLE
    refused(WHOLE.replace(old, new, 1))


def test_a_problem_names_its_line():
    text = WHOLE.replace("s1+=1.0;", "s1+=evil();", 1)
    line = text[: text.index("evil")].count("\n") + 1
    refused(text, f"line {line} .*'s1\\+=evil\\(\\);")


@pytest.mark.parametrize(("lines", "match"), [
    ({"num_classes": 3}, "header says 3 classes, but its kernel has 2"),
    ({"num_features": 9}, "header says 9 features, but its kernel has 1"),
    ({"num_classes": 10**12}, "not a whole number"),
    ({"feature_specification": "a" * 300}, "too long"),
    ({"feature_specification": " ".join("ab" for _ in range(5000))}, "5000 features"),
    ({"feature_importances": "x,y"}, "not a number"),
    ({"junk": "z" * 300_000}, "too long"),
])  # fmt: skip
def test_a_header_that_lies(lines, match):
    refused(file(**lines), match)


def test_too_many_of_something():
    refused(kernel(n_classes=256, trees="s0+=1;"), "more than 255 classes")
    refused(kernel(n_features=4097, trees="s0+=1;"), "more than 4096 inputs")
    refused(file(LEAVES * 1001), "more than 1000 trees")
    refused(file(""), "no trees")


def test_a_probability_of_no_class():
    refused(file(probability=2).replace("s1 / sum_s", "s5 / sum_s"), "probability of class 6")


def test_a_long_number_is_refused():
    refused(WHOLE.replace("2.5", "1" * 5000, 1))


def test_reading_can_be_cancelled():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        parse_cl(WHOLE, job)


@pytest.mark.parametrize("name", [*WRITTEN, "counts"])
def test_damage_is_refused_or_harmless(name):
    """Random damage gives one kind of error, never another, and never a crash in use."""
    rng = random.Random(name)
    text = data(name).read_text("utf-8")
    for _ in range(60):
        at = rng.randrange(len(text))
        kind = rng.randrange(4)
        if kind == 0:
            broken = text[:at] + text[at + rng.randrange(1, 40) :]
        elif kind == 1:
            broken = text[:at] + chr(rng.randrange(32, 127)) + text[at + 1 :]
        elif kind == 2:
            other = rng.randrange(len(text))
            broken = text[:at] + text[other : other + rng.randrange(1, 60)] + text[at:]
        else:
            broken = text[:at] + "".join(chr(rng.randrange(0x2FFF)) for _ in range(5)) + text[at:]
        try:
            model = parse_cl(broken)
        except ClProblem as problem:
            assert str(problem)
            assert problem.advice
            continue
        assert model.predict([[0.0] * model.n_features]).shape == (1,)
        model.to_forest()
