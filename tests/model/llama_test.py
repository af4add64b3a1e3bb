"""youtu-serve against llama.cpp on the same GGUF files: logits after every prefix and greedy
tokens, for files that the tests write and for files that llama-quantize writes. The program under
test is YOUTU_PROGRAM.
"""
import unittest

import ggml_library
from gguf_cases import (
    disagreements,
    llama_quantized_cases,
    plain_cases,
    rms_error,
    typed_cases,
    widened,
)
from peers import llama_is_installed, llama_logits, youtu_eval
from test_run import ProgramTest, report, run
from youtu_numpy import relative_error

GREEDY = 8
F32_LIMIT = 1e-4
# As in numpy_llama_test.py: llama.cpp rounds activations to the weights' type, or to 8 bits for
# block types.
RMS_LIMITS = {"F16": 0.005, "BF16": 0.04}
BLOCK_RMS_LIMIT = 0.1
CLEAR_GAP = 1.0


@unittest.skipUnless(
    llama_is_installed() and ggml_library.is_installed(),
    "node-llama-cpp (tests/node) or node 20 is not installed",
)
class OursAgainstLlama(ProgramTest):
    def llama_answers(self, cases, greedy=0):
        """(case, llama.cpp's logits, its greedy continuation)"""
        cases = list(cases)
        results = llama_logits([(case.path, case.tokens, greedy) for case in cases], self.folder)
        for case, result in zip(cases, results):
            self.assertNotIsInstance(result, str, f"{case.label}: {result}")
            yield case, *result

    def evaluate(self, path, tokens):
        return youtu_eval(self.program, path, tokens, self.folder)

    def test_f32_models_agree(self):
        for case, llama, continuation in self.llama_answers(plain_cases(self.folder), GREEDY):
            with self.subTest(case.label):
                ours = self.evaluate(case.path, case.tokens)
                error, worst = relative_error(ours, llama)
                followed = self.evaluate(case.path, case.tokens + continuation)[
                    len(case.tokens) - 1 : -1
                ]
                leads = followed.max(axis=-1) - followed[range(GREEDY), continuation]
                report(
                    case.label,
                    error=error,
                    worst_position=worst,
                    greedy_equal=int((leads == 0).sum()),
                )
                self.assertLess(worst, F32_LIMIT)
                # Another token than llama.cpp's only where the two lead each other by a rounding
                # error.
                self.assertLess(leads.max(), 1e-3)

    def test_quantised_files_agree_with_llama_on_their_decoded_weights(self):
        """Every type exactly: ggml decodes the file to F32, llama.cpp computes with that, and we
        with the file itself."""
        cases = [*typed_cases(self.folder), *llama_quantized_cases(self.folder)]
        answers = self.llama_answers(widened(case) for case in cases)
        for case, (_, llama, _) in zip(cases, answers):
            with self.subTest(case.label):
                error, worst = relative_error(self.evaluate(case.path, case.tokens), llama)
                report(f"{case.label}, decoded", error=error, worst_position=worst)
                self.assertLess(worst, F32_LIMIT)

    def check_rounded(self, cases):
        for case, llama, _ in self.llama_answers(cases):
            with self.subTest(case.label):
                ours = self.evaluate(case.path, case.tokens)
                rms = rms_error(llama, ours)
                clear = disagreements(llama, ours, CLEAR_GAP)
                report(case.label, rms=rms, clear_disagreements=clear)
                self.assertLess(rms, RMS_LIMITS.get(case.weight_type, BLOCK_RMS_LIMIT))
                self.assertEqual(clear, 0)

    def test_our_files_of_every_type_are_read_alike(self):
        self.check_rounded(typed_cases(self.folder))

    def test_files_of_llama_quantize_are_read_alike(self):
        self.check_rounded(llama_quantized_cases(self.folder))


if __name__ == "__main__":
    run()
