"""Writes ND2 files of Nikon microscopes, version 3, as far as tests need them.

A file is a sequence of named chunks and a map of them at its end; metadata are trees of typed
values. The structure is published in the source of the nd2 reader.
"""

import struct

import numpy as np

_MAGIC = 0x0ABECEDA
_UINT, _DOUBLE, _STRING, _LEVEL, _BOOL = 3, 6, 8, 11, 1


def write_nd2(path, pixels, *, spacing, z_step, period_s, channels, positions=()):
    """Write a file.

    `pixels` has the axes p (if there are positions), t, z, y, x, c, as the frames of a file have.
    """
    n_y, n_x, n_c = pixels.shape[-3:]
    frames = pixels.reshape(-1, n_y, n_x, n_c)
    bits = 8 * pixels.dtype.itemsize
    attributes = {
        "uiWidth": n_x, "uiWidthBytes": n_x * n_c * bits // 8, "uiHeight": n_y, "uiComp": n_c,
        "uiBpcInMemory": bits, "uiBpcSignificant": bits, "uiSequenceCount": len(frames),
        "eCompression": 2,
    }  # fmt: skip
    planes = {
        f"a{i}": {
            "sDescription": name, "uiCompCount": 1, "uiColor": 255, "uiSampleIndex": i,
            "pFluorescentProbe": {"m_sName": name},
        }
        for i, name in enumerate(channels)
    }  # fmt: skip
    picture = {
        "dCalibration": spacing, "bCalibrated": True, "dTimeMSec": 0.0,
        "sPicturePlanes": {"uiCount": n_c, "uiSampleCount": n_c, "sPlaneNew": planes},
    }  # fmt: skip
    loops = _loops(pixels.shape, z_step, period_s, positions)
    chunks = {
        "ImageAttributesLV!": _tree({"SLxImageAttributes": attributes}),
        "ImageMetadataSeqLV|0!": _tree({"SLxPictureMetadata": picture}),
        "ImageMetadataLV!": _tree({"SLxExperiment": loops}),
        "CustomData|AcqTimesCache!": np.arange(len(frames), dtype="<f8").tobytes(),
    }
    for i, frame in enumerate(frames):
        chunks[f"ImageDataSeq|{i}!"] = struct.pack("<d", float(i)) + frame.tobytes()
    with open(path, "wb") as file:
        _write(file, chunks)


def _loops(shape, z_step, period_s, positions):
    """Describe the nested loops: positions, times, planes."""
    *_, n_t, n_z, _y, _x, _c = shape
    stack = {"eType": 4, "uLoopPars": {"uiCount": n_z, "dZStep": z_step, "iType": 0}}
    times = {
        "uiCount": n_t, "dStart": 0.0, "dPeriod": 1000.0 * period_s,
        "dDuration": 1000.0 * period_s * n_t,
    }  # fmt: skip
    series = {"eType": 1, "uLoopPars": times, "ppNextLevelEx": {"": stack}}
    if not positions:
        return series
    points = {f"a{i}": {"dPosX": 10.0 * i, "dPosName": p} for i, p in enumerate(positions)}
    return {"eType": 2, "uLoopPars": {"Points": points}, "ppNextLevelEx": {"": series}}


def _tree(values):
    return b"".join(_value(name, value) for name, value in values.items())


def _value(name, value):
    title = (name + "\0").encode("utf-16-le") if name else b"\0\0"
    kinds = {bool: _BOOL, int: _UINT, float: _DOUBLE, str: _STRING, dict: _LEVEL}
    start = struct.pack("BB", kinds[type(value)], len(title) // 2) + title
    if isinstance(value, bool):
        return start + struct.pack("B", value)
    if isinstance(value, int):
        return start + struct.pack("<I", value)
    if isinstance(value, float):
        return start + struct.pack("<d", value)
    if isinstance(value, str):
        return start + (value + "\0").encode("utf-16-le")
    inner = _tree(value)
    length = len(start) + 12 + len(inner)
    return start + struct.pack("<IQ", len(value), length) + inner + bytes(8 * len(value))


def _write(file, chunks):
    signature = b"ND2 FILE SIGNATURE CHUNK NAME01!"
    file.write(struct.pack("<IIQ", _MAGIC, 32, 64) + signature + b"Ver3.0".ljust(64, b"\0"))
    table = b""
    for name, data in chunks.items():
        offset = file.tell()
        # The pixels of a frame begin 4096 bytes after its chunk, behind a time of 8 bytes.
        header = 4072 if name.startswith("ImageDataSeq") else 64
        file.write(struct.pack("<IIQ", _MAGIC, header, len(data)))
        file.write(name.encode().ljust(header, b"\0") + data)
        table += name.encode() + struct.pack("<QQ", offset, len(data))
    end = b"ND2 CHUNK MAP SIGNATURE 0000001!"
    place = file.tell()
    table += end + struct.pack("<Q", place)
    file.write(struct.pack("<IIQ", _MAGIC, 32, len(table)) + b"ND2 FILEMAP SIGNATURE NAME 0001!")
    file.write(table)
