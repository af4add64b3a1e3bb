"""The NumPy reference against llama.cpp, before anything of youtu-serve: models written by the
tests and read by llama.cpp, and models quantised by llama.cpp and read by the tests. Two
implementations that share no code agree, so either may judge ours.
"""
import dataclasses
import tempfile
import unittest

import ggml_library
from gguf_cases import (
    disagreements,
    llama_quantized_cases,
    make_case,
    plain_cases,
    rms_error,
    typed_cases,
)
from peers import llama_is_installed, llama_logits
from random_model import SHAPES
from test_run import report, run
from youtu_numpy import relative_error

GREEDY = 8
F32_LIMIT = 1e-4
# llama.cpp rounds activations to the weights' type, or to 8 bits for block types, and these random
# models amplify that; measured are 0.0013, 0.011 and at most 0.065.
RMS_LIMITS = {"F16": 0.005, "BF16": 0.04}
BLOCK_RMS_LIMIT = 0.1
CLEAR_GAP = 1.0  # logits; the spread of the random models' logits is three


@unittest.skipUnless(
    llama_is_installed() and ggml_library.is_installed(),
    "node-llama-cpp (tests/node) or node 20 is not installed",
)
class NumpyAgainstLlama(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def answers(self, cases, greedy=0):
        cases = list(cases)
        results = llama_logits([(case.path, case.tokens, greedy) for case in cases], self.folder)
        for case, result in zip(cases, results):
            self.assertNotIsInstance(result, str, f"{case.label}: {result}")
            yield case, result[0], result[1]

    def test_f32_models_agree(self):
        for case, logits, greedy in self.answers(plain_cases(self.folder), GREEDY):
            with self.subTest(case.label):
                error, worst = relative_error(logits, case.reference())
                report(case.label, error=error, worst_position=worst)
                self.assertLess(worst, F32_LIMIT)
                self.check_greedy(case, greedy)

    def check_greedy(self, case, greedy):
        self.assertEqual(len(greedy), GREEDY)
        followed = dataclasses.replace(case, tokens=case.tokens + greedy).reference()
        for step in range(GREEDY):
            position = len(case.tokens) - 1 + step
            lead = followed[position].max() - followed[position][greedy[step]]
            self.assertLess(lead, 1e-3, f"greedy token {step}")

    def check_rounded(self, cases):
        for case, logits, _ in self.answers(cases):
            with self.subTest(case.label):
                reference = case.reference()
                rms = rms_error(logits, reference)
                clear = disagreements(logits, reference, CLEAR_GAP)
                report(case.label, rms=rms, clear_disagreements=clear)
                self.assertLess(rms, RMS_LIMITS.get(case.weight_type, BLOCK_RMS_LIMIT))
                self.assertEqual(clear, 0)

    def test_our_files_of_every_type_are_read_alike(self):
        self.check_rounded(typed_cases(self.folder))

    def test_files_of_llama_quantize_are_read_alike(self):
        self.check_rounded(llama_quantized_cases(self.folder))

    def test_what_llama_refuses(self):
        """Keeps the list in gguf_cases.py true: if one of these loads one day, it should be
        compared, too.
        """
        case = make_case(self.folder, "one_layer_direct_q", SHAPES["direct_q"])
        (result,) = llama_logits([(case.path, case.tokens, 0)], self.folder)
        self.assertIsInstance(result, str)
        self.assertIn("q_lora_rank", result)


if __name__ == "__main__":
    run()
