"""youtu-serve's decoders of GGUF's element types against the NumPy ones, on random bits, value by
value. The program under test, named by DEQUANTIZE_FILE, is called with a type, a file of blocks and
the file to write float32 values to.
"""
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np

from deterministic import Stream
from ggml_types import BLOCK_TYPES, PLAIN_TYPES, decode, encode_plain, random_blocks
from test_run import program_from_environment, report, run

SEED = 2


class Dequantize(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = program_from_environment("DEQUANTIZE_FILE")
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_program(self, type_name, data):
        source = pathlib.Path(self.folder.name) / "blocks"
        target = pathlib.Path(self.folder.name) / "values"
        source.write_bytes(data)
        target.unlink(missing_ok=True)
        subprocess.run([self.program, type_name, str(source), str(target)], check=True, timeout=60)
        return np.fromfile(target, np.float32)

    def compare(self, type_name, data):
        ours, expected = self.run_program(type_name, data), decode(type_name, data)
        np.testing.assert_array_equal(ours, expected)
        return len(expected)

    def test_block_types_are_bit_equal(self):
        for name in BLOCK_TYPES:
            with self.subTest(name):
                blocks = random_blocks(name, 1000, 0.05, Stream(SEED, name).bytes)
                report(name, values_equal=self.compare(name, blocks.tobytes()))

    def test_a_single_block(self):
        for name in BLOCK_TYPES:
            with self.subTest(name):
                self.compare(
                    name, random_blocks(name, 1, 0.05, Stream(SEED + 1, name).bytes).tobytes()
                )

    def test_tiny_and_huge_scales_are_bit_equal(self):
        for name in BLOCK_TYPES:
            with self.subTest(name):
                blocks = random_blocks(name, 64, 0.05, Stream(SEED + 2, name).bytes)
                if name == "MXFP4":
                    blocks["e"] = np.tile([0, 1, 2, 3, 100, 200, 251, 252], 8)
                else:  # from the smallest subnormal half to the largest finite one
                    blocks["d"] = np.tile(
                        [5.96e-8, -5.96e-8, 6.1e-5, 1.0, -1.0, 65504, -65504, 0], 8
                    )
                self.compare(name, blocks.tobytes())

    def test_plain_types_are_bit_equal(self):
        values = Stream(SEED, "plain").normal((5000,))
        values[:6] = [0.0, -0.0, 6e-8, -6e-5, 65504.0, -1e-20]
        for name in PLAIN_TYPES:
            with self.subTest(name):
                self.compare(name, encode_plain(name, values))

    def test_every_half_is_decoded(self):
        halves = np.arange(1 << 16, dtype="<u2")
        finite = halves[np.isfinite(halves.view(np.float16))]
        self.compare("F16", finite.tobytes())
        self.assertEqual(len(finite), 2 * 31 * 1024)


if __name__ == "__main__":
    run()
