"""What a window knows and decides, without Qt and without napari."""
