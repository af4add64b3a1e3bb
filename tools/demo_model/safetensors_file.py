"""A small reader and writer of safetensors files, BF16 only.

One idea: the format is eight bytes of header length, a JSON directory and raw data, which needs no
package.  BF16 is the upper half of an F32, rounded to nearest even.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

Array = np.ndarray


def to_bfloat16(values: Array) -> Array:
    """F32 values as the bits of the nearest BF16 (ties to even)."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounding = 0x7FFF + ((bits >> 16) & 1)
    return ((bits + rounding) >> 16).astype("<u2")


def from_bfloat16(bits: Array) -> Array:
    """The F32 values of BF16 bits."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def write_safetensors(path: Path, tensors: dict[str, Array]) -> None:
    """Writes F32 arrays as BF16 tensors, in the order of their names."""
    directory: dict[str, object] = {"__metadata__": {"format": "pt"}}
    payload = bytearray()
    for name, values in sorted(tensors.items()):
        data = to_bfloat16(values).tobytes()
        directory[name] = {"dtype": "BF16", "shape": list(values.shape),
                           "data_offsets": [len(payload), len(payload) + len(data)]}
        payload += data
    header = json.dumps(directory, separators=(",", ":")).encode("utf-8")
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + payload)


def read_safetensors(path: Path) -> dict[str, Array]:
    """Reads a file of BF16 tensors as F32 arrays, and checks that it has no holes."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    directory = json.loads(content[8:8 + length])
    directory.pop("__metadata__", None)
    payload = content[8 + length:]
    tensors: dict[str, Array] = {}
    expected = 0
    for name, entry in sorted(directory.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        if entry["dtype"] != "BF16" or begin != expected:
            raise ValueError(f"{path.name}: {name}: not a gapless BF16 tensor")
        values = from_bfloat16(np.frombuffer(payload[begin:end], dtype="<u2"))
        tensors[name] = values.reshape(entry["shape"])
        expected = end
    if expected != len(payload):
        raise ValueError(f"{path.name}: {len(payload) - expected} bytes after the last tensor")
    return tensors
