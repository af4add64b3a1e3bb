"""The element types of GGUF in NumPy: their byte layouts, a decoder for each, and random valid data
of each.

Written from the published byte tables. Every decoder follows one numbering: value e of a block of
256 is e = 128*h + 32*j + l, in the sub-block of 32 numbered s = 4*h + j.

All products of a half-precision scale with the small integers of these formats fit in 24 bits, so
every implementation that computes in float32 must reach bit-equal values, in whatever order it
multiplies: comparisons need no tolerance.
"""
from dataclasses import dataclass
from typing import Callable

import numpy as np

E = np.arange(256)
H, J, L, S = E // 128, E % 128 // 32, E % 32, E // 32
T16 = 8 * H + 2 * J + (L >= 16)  # the sub-block of 16

IQ4_VALUES = np.array(
    [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float64
)
# Twice the values of an E2M1 float; the scale is therefore half of the E8M0 one.
FP4_VALUES = np.array([0, 1, 2, 3, 4, 6, 8, 12, -0.0, -1, -2, -3, -4, -6, -8, -12], np.float64)


def round_to_bf16(values):
    """float32 -> the bits of the nearest bfloat16, ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def bf16_to_float(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def column(field):
    """A scalar field of every block, in float64, shaped to multiply [blocks, values]."""
    return field.astype(np.float64)[:, None]


def nibbles(qs):
    """Byte j of 16 holds value j in its low half and value j + 16 in its high half."""
    return np.concatenate([qs & 15, qs >> 4], axis=-1)


def fifth_bits(qh):
    """Bit e of a 32-bit number belongs to value e."""
    return (qh.view("<u4").reshape(-1, 1) >> np.arange(32, dtype=np.uint32) & 1).astype(np.int64)


def decode_q4_0(b):
    return column(b["d"]) * (nibbles(b["qs"]).astype(int) - 8)


def decode_q4_1(b):
    return column(b["d"]) * nibbles(b["qs"]) + column(b["m"])


def decode_q5_0(b):
    return column(b["d"]) * (nibbles(b["qs"]) + 16 * fifth_bits(b["qh"]) - 16)


def decode_q5_1(b):
    return column(b["d"]) * (nibbles(b["qs"]) + 16 * fifth_bits(b["qh"])) + column(b["m"])


def decode_q8_0(b):
    return column(b["d"]) * b["qs"]


def decode_iq4_nl(b):
    return column(b["d"]) * IQ4_VALUES[nibbles(b["qs"])]


def decode_mxfp4(b):
    # Exponents 0 and 1 fall out of the same formula: 2^-128 and 2^-127 are subnormal float32
    # numbers.
    return 2.0 ** (column(b["e"]) - 128) * FP4_VALUES[nibbles(b["qs"])]


def decode_q2_k(b):
    q = b["qs"][:, 32 * H + L] >> 2 * J & 3
    scale = b["scales"][:, T16]
    return column(b["d"]) * (scale & 15) * q - column(b["dmin"]) * (scale >> 4)


def decode_q3_k(b):
    low = (b["qs"][:, 32 * H + L] >> 2 * J & 3).astype(int)
    high = b["hmask"][:, L] >> (4 * H + J) & 1
    t = np.arange(16)
    packed = b["scales"].astype(int)
    scales = np.where(t < 8, packed[:, t % 8] & 15, packed[:, t % 8] >> 4)
    scales = scales | (packed[:, 8 + t % 4] >> 2 * (t // 4) & 3) << 4
    return column(b["d"]) * (scales[:, T16] - 32) * (low - 4 * (1 - high.astype(int)))


def six_bit_scales(packed):
    """The 12 bytes that Q4_K and Q5_K share: eight scales and eight minimums of six bits."""
    b = packed.astype(int)
    s = np.arange(4)
    scale = np.concatenate([b[:, s] & 63, (b[:, s + 8] & 15) | (b[:, s] >> 6) << 4], axis=-1)
    minimum = np.concatenate(
        [b[:, s + 4] & 63, b[:, s + 8] >> 4 | (b[:, s + 4] >> 6) << 4], axis=-1
    )
    return scale, minimum


def decode_q4_k(b, extra=0):
    scale, minimum = six_bit_scales(b["scales"])
    byte = b["qs"][:, 32 * (S // 2) + L]
    q = np.where(S % 2 == 0, byte & 15, byte >> 4) + extra
    return column(b["d"]) * scale[:, S] * q - column(b["dmin"]) * minimum[:, S]


def decode_q5_k(b):
    return decode_q4_k(b, extra=16 * (b["qh"][:, L] >> S & 1).astype(int))


def decode_q6_k(b):
    byte = b["ql"][:, 64 * H + 32 * (J % 2) + L]
    low = np.where(J < 2, byte & 15, byte >> 4).astype(int)
    high = (b["qh"][:, 32 * H + L] >> 2 * J & 3).astype(int)
    return column(b["d"]) * b["scales"][:, T16] * (low + 16 * high - 32)


def decode_iq4_xs(b):
    byte = b["scales_l"][:, S // 2]
    low = np.where(S % 2 == 0, byte & 15, byte >> 4).astype(int)
    high = (b["scales_h"].astype(int)[:, None] >> 2 * S & 3) << 4
    q = nibbles(b["qs"].reshape(-1, 8, 16)).reshape(-1, 256)
    return column(b["d"]) * (low + high - 32) * IQ4_VALUES[q]


@dataclass(frozen=True)
class GgmlType:
    name: str
    id: int  # in a GGUF file
    block_values: int
    block: np.dtype
    decode: Callable  # blocks -> float64 [blocks, block_values]
    # What multiplies `d` to give the field that centres random data around zero, where there is
    # such a field.
    offset: tuple = ()

    @property
    def block_bytes(self):
        return self.block.itemsize


F16 = "<f2"
TYPES = {
    t.name: t
    for t in [
        GgmlType("F32", 0, 1, np.dtype([("x", "<f4")]), lambda b: column(b["x"])),
        GgmlType("F16", 1, 1, np.dtype([("x", F16)]), lambda b: column(b["x"])),
        GgmlType("BF16", 30, 1, np.dtype([("x", "<u2")]), lambda b: column(bf16_to_float(b["x"]))),
        GgmlType("Q4_0", 2, 32, np.dtype([("d", F16), ("qs", "u1", 16)]), decode_q4_0),
        GgmlType(
            "Q4_1",
            3,
            32,
            np.dtype([("d", F16), ("m", F16), ("qs", "u1", 16)]),
            decode_q4_1,
            ("m", -7.5),
        ),
        GgmlType(
            "Q5_0", 6, 32, np.dtype([("d", F16), ("qh", "u1", 4), ("qs", "u1", 16)]), decode_q5_0
        ),
        GgmlType(
            "Q5_1",
            7,
            32,
            np.dtype([("d", F16), ("m", F16), ("qh", "u1", 4), ("qs", "u1", 16)]),
            decode_q5_1,
            ("m", -15.5),
        ),
        GgmlType("Q8_0", 8, 32, np.dtype([("d", F16), ("qs", "i1", 32)]), decode_q8_0),
        GgmlType(
            "Q2_K",
            10,
            256,
            np.dtype([("scales", "u1", 16), ("qs", "u1", 64), ("d", F16), ("dmin", F16)]),
            decode_q2_k,
            ("dmin", 1.5),
        ),
        GgmlType(
            "Q3_K",
            11,
            256,
            np.dtype([("hmask", "u1", 32), ("qs", "u1", 64), ("scales", "u1", 12), ("d", F16)]),
            decode_q3_k,
        ),
        GgmlType(
            "Q4_K",
            12,
            256,
            np.dtype([("d", F16), ("dmin", F16), ("scales", "u1", 12), ("qs", "u1", 128)]),
            decode_q4_k,
            ("dmin", 7.5),
        ),
        GgmlType(
            "Q5_K",
            13,
            256,
            np.dtype(
                [
                    ("d", F16),
                    ("dmin", F16),
                    ("scales", "u1", 12),
                    ("qh", "u1", 32),
                    ("qs", "u1", 128),
                ]
            ),
            decode_q5_k,
            ("dmin", 15.5),
        ),
        GgmlType(
            "Q6_K",
            14,
            256,
            np.dtype([("ql", "u1", 128), ("qh", "u1", 64), ("scales", "i1", 16), ("d", F16)]),
            decode_q6_k,
        ),
        GgmlType("IQ4_NL", 20, 32, np.dtype([("d", F16), ("qs", "u1", 16)]), decode_iq4_nl),
        GgmlType(
            "IQ4_XS",
            23,
            256,
            np.dtype([("d", F16), ("scales_h", "<u2"), ("scales_l", "u1", 4), ("qs", "u1", 128)]),
            decode_iq4_xs,
        ),
        GgmlType("MXFP4", 39, 32, np.dtype([("e", "u1"), ("qs", "u1", 16)]), decode_mxfp4),
    ]
}
PLAIN_TYPES = ("F32", "F16", "BF16")
BLOCK_TYPES = tuple(name for name in TYPES if name not in PLAIN_TYPES)


def decode(type_name, data):
    """The bytes of a tensor -> its values, float32, flat."""
    kind = TYPES[type_name]
    blocks = np.frombuffer(data, kind.block)
    return kind.decode(blocks).astype(np.float32).reshape(-1)


def encode_plain(type_name, values):
    values = np.ascontiguousarray(values, np.float32)
    if type_name == "BF16":
        return round_to_bf16(values).tobytes()
    return values.astype("<f4" if type_name == "F32" else F16).tobytes()


def random_blocks(type_name, count, std, random_bytes, num_measured=None):
    """`count` blocks of random bits under scales that make the values' standard deviation about
    `std`. Random bits reach every code, scale and sign of a format, which data from a quantiser
    seldom does. random_bytes(n) -> uint8 array. The spread is measured on the first `num_measured`
    blocks, on all if it is None.
    """
    kind = TYPES[type_name]
    blocks = random_bytes(count * kind.block_bytes).view(kind.block).copy()
    spread = 0.75 + random_bytes(count) / 512.0  # neighbouring blocks have different scales
    if "e" in kind.block.names:
        blocks["e"] = np.clip(np.round(np.log2(std / 5.6 * spread)) + 128, 0, 254)
        return blocks
    signs = np.ones(count) if kind.offset else 1.0 - 2.0 * (random_bytes(count) & 1)
    scale = spread * signs
    for attempt in range(2):  # once to measure what a scale of one gives, once with the right scale
        blocks["d"] = scale.astype(np.float16)
        if kind.offset:
            field, factor = kind.offset
            blocks[field] = (blocks["d"].astype(np.float64) * factor).astype(np.float16)
        if attempt == 0:
            scale = scale * (std / kind.decode(blocks[:num_measured]).std())
    return blocks
