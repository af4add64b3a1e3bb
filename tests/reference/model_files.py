"""Writers of model files, from the published formats: safetensors (one file or shards) and GGUF
(v2, v3, single, split).
"""
import json
import math
import pathlib
import struct

import numpy as np

from ggml_types import TYPES, encode_plain


def write_safetensors(path, tensors, dtype):
    """tensors: {name: array}, stored as `dtype` (F32, F16 or BF16) in the order given."""
    header, chunks, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, values in tensors.items():
        data = encode_plain(dtype, values)
        header[name] = {
            "dtype": dtype,
            "shape": list(values.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
    return offset


def write_checkpoint(folder, tensors, dtype, shards):
    """model.safetensors, or `shards` files with their index; tensors are dealt out so that layers
    are torn apart.
    """
    folder = pathlib.Path(folder)
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors, dtype)
        return
    names, weight_map, total = list(tensors), {}, 0
    for shard in range(shards):
        file_name = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        mine = names[shard::shards]
        total += write_safetensors(
            folder / file_name, {name: tensors[name] for name in mine}, dtype
        )
        weight_map.update({name: file_name for name in mine})
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


class Typed:
    """A GGUF value with an explicit type, for numbers that are not the usual u32 / f32."""

    def __init__(self, kind, value):
        self.kind, self.value = kind, value


NUMBERS = {
    "u8": (0, "<B"),
    "i8": (1, "<b"),
    "u16": (2, "<H"),
    "i16": (3, "<h"),
    "u32": (4, "<I"),
    "i32": (5, "<i"),
    "f32": (6, "<f"),
    "bool": (7, "<?"),
    "u64": (10, "<Q"),
    "i64": (11, "<q"),
    "f64": (12, "<d"),
}
STRING, ARRAY = 8, 9


def encode_string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def encode_value(value):
    """(type id, bytes)"""
    if isinstance(value, Typed):
        type_id, layout = NUMBERS[value.kind]
        return type_id, struct.pack(layout, value.value)
    if isinstance(value, bool):
        return encode_value(Typed("bool", value))
    if isinstance(value, int):
        return encode_value(Typed("u32" if value >= 0 else "i32", value))
    if isinstance(value, float):
        return encode_value(Typed("f32", value))
    if isinstance(value, str):
        return STRING, encode_string(value)
    # An array has one element type; lists of integers are i32 as in the files of llama.cpp's
    # converter.
    items = [encode_value(Typed("i32", v) if isinstance(v, int) else v) for v in value]
    return ARRAY, struct.pack("<IQ", items[0][0] if items else STRING, len(items)) + b"".join(
        d for _, d in items
    )


def tensor_bytes(type_name, shape):
    kind = TYPES[type_name]
    assert shape[-1] % kind.block_values == 0, f"rows of {shape[-1]} cannot be {type_name}"
    return math.prod(shape) // kind.block_values * kind.block_bytes


def encode_tensor_info(name, type_name, shape, offset):
    dims = list(reversed(shape))  # innermost first
    return (
        encode_string(name)
        + struct.pack("<I", len(dims))
        + struct.pack(f"<{len(dims)}Q", *dims)
        + struct.pack("<IQ", TYPES[type_name].id, offset)
    )


def encode_gguf_head(version, metadata, layout, alignment):
    """Everything before the tensors' bytes, which follow in order, each padded to `alignment`.
    layout: {name: (type name, shape with the row length last)}
    """
    head = b"GGUF" + struct.pack("<IQQ", version, len(layout), len(metadata))
    for key, value in metadata.items():
        type_id, content = encode_value(value)
        head += encode_string(key) + struct.pack("<I", type_id) + content
    offset = 0
    for name, (type_name, shape) in layout.items():
        head += encode_tensor_info(name, type_name, shape, offset)
        size = tensor_bytes(type_name, shape)
        offset += size + -size % alignment
    return head + bytes(-len(head) % alignment)


def write_gguf_file(path, version, metadata, tensors, alignment):
    """tensors: {name: (type name, shape with the row length last, bytes)}"""
    layout = {name: (type_name, shape) for name, (type_name, shape, _) in tensors.items()}
    with open(path, "wb") as file:
        file.write(encode_gguf_head(version, metadata, layout, alignment))
        for type_name, shape, content in tensors.values():
            assert len(content) == tensor_bytes(type_name, shape)
            file.write(content + bytes(-len(content) % alignment))


def write_gguf(path, metadata, tensors, version=3, parts=1, alignment=32):
    """Returns the path to open: `path` itself, or the first part of a split file beside it."""
    path = pathlib.Path(path)
    if alignment != 32:
        metadata = {**metadata, "general.alignment": alignment}
    if parts == 1:
        write_gguf_file(path, version, metadata, tensors, alignment)
        return path
    names = list(tensors)
    share = -(-len(names) // parts)
    for part in range(parts):
        # Only the first part has the metadata; every part has the three split keys.
        keys = {
            "split.no": Typed("u16", part),
            "split.count": Typed("u16", parts),
            "split.tensors.count": Typed("i32", len(names)),
        }
        mine = {name: tensors[name] for name in names[part * share : (part + 1) * share]}
        part_path = path.with_name(f"{path.stem}-{part + 1:05}-of-{parts:05}.gguf")
        write_gguf_file(
            part_path, version, {**metadata, **keys} if part == 0 else keys, mine, alignment
        )
    return path.with_name(f"{path.stem}-00001-of-{parts:05}.gguf")


def read_gguf_file(path):
    """(metadata, {name: (type name, shape with the row length last, bytes)}) of a single v2/v3
    file: for the files that llama-quantize writes. A plain reader of trusted files; it checks
    nothing.
    """
    data, at = pathlib.Path(path).read_bytes(), 4
    names = {kind.id: name for name, kind in TYPES.items()}
    layouts = dict(NUMBERS.values())

    def take(layout):
        nonlocal at
        at += struct.calcsize(layout)
        return struct.unpack_from(layout, data, at - struct.calcsize(layout))[0]

    def take_string():
        nonlocal at
        length = take("<Q")
        at += length
        return data[at - length : at].decode()

    def take_value(type_id):
        if type_id == STRING:
            return take_string()
        if type_id == ARRAY:
            element, count = take("<I"), take("<Q")
            return [take_value(element) for _ in range(count)]
        return take(layouts[type_id])

    take("<I")
    tensor_count, key_count = take("<Q"), take("<Q")
    metadata = {take_string(): take_value(take("<I")) for _ in range(key_count)}
    infos = [
        (
            take_string(),
            [take("<Q") for _ in range(take("<I"))][::-1],
            names[take("<I")],
            take("<Q"),
        )
        for _ in range(tensor_count)
    ]
    alignment = metadata.get("general.alignment", 32)
    start = at + -at % alignment
    tensors = {}
    for name, shape, type_name, offset in infos:
        size = math.prod(shape) // TYPES[type_name].block_values * TYPES[type_name].block_bytes
        tensors[name] = (type_name, tuple(shape), data[start + offset : start + offset + size])
    return metadata, tensors


def read_safetensors(path):
    """{name: float32 array} of a trusted file of F32 tensors."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, info in header.items():
        assert info["dtype"] == "F32", f"{name} is {info['dtype']}"
        begin, end = (8 + length + offset for offset in info["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(info["shape"])
    return tensors
