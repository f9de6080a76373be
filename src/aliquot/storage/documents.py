"""What Zarr says of an array of numbers: one JSON document each, version 3 of the format.

The library writes them, too, but takes milliseconds for each, and a run has some fifty arrays:
https://zarr-specs.readthedocs.io/en/latest/v3/core/.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Kinds of numbers that are written here: true or false, whole, and real.
KINDS = "biuf"


GROUP: dict[str, Any] = {"zarr_format": 3, "node_type": "group", "attributes": {}}


def array_document(
    dtype: np.dtype[Any],
    shape: Sequence[int],
    chunk: Sequence[int],
    dims: Sequence[str],
    attrs: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe an array whose chunks are as NumPy holds them, with a checksum, all in one folder.

    >>> document = array_document(np.dtype(bool), (4, 0), (1, 1024), ("chain", "draw"), {})
    >>> document["data_type"], document["codecs"]
    ('bool', [{'name': 'bytes'}, {'name': 'crc32c'}])

    Texts, of any length, are in one chunk as :func:`text_content` writes them.
    """
    if dtype.kind in "UO":
        described = array_document(np.dtype(bool), shape, chunk, dims, attrs)
        codecs = [{"name": "vlen-utf8"}, {"name": "crc32c"}]
        return described | {"data_type": "string", "fill_value": "", "codecs": codecs}
    ordered: dict[str, Any] = {"name": "bytes"}
    if dtype.itemsize > 1:
        ordered["configuration"] = {"endian": "little"}
    nothing: Any = {"b": False, "f": "NaN"}.get(dtype.kind, 0)
    return {
        "shape": list(shape),
        "data_type": dtype.newbyteorder("=").name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": nothing,
        "codecs": [ordered, {"name": "crc32c"}],
        "attributes": dict(attrs),
        "dimension_names": list(dims),
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }


def text_content(texts: Sequence[str]) -> bytes:
    r"""Give what a chunk of texts holds: their number, and each with its length.

    >>> text_content(["a"])
    b'\x01\x00\x00\x00\x01\x00\x00\x00a'
    """
    encoded = [text.encode() for text in texts]
    parts = [struct.pack("<I", len(encoded))]
    for each in encoded:
        parts += (struct.pack("<I", len(each)), each)
    return b"".join(parts)
