"""Writes OME-Zarr folders by hand, file by file as the specification says, without a library."""

import json
from itertools import product

import numpy as np

UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
TYPES = {"t": "time", "c": "channel"}


def write_array(folder, data, chunks, version, separator="/", missing=(), compressor=None):
    """Write an array, each chunk an uncompressed file."""
    folder.mkdir(parents=True)
    grid = [range(-(-n // c)) for n, c in zip(data.shape, chunks, strict=True)]
    little = data.astype(data.dtype.newbyteorder("<"))
    if version == "0.4":
        described = {
            "zarr_format": 2, "shape": data.shape, "chunks": chunks, "dtype": little.dtype.str,
            "compressor": compressor, "fill_value": 0, "order": "C", "filters": None,
            "dimension_separator": separator,
        }  # fmt: skip
        (folder / ".zarray").write_text(json.dumps(described))
    else:
        described = {
            "zarr_format": 3, "node_type": "array", "shape": data.shape,
            "data_type": data.dtype.name, "fill_value": 0, "attributes": {},
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": compressor or [{"name": "bytes", "configuration": {"endian": "little"}}],
        }  # fmt: skip
        (folder / "zarr.json").write_text(json.dumps(described))
    for at in product(*grid):
        if at in missing:
            continue
        box = tuple(slice(k * c, (k + 1) * c) for k, c in zip(at, chunks, strict=True))
        part = np.zeros(chunks, little.dtype)
        values = little[box]
        part[tuple(slice(n) for n in values.shape)] = values
        name = separator.join(map(str, at))
        file = folder / (name if version == "0.4" else f"c/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(part.tobytes())


def write_group(folder, attributes, version):
    """Write the attributes of a group as a version keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    if version == "0.4":
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(attributes))
        return
    group = {"zarr_format": 3, "node_type": "group"}
    ome = {"ome": {"version": version, **attributes}}
    (folder / "zarr.json").write_text(json.dumps({**group, "attributes": ome}))


def write_multiscale(folder, data, axes, steps, version="0.5", chunks=None, more=None, **options):
    """Write an image with one level, `steps` the size of a pixel along each axis."""
    entries = [
        {"name": a, "type": TYPES.get(a, "space"), **({"unit": UNITS[a]} if a in UNITS else {})}
        for a in axes
    ]
    scale = [{"type": "scale", "scale": steps}]
    multiscale = {
        "axes": entries,
        "datasets": [{"path": "full", "coordinateTransformations": scale}],
    }
    if version == "0.4":
        multiscale["version"] = version
    write_group(folder, {"multiscales": [multiscale], **(more or {})}, version)
    chunks = chunks or [min(n, 16) for n in data.shape]
    write_array(folder / "full", data, chunks, version, **options)


def write_plate(folder, images, version="0.5"):
    """Write a plate; `images` maps paths such as ``"A/1/0"`` to pixels (y, x)."""
    wells = {}
    for path in images:
        well, _, field = path.rpartition("/")
        wells.setdefault(well, []).append(field)
    listed = [{"path": w, "rowIndex": 0, "columnIndex": i} for i, w in enumerate(wells)]
    plate = {
        "wells": listed,
        "rows": [{"name": name} for name in sorted({w.split("/")[0] for w in wells})],
        "columns": [{"name": name} for name in sorted({w.split("/")[1] for w in wells})],
    }
    write_group(folder, {"plate": plate}, version)
    for well, fields in wells.items():
        write_group(folder / well.split("/")[0], {}, version)
        well_attributes = {"well": {"images": [{"path": field} for field in fields]}}
        write_group(folder / well, well_attributes, version)
    for path, data in images.items():
        write_multiscale(folder / path, data, "yx", [0.5, 0.25], version)
