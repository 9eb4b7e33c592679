"""Any forest that APOC could write: read, evaluated and written as a plain interpreter has it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.io.cl import format_cl, parse_cl
from cl_files import file

N_FEATURES, N_CLASSES = 3, 3
VALUES = st.floats(-50, 50, width=32).map(lambda x: round(float(x), 3))
LEAF = st.dictionaries(
    st.integers(0, N_CLASSES - 1), st.floats(0.0009765625, 400, width=32), max_size=3
)
NODES = st.recursive(
    LEAF,
    lambda node: st.tuples(st.integers(0, N_FEATURES - 1), VALUES, node, node),
    max_leaves=12,
)
#: Trees that ask at least once: bare leaves in a row cannot be told apart.
TREES = st.lists(st.tuples(st.integers(0, N_FEATURES - 1), VALUES, NODES, NODES), min_size=1,
                 max_size=5)  # fmt: skip


def text_of(node, depth=0):
    space = " " * depth
    if isinstance(node, dict):
        return "".join(f"{space}s{k}+={float(v)!r};\n" for k, v in sorted(node.items()))
    feature, threshold, left, right = node
    return (
        f"{space}if(i{feature}<{threshold!r}){{\n{text_of(left, depth + 1)}{space}}} else {{\n"
        f"{text_of(right, depth + 1)}{space}}}\n"
    )


def classify(trees, row):
    """Run the program as its text says, with a device's floats."""
    sums = [np.float32(0)] * N_CLASSES
    for node in trees:
        while not isinstance(node, dict):
            feature, threshold, left, right = node
            node = left if float(row[feature]) < threshold else right
        for class_, vote in node.items():
            sums[class_] = np.float32(float(sums[class_]) + float(vote))
    best, class_ = sums[0], 1
    for k in range(1, N_CLASSES):
        if best < sums[k]:
            best, class_ = sums[k], k + 1
    return class_


@settings(max_examples=60, deadline=None)
@given(trees=TREES, data=st.data())
def test_a_forest_is_what_its_text_says(trees, data):
    text = file("".join(map(text_of, trees)), N_FEATURES, N_CLASSES)
    model = parse_cl(text)
    assert parse_cl(format_cl(model)).weights.tolist() == model.weights.tolist()
    assert model.n_trees == len(trees)
    cell = st.floats(-60, 60, width=32) | st.sampled_from([0.0, 1.5, -2.25])
    rows = data.draw(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=8))
    X = np.array(rows, np.float32)
    assert model.predict(X).tolist() == [classify(trees, row) for row in X]


@settings(max_examples=60, deadline=None)
@given(trees=TREES, data=st.data())
def test_white_space_means_nothing(trees, data):
    text = "".join(map(text_of, trees))
    spaced = "".join(
        c + data.draw(st.sampled_from(["", " ", "\n", "\t "])) if c in "{};()<" else c for c in text
    )
    one = parse_cl(file(text, N_FEATURES, N_CLASSES))
    other = parse_cl(file(spaced, N_FEATURES, N_CLASSES))
    assert np.array_equal(one.threshold, other.threshold)
    assert np.array_equal(one.weights, other.weights)


@settings(max_examples=200, deadline=None)
@given(junk=st.text(max_size=200), at=st.integers(0, 2000))
def test_text_of_any_kind_gives_one_error(junk, at):
    from brushwood.io.cl.problem import ClProblem

    text = file("if(i0<2.5){s0+=1.0;}else{s1+=1.0;}")
    try:
        parse_cl(text[:at] + junk + text[at:])
    except ClProblem as problem:
        assert str(problem)
