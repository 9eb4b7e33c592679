"""Writes LIF files of Leica microscopes as far as tests need them.

A file is a sequence of blocks, each introduced by 0x70: the XML that describes all images, then
the pixels of each. The structure is published in the source of the liffile reader.
"""

import struct
from xml.sax.saxutils import quoteattr

import numpy as np

#: Leica's numbers of dimensions, fastest first; metres and seconds.
_DIMENSIONS = {"x": (1, "m"), "y": (2, "m"), "z": (3, "m"), "t": (4, "s")}


def write_lif(path, images):
    """Write images, a mapping of names to (pixels, axes, scale in µm and s, channel names)."""
    elements, blocks = [], []
    for number, (name, (pixels, axes, scale, channels)) in enumerate(images.items(), 1):
        block = f"MemBlock_{number}"
        pixels = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
        raw = pixels.tobytes()
        elements.append(_element(name, pixels, axes, scale, channels, block, len(raw)))
        blocks.append((block, raw))
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="project" Visibility="1" CopyOption="1" '
        f'UniqueID="0"><Data><Experiment/></Data><Memory Size="0" MemoryBlockID="MemBlock_0"/>'
        f"<Children>{''.join(elements)}</Children></Element></LMSDataContainerHeader>"
    )
    with open(path, "wb") as file:
        file.write(_block(struct.pack("<BI", 0x2A, len(xml)) + xml.encode("utf-16-le")))
        for block, raw in [("MemBlock_0", b""), *blocks]:
            name = block.encode("utf-16-le")
            file.write(_block(struct.pack("<BQBI", 0x2A, len(raw), 0x2A, len(block)) + name))
            file.write(raw)


def _block(content):
    return struct.pack("<II", 0x70, len(content)) + content


def _element(name, pixels, axes, scale, channels, block, size):
    strides = dict(zip(axes, pixels.strides, strict=True))
    entries = "".join(
        f'<DimensionDescription DimID="{_DIMENSIONS[a][0]}" NumberOfElements="{n}" Origin="0" '
        f'Length="{(n - 1) * scale[a] * (1 if a == "t" else 1e-6):.12g}" '
        f'Unit="{_DIMENSIONS[a][1]}" BitInc="0" BytesInc="{strides[a]}"/>'
        for a, n in reversed(list(zip(axes, pixels.shape, strict=True)))
        if a != "c"
    )
    bits = 8 * pixels.dtype.itemsize
    listed = "".join(
        f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="{bits}" '
        f'NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" LUTName={quoteattr(channel)} '
        f'IsLUTInverted="0" BytesInc="{i * strides.get("c", 0)}" BitInc="0"/>'
        for i, channel in enumerate(channels)
    )
    return (
        f'<Element Name={quoteattr(name)} Visibility="1" CopyOption="1" UniqueID="{block}"><Data>'
        f'<Image TextDescription=""><ImageDescription><Channels>{listed}</Channels>'
        f"<Dimensions>{entries}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{size}" MemoryBlockID="{block}"/><Children/></Element>'
    )
