"""The napari widgets: the only place that imports Qt or napari."""
