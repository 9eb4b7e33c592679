"""The layer that shows where truth and prediction differ: made once, updated in place."""

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer
from napari.utils.colormaps import DirectLabelColormap

from brushwood.gui._scene import META, NapariScene, key_of, note_of, place_of
from brushwood.session.comparing import MEANINGS, CompareWhat


class DifferenceMap:
    """Shows one comparison a prediction as a labels layer of its own."""

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene

    def show(self, prediction: Layer, values: npt.NDArray[np.uint8], what: CompareWhat) -> Layer:
        """Show a map over a prediction, in the layer of an earlier comparison if there is one."""
        colours = {i: c or "transparent" for i, (_, c) in enumerate(MEANINGS[what], start=1)}
        colormap = DirectLabelColormap(
            color_dict={None: "transparent", 0: "transparent", **colours}
        )
        layer = self._find(prediction)
        if layer is not None and layer.data.shape == values.shape:
            layer.data = values
            layer.colormap = colormap
        else:
            if layer is not None:
                self._scene.viewer.layers.remove(layer)
            note = {"role": "result", "comparison_of": key_of(prediction)}
            layer = Labels(
                values,
                name=f"{prediction.name} · differences",
                colormap=colormap,
                opacity=0.6,
                metadata={META: note},
                **place_of(prediction),
            )
            layer.editable = False
            self._scene.add(layer)
            # Two maps over each other cannot be read; the eye brings it back.
            prediction.visible = False
        # One row a value, which napari shows in its status bar under the pointer.
        names = [name for name, _ in MEANINGS[what]]
        layer.features = {"index": [1, 2, 3, 4], "meaning": names}
        return layer

    def _find(self, prediction: Layer) -> Labels | None:
        key = key_of(prediction)
        return next(
            (layer for layer in self._scene.layers() if note_of(layer).get("comparison_of") == key),
            None,
        )
