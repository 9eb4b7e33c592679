"""Texts of ``.cl`` files that the tests of reading and writing them share."""

from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
#: Files that apoc 0.12 wrote, by what follows ``apoc_`` in their names.
WRITTEN = (
    "pixels", "probability", "segmenter", "channels", "solid", "objects", "selector", "merger",
    "rows",
)  # fmt: skip
LEAVES = "if(i0<2.5){\n s0+=1.0;\n} else {\n s1+=1.0;\n}\n"


def results():
    """What apoc 0.12 computed, see data/make_apoc_classifiers.py."""
    return np.load(DATA / "apoc_results.npz")


def data(name):
    return DATA / f"apoc_{name}.cl"


def header(**lines):
    """The comment; a value of None leaves its line out."""
    values = {
        "classifier_class_name": "PixelClassifier",
        "feature_specification": "original",
        "num_ground_truth_dimensions": 2,
        **lines,
    }
    body = "".join(f"{key} = {value}\n" for key, value in values.items() if value is not None)
    return f"/*\nOpenCL RandomForestClassifier\n{body}*/\n"


def kernel(trees=LEAVES, n_features=1, n_classes=2, probability=None):
    """The program, as APOC writes it."""
    n = range(n_features)
    images = "".join(f"IMAGE_in{i}_TYPE in{i}, " for i in n)
    flags = "CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST"
    text = f"__kernel void predict ({images}IMAGE_out_TYPE out) {{\n sampler_t sampler = {flags};\n"
    text += "".join(f" const int {a} = get_global_id({k});\n" for k, a in enumerate("xyz"))
    text += "".join(
        f" float i{i} = READ_IMAGE(in{i}, sampler, POS_in{i}_INSTANCE(x,y,z,0)).x;\n" for i in n
    )
    text += "".join(f" float s{k}=0;\n" for k in range(n_classes)) + trees
    write = " WRITE_IMAGE (out, POS_out_INSTANCE(x,y,z,0), "
    if probability:
        text += " float sum_s=s0;\n int cls=1;\n"
        text += "".join(f" sum_s = sum_s + s{k};\n" for k in range(1, n_classes))
        return f"{text}{write}s{probability - 1} / sum_s);\n}}\n"
    text += " float max_s=s0;\n int cls=1;\n"
    for k in range(1, n_classes):
        text += f" if (max_s < s{k}) {{\n  max_s = s{k};\n  cls={k + 1};\n }}\n"
    return f"{text}{write}cls);\n}}\n"


def file(trees=LEAVES, n_features=1, n_classes=2, probability=None, **lines):
    return header(**lines) + kernel(trees, n_features, n_classes, probability)


def nested(levels, feature=0):
    """A tree that asks as many questions in a row."""
    return f"if(i{feature}<1.0){{\n" * levels + "s0+=1.0;\n" + "} else {\ns1+=1.0;\n}\n" * levels
