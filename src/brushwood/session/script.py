"""Write what the window does as a Python script."""

from dataclasses import fields
from typing import Any

from brushwood.forest.params import ForestParams
from brushwood.session.readiness import Readiness
from brushwood.session.state import SessionState

_TEMPLATE = '''"""Made by Brushwood's pixel classifier."""

{numpy}import tifffile

import brushwood as bw

# {axes}
{read}
annotation = tifffile.imread("annotation.tif")  # 0 is not annotated

classifier = bw.PixelClassifier(
{arguments}
)
classifier.fit(image, annotation)
classes = classifier.predict(image)
{more}tifffile.imwrite("classes.tif", classes)
classifier.save("model.brushwood")
'''


def python_script(state: SessionState, ready: Readiness) -> str:
    """Return a script that trains and applies the same model.

    Images and annotation are read from TIFF files, whose names the user fills in.
    """
    first = ready.images[0] if ready.images else None
    several = len(ready.images) > 1
    axis = -1 if first is not None and first.rgb else 0 if several else None
    arguments: dict[str, Any] = {
        "features": str(state.features),
        "forest": state.forest,
        "channel_axis": axis,
        "ndim": state.ndim,
        "spacing": _spacing(state, ready),
        "scaling": state.finish.scaling,
        "smoothing": state.finish.smoothing,
        "class_names": {c.id: c.name for c in state.classes},
        "device": None,
    }
    given = {name: value for name, value in arguments.items() if value is not None}
    lines = [f"    {name}={_written(value)}," for name, value in given.items()]
    more = {
        "probabilities": "probabilities = classifier.predict_proba(image)  # (class, ...)\n",
        "uncertainty": "uncertainty = classifier.uncertainty(image)\n",
    }
    size = "" if first is None else " × ".join(map(str, first.shape))
    return _TEMPLATE.format(
        axes=f"{', '.join(image.name for image in ready.images) or 'an image'}: {size}",
        read=_read(ready),
        arguments="\n".join(lines),
        more="".join(more.get(output, "") for output in state.outputs),
        numpy="import numpy as np\n" if several else "",
    )


def _read(ready: Readiness) -> str:
    if len(ready.images) <= 1:
        return 'image = tifffile.imread("image.tif")'
    names = ", ".join(f'"channel_{n}.tif"' for n in range(len(ready.images)))
    return f"image = np.stack([tifffile.imread(name) for name in ({names})])"


def _spacing(state: SessionState, ready: Readiness) -> tuple[float, ...] | None:
    if state.features.units != "world" or not ready.images:
        return None
    return ready.images[0].scale[-state.ndim :]


def _written(value: Any) -> str:
    if isinstance(value, ForestParams):
        changed = [
            f"{f.name}={getattr(value, f.name)!r}"
            for f in fields(value)
            if getattr(value, f.name) != f.default
        ]
        return f"bw.ForestParams({', '.join(changed)})"
    return repr(value)
