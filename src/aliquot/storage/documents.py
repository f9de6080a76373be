"""What Zarr says of an array of numbers: one JSON document each, version 3 of the format.

The library writes them, too, but takes milliseconds for each, and a run has some fifty arrays:
https://zarr-specs.readthedocs.io/en/latest/v3/core/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Kinds of numbers that are written here: true or false, whole, and real.
KINDS = "biuf"


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
    """
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
