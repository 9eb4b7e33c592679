"""Write a ``.cl`` file as APOC writes it, so that APOC and clEsperanto run it."""

import os
from collections.abc import Iterator
from pathlib import Path

from brushwood.forest.forest import LEAF
from brushwood.io.atomic import replacing, translated
from brushwood.io.cl.header import format_header
from brushwood.io.cl.model import ClModel
from brushwood.jobs import IDLE, Job

_SAMPLER = "CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST"
_EVERY = 20_000


def write_cl(
    model: ClModel, path: str | os.PathLike[str], *, overwrite: bool = False, job: Job = IDLE
) -> Path:
    """Write a classifier to a ``.cl`` file, completely or not at all.

    Parameters
    ----------
    path : path
        ``.cl`` is appended if it has no ending.
    overwrite : bool
        Replace a file that stands there.

    Returns
    -------
    Path

    Raises
    ------
    OutputExistsError, OutputError
        If a file stands there, or the folder is missing, read-only or full.
    """
    target = Path(path)
    if not target.suffix:
        target = target.with_name(target.name + ".cl")
    text = format_cl(model, job)
    with replacing(target, overwrite=overwrite) as temporary, translated(target):
        temporary.write_text(text, "utf-8", newline="\n")
    return target


def format_cl(model: ClModel, job: Job = IDLE) -> str:
    """Return the text of a ``.cl`` file.

    Numbers are written so that they mean the same as 64-bit literals, and as 32-bit literals on
    devices without 64-bit floats if they came from a forest.
    """
    parts = [format_header(model.header), _declarations(model)]
    for number, root in enumerate(model.roots):
        job.checkpoint(number / model.n_trees, "Writing trees")
        parts.extend(_tree(model, int(root), job.part(number / model.n_trees, 1)))
    parts.append(_ending(model))
    return "".join(parts)


def _declarations(model: ClModel) -> str:
    n = range(model.n_features)
    arguments = ", ".join([*(f"IMAGE_in{i}_TYPE in{i}" for i in n), "IMAGE_out_TYPE out"])
    lines = [
        f"__kernel void predict ({arguments}) {{",
        f" sampler_t sampler = {_SAMPLER};",
        *(f" const int {axis} = get_global_id({k});" for k, axis in enumerate("xyz")),
        *(f" float i{i} = READ_IMAGE(in{i}, sampler, POS_in{i}_INSTANCE(x,y,z,0)).x;" for i in n),
        *(f" float s{k}=0;" for k in range(model.n_classes)),
    ]
    return "\n".join(lines) + "\n"


def _tree(model: ClModel, root: int, job: Job) -> Iterator[str]:
    """Yield the lines of one tree, without recursion."""
    stack: list[tuple[int | str, int]] = [(root, 0)]
    count = 0
    while stack:
        item, depth = stack.pop()
        count += 1
        if count % _EVERY == 0:
            job.checkpoint(0.0, "Writing trees")
        space = " " * depth
        if isinstance(item, str):
            yield f"{space}{item}\n"
        elif model.feature[item] == LEAF:
            yield from _leaf(model, item, space)
        else:
            yield f"{space}if(i{model.feature[item]}<{float(model.threshold[item])!r}){{\n"
            stack += [
                ("}", depth),
                (int(model.right[item]), depth + 1),
                ("} else {", depth),
                (int(model.left[item]), depth + 1),
            ]


def _leaf(model: ClModel, node: int, space: str) -> Iterator[str]:
    for class_, weight in enumerate(model.weights[node].tolist()):
        if weight > 0:
            yield f"{space}s{class_}+={weight!r};\n"


def _ending(model: ClModel) -> str:
    write = " WRITE_IMAGE (out, POS_out_INSTANCE(x,y,z,0), "
    if model.probability_class is not None:
        lines = [" float sum_s=s0;", " int cls=1;"]
        lines += [f" sum_s = sum_s + s{k};" for k in range(1, model.n_classes)]
        lines += [f"{write}s{model.probability_class - 1} / sum_s);"]
    else:
        lines = [" float max_s=s0;", " int cls=1;"]
        for k in range(1, model.n_classes):
            lines += [f" if (max_s < s{k}) {{", f"  max_s = s{k};", f"  cls={k + 1};", " }"]
        lines += [f"{write}cls);"]
    return "\n".join(lines) + "\n}\n"
