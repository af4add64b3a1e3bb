"""The NumPy decoders of GGUF's element types against ggml's own, on random bits, value by value."""
import unittest

import numpy as np

import ggml_library
from deterministic import Stream
from ggml_types import BLOCK_TYPES, TYPES, bf16_to_float, decode, random_blocks, round_to_bf16
from test_run import run

SEED = 1
# (values, bytes) of a block, as published.
BLOCK_SIZES = {
    "Q4_0": (32, 18),
    "Q4_1": (32, 20),
    "Q5_0": (32, 22),
    "Q5_1": (32, 24),
    "Q8_0": (32, 34),
    "Q2_K": (256, 84),
    "Q3_K": (256, 110),
    "Q4_K": (256, 144),
    "Q5_K": (256, 176),
    "Q6_K": (256, 210),
    "IQ4_NL": (32, 18),
    "IQ4_XS": (256, 136),
    "MXFP4": (32, 17),
    "F32": (1, 4),
    "F16": (1, 2),
    "BF16": (1, 2),
}


def random_data(type_name, blocks):
    return random_blocks(type_name, blocks, 0.05, Stream(SEED, type_name).bytes).tobytes()


class GgmlTypes(unittest.TestCase):
    def test_blocks_have_the_published_sizes(self):
        sizes = {name: (kind.block_values, kind.block_bytes) for name, kind in TYPES.items()}
        self.assertEqual(sizes, BLOCK_SIZES)

    def test_q4_0_block_written_by_hand(self):
        # d = 0.5; byte j holds value j low and value j + 16 high.
        block = bytes([0x00, 0x38]) + bytes([0x1F]) + bytes([0x88] * 15)
        expected = np.zeros(32, np.float32)
        expected[0], expected[16] = 0.5 * (15 - 8), 0.5 * (1 - 8)
        np.testing.assert_array_equal(decode("Q4_0", block), expected)

    def test_mxfp4_scales_reach_both_ends(self):
        for exponent in (0, 1, 2, 127, 128, 253):
            block = bytes([exponent]) + bytes([0x21] * 16)
            values = decode("MXFP4", block).astype(np.float64)
            self.assertEqual(values[0], 2.0 ** (exponent - 128))
            self.assertEqual(values[16], 2.0 ** (exponent - 127))

    def test_bf16_rounds_to_nearest_even(self):
        for bits, expected in {
            0x3F800000: 0x3F80,
            0x3F808000: 0x3F80,
            0x3F818000: 0x3F82,
            0x3F808001: 0x3F81,
        }.items():
            value = np.array([bits], np.uint32).view(np.float32)
            self.assertEqual(round_to_bf16(value)[0], expected)
            self.assertEqual(bf16_to_float(round_to_bf16(value)).view(np.uint32)[0], expected << 16)

    def test_random_data_has_the_wanted_spread_and_every_bit(self):
        for name in BLOCK_TYPES:
            with self.subTest(name):
                blocks = random_blocks(name, 2000, 0.05, Stream(SEED, name).bytes)
                values = TYPES[name].decode(blocks)
                self.assertAlmostEqual(values.std(), 0.05, delta=0.005)
                self.assertAlmostEqual(values.mean(), 0.0, delta=0.002)
                for field in set(blocks.dtype.names) - {"d", "m", "dmin", "e"}:
                    raw = np.ascontiguousarray(blocks[field]).view(np.uint8)
                    self.assertEqual(len(np.unique(raw)), 256, field)

    @unittest.skipUnless(
        ggml_library.is_installed(), "node-llama-cpp is not installed (tests/node)"
    )
    def test_decoders_are_bit_equal_to_those_of_ggml(self):
        for name in BLOCK_TYPES:
            with self.subTest(name):
                data = random_data(name, 2000)
                np.testing.assert_array_equal(decode(name, data), ggml_library.decode(name, data))


if __name__ == "__main__":
    run()
