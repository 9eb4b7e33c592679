"""Write what the measuring window does as a Python script."""

import json
from collections.abc import Sequence

from brushwood.session.measuring import MeasureReadiness, channel_names, class_names

_TEMPLATE = '''"""Made by Brushwood's Measure objects."""

{numpy}import tifffile

import brushwood as bw
from brushwood.io.tables import write_table

labels = tifffile.imread("labels.tif")  # {labels}
{read}
table = bw.measure(
    {arguments},
)
{parents}write_table(table, "objects.csv")
'''

_PARENTS = """
parents = tifffile.imread("parents.tif")  # {name}
related = bw.measure.relate(parents, labels, {size}ndim={ndim})
write_table(related.parents, "parents.csv")
keys = [name for name in ("label", "frame") if name in table]
columns = [*keys, "parent", "parent_overlap", "parent_distance"]
table = table.merge(related.children[columns], on=keys, how="left")
"""


def measure_script(ready: MeasureReadiness) -> str:
    """Return a script that makes the same table from TIFF files, whose names the user fills in."""
    images, chances = ready.images, ready.probabilities if ready.with_probabilities else ()
    read: list[str] = []
    arguments = ["labels"]
    if images:
        arguments.append("image")
        read.append(f"# {', '.join(image.name for image in images)}")
        read.append(_stack("image", "channel", len(images)))
    arguments.append(_listed("names", ready.names))
    if ready.spacing is not None:
        arguments.append(f"spacing={ready.spacing!r}")
        if ready.unit:
            arguments.append(f"unit={ready.unit!r}")
    rgb = len(images) == 1 and images[0].rgb
    if rgb or len(images) > 1:
        arguments.append(f"channel_axis={-1 if rgb else 0}")
        arguments.append(_listed("channel_names", channel_names(images) or ()))
    arguments.append(f"ndim={ready.setting.ndim}")
    if chances:
        read.append(_stack("probabilities", "probability", len(chances), always=True))
        arguments.append("probabilities=probabilities")
        arguments.append(_listed("class_names", class_names(chances)))
    stacked = len(images) > 1 or bool(chances)
    size = " × ".join(map(str, ready.objects.shape)) if ready.objects is not None else "(…, Y, X)"
    return _TEMPLATE.format(
        numpy="import numpy as np\n" if stacked else "",
        labels=f"{ready.objects.name}: {size}" if ready.objects is not None else size,
        read="".join(f"{line}\n" for line in read),
        arguments=",\n    ".join(arguments),
        parents=_related(ready),
    )


def _related(ready: MeasureReadiness) -> str:
    if ready.parents is None:
        return ""
    size = ""
    if ready.spacing is not None:
        size = f"spacing={ready.spacing!r}, " + (f"unit={ready.unit!r}, " if ready.unit else "")
    return _PARENTS.format(name=ready.parents.name, size=size, ndim=ready.setting.ndim)


def _stack(name: str, stem: str, count: int, *, always: bool = False) -> str:
    if count == 1 and not always:
        return f'{name} = tifffile.imread("{name}.tif")'
    return f'{name} = np.stack([tifffile.imread(f"{stem}_{{n}}.tif") for n in range({count})])'


def _listed(name: str, values: Sequence[str]) -> str:
    """Write a list, in lines of at most 100 letters."""
    lines = [""]
    for value in values:
        part = f"{json.dumps(value, ensure_ascii=False)}, "
        if len(lines[-1]) + len(part) > 90 and lines[-1]:
            lines.append("")
        lines[-1] += part
    if len(lines) == 1 and len(lines[0]) < 80:
        return f"{name}=[{lines[0].removesuffix(', ')}]"
    inner = "\n        ".join(line.rstrip() for line in lines)
    return f"{name}=[\n        {inner}\n    ]"
