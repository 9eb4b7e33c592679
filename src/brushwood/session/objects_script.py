"""Write what *Make objects* does as a Python script, and change units of its options."""

from dataclasses import fields, replace
from typing import Any

from brushwood.objects.split_params import SplitParams, Units
from brushwood.session.objects_readiness import MakingReadiness
from brushwood.session.objects_state import MakingState
from brushwood.session.scene import size_text

_TEMPLATE = '''"""Made by Brushwood's Make objects."""

import tifffile

import brushwood as bw

# {name}: {size}
{read}
objects = bw.split_objects(
{arguments}
)
print(objects.max(), "objects")
tifffile.imwrite("objects.tif", objects)
'''
_LENGTHS = ("smoothing", "seed_smoothing", "seed_distance")
_SIZES = ("max_hole", "min_size", "max_size")


def objects_script(state: MakingState, ready: MakingReadiness) -> str:
    """Return a script that makes the same objects.

    Arrays are read from TIFF files, whose names the user fills in.
    """
    source, params = ready.source, state.params
    probable = source is not None and source.kind == "probability"
    what = "probability" if probable else "classes"
    ids = state.foreground
    arguments: dict[str, Any] = {} if probable else {"foreground": ids}
    if not probable and ids is not None and len(ids) == 1:
        arguments["foreground"] = ids[0]
    arguments["method"] = params.method
    for f in fields(params):
        if f.name != "method" and getattr(params, f.name) != f.default:
            arguments[f.name] = getattr(params, f.name)
    spacing = ready.spacing[-state.ndim :]
    if params.units == "world" or len(set(spacing)) > 1:
        arguments["spacing"] = spacing
    arguments["ndim"] = state.ndim
    lines = [f"    {what},", *(f"    {name}={value!r}," for name, value in arguments.items())]
    read = [f'{what} = tifffile.imread("{what}.tif")']
    if params.method == "intensity":
        read.append('image = tifffile.imread("image.tif")')
        lines.insert(1, "    image=image,")
    return _TEMPLATE.format(
        name=source.name if source else "a class map",
        size=size_text(source.shape) if source else "",
        read="\n".join(read),
        arguments="\n".join(lines),
    )


def in_units(params: SplitParams, units: Units, length: float, size: float) -> SplitParams:
    """Express the same lengths and sizes in pixels or in the image's unit.

    Parameters
    ----------
    length : float
        A pixel along the last axis, in the unit.
    size : float
        Area or volume of a pixel, in the unit.
    """
    if units == params.units:
        return params
    to_world = units == "world"
    changes: dict[str, Any] = {"units": units}
    for names, step in ((_LENGTHS, length), (_SIZES, size)):
        for name in names:
            value = getattr(params, name) * (step if to_world else 1 / step)
            most = params.__dataclass_fields__[name].metadata["max"]
            changes[name] = min(float(f"{value:.6g}"), most)
    return replace(params, **changes)
