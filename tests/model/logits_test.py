"""youtu-serve's logits against the NumPy reference: the program YOUTU_PROGRAM evaluates random
models of many shapes, in every form of file, with every instruction set and attention mode, and
each logit is compared.
"""
import itertools
import json
import pathlib
import unittest

import numpy as np

import ggml_library
from gguf_cases import llama_quantized_cases, make_case, plain_cases, rms_error, typed_cases
from hugging_face_folder import write_hugging_face
from peers import youtu_eval
from random_model import CONTEXT_LENGTH, SHAPES, make_model, random_tokens
from test_run import ProgramTest, report, run
from write_goldens import GOLDEN_FOLDER, GOLDEN_SHAPES
from youtu_numpy import forward, relative_error

# Largest difference over the largest logit of the same position. All arithmetic is in float32,
# whatever the weights' type, so one limit holds for every file.
LIMIT = 1e-4
ATTENTION = ("absorbed", "expanded")
# The real path expands from about 171 fresh tokens on; this is beyond it and no multiple of a
# block.
LONG = 203


def instruction_sets():
    """The kernel tables that this machine can run."""
    cpu = pathlib.Path("/proc/cpuinfo")
    flags = set(cpu.read_text().split()) if cpu.exists() else set()
    needs = {
        "scalar": set(),
        "avx2": {"avx2", "fma", "f16c"},
        "avxvnni": {"avx2", "fma", "f16c", "avx_vnni"},
        "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl"},
        "avx512vnni": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"},
        "amx": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_int8",
                "amx_bf16"},
    }
    return [name for name, needed in needs.items() if needed <= flags]


class Logits(ProgramTest):
    def evaluate(self, model, tokens, *options):
        return youtu_eval(self.program, model, tokens, self.folder, *options)

    def check(self, label, model, tokens, reference, *options):
        logits = self.evaluate(model, tokens, *options)
        self.assertEqual(logits.shape, reference.shape, label)
        error, worst = relative_error(logits, reference)
        report(" ".join([label, *options]), error=error, worst_position=worst)
        self.assertLess(worst, LIMIT, label)
        return logits

    def folder_model(self, name, count=40, **arguments):
        """(folder, tokens, reference logits) of a random model as a Hugging Face folder"""
        shape = SHAPES[name]
        folder = self.folder / "_".join([name, *(str(value) for value in arguments.values())])
        weights = write_hugging_face(folder, make_model(shape), **arguments)
        tokens = random_tokens(shape, count)
        return folder, tokens, forward(shape, weights, tokens)

    def test_every_shape_in_both_forms_of_attention(self):
        for name in SHAPES:
            folder, tokens, reference = self.folder_model(name)
            self.check(name, folder, tokens, reference)
            for attention in ATTENTION:
                with self.subTest(name, attention=attention):
                    self.check(name, folder, tokens, reference, "--attention", attention)

    def test_every_instruction_set(self):
        for name in ("odd", "direct_q", "blocks"):
            folder, tokens, reference = self.folder_model(name)
            for isa in instruction_sets():
                for attention in ATTENTION:
                    with self.subTest(name, isa=isa, attention=attention):
                        self.check(
                            name, folder, tokens, reference, "--isa", isa, "--attention", attention
                        )

    def test_chunked_is_unchunked(self):
        """To the bit: a token's numbers do not depend on the tokens that share its step. The
        kernels are named because the program's own choice may differ from run to run.
        """
        for name, isa in itertools.product(("odd", "deep"), instruction_sets()):
            folder, tokens, reference = self.folder_model(name)
            for attention in ATTENTION:
                options = ("--isa", isa, "--attention", attention)
                whole = self.evaluate(folder, tokens, *options)
                for chunk in ("1", "7", "16", "39"):
                    with self.subTest(name, isa=isa, attention=attention, chunk=chunk):
                        chunked = self.evaluate(folder, tokens, *options, "--chunk", chunk)
                        np.testing.assert_array_equal(chunked, whole)
                self.assertLess(relative_error(whole, reference)[1], LIMIT)

    def test_any_number_of_threads_gives_the_same_bits(self):
        for name, isa in itertools.product(("odd", "blocks"), instruction_sets()):
            folder, tokens, _ = self.folder_model(name)
            for attention in ATTENTION:
                options = ("--isa", isa, "--attention", attention, "--threads")
                alone = self.evaluate(folder, tokens, *options, "1")
                for threads in ("2", "3", "7"):
                    with self.subTest(name, isa=isa, attention=attention, threads=threads):
                        together = self.evaluate(folder, tokens, *options, threads)
                        np.testing.assert_array_equal(together, alone)

    def test_a_single_token(self):
        folder, tokens, reference = self.folder_model("odd", 1)
        for attention in ATTENTION:
            self.check("odd, one token", folder, tokens, reference, "--attention", attention)

    def test_a_smaller_cache_costs_what_rounding_costs(self):
        """Eight bits of each latent are kept, by value or by token, and the flag must do something."""
        folder, tokens, reference = self.folder_model("square_heads")
        for attention, cache in itertools.product(ATTENTION, ("bf16", "int8")):
            with self.subTest(attention, cache=cache):
                options = ("--attention", attention, "--cache", cache)
                rms = rms_error(self.evaluate(folder, tokens, *options), reference)
                report(" ".join(["square_heads", *options]), rms=rms)
                self.assertLess(rms, 0.03)
                self.assertGreater(rms, 1e-4)

    def test_an_8_bit_cache_gives_the_same_bits_in_any_chunks_and_threads(self):
        folder, tokens, _ = self.folder_model("odd")
        for isa, attention in itertools.product(instruction_sets(), ATTENTION):
            options = ("--isa", isa, "--attention", attention, "--cache", "int8")
            whole = self.evaluate(folder, tokens, *options)
            for more in (("--chunk", "1"), ("--chunk", "39"), ("--threads", "1"), ("--threads", "3")):
                with self.subTest(isa, attention=attention, more=more):
                    np.testing.assert_array_equal(self.evaluate(folder, tokens, *options, *more), whole)

    def test_the_whole_context(self):
        folder, tokens, reference = self.folder_model("direct_q", CONTEXT_LENGTH)
        for options in (("--chunk", "512"), ("--attention", "absorbed"), ("--chunk", "100")):
            with self.subTest(options):
                self.check("direct_q, all positions", folder, tokens, reference, *options)

    def test_long_prompts_take_either_path_to_the_same_logits(self):
        folder, tokens, reference = self.folder_model("square_heads", LONG)
        for options in ((), ("--chunk", "200"), ("--chunk", "64"), ("--attention", "absorbed")):
            with self.subTest(options):
                self.check(f"square_heads, {LONG} tokens", folder, tokens, reference, *options)

    def test_types_shards_and_spellings_of_folders(self):
        forms = (
            {"dtype": "F16"},
            {"dtype": "BF16"},
            {"dtype": "F32", "shards": 3},
            {"dtype": "BF16", "shards": 2},
            {"model_type": "youtu_llm", "rope_style": "yarn"},
            {"model_type": "youtu_llm", "rope_style": "plain"},
            {"model_type": "youtu", "rope_style": "yarn"},
            {"model_type": "deepseek_v2", "rope_style": "parameters"},
        )
        for arguments in forms:
            for name in ("odd", "blocks"):
                with self.subTest(name, **arguments):
                    folder, tokens, reference = self.folder_model(name, **arguments)
                    self.check(folder.name, folder, tokens, reference)

    def test_rope_interleave_is_used(self):
        """The same weights read with the flag flipped must give other logits: a flag can be parsed
        and forgotten.
        """
        folder, tokens, reference = self.folder_model("odd")
        config = json.loads((folder / "config.json").read_text())
        config["rope_interleave"] = not config["rope_interleave"]
        (folder / "config.json").write_text(json.dumps(config))
        error, _ = relative_error(self.evaluate(folder, tokens), reference)
        self.assertGreater(error, 0.01)

    def test_gguf_shapes_and_forms(self):
        for case in plain_cases(self.folder):
            with self.subTest(case.label):
                self.check(case.label, case.path, case.tokens, case.reference())

    def test_gguf_types(self):
        for case in typed_cases(self.folder):
            reference = case.reference()
            for attention in ATTENTION:
                with self.subTest(case.label, attention=attention):
                    self.check(
                        case.label, case.path, case.tokens, reference, "--attention", attention
                    )

    def test_gguf_types_with_every_instruction_set(self):
        for recipe in ("F16", "BF16", "Q8_0", "Q4_0", "Q4_K"):
            case = make_case(self.folder, f"mixed_rows_{recipe}", SHAPES["mixed_rows"], recipe)
            reference = case.reference()
            for isa in instruction_sets():
                with self.subTest(case.label, isa=isa):
                    self.check(case.label, case.path, case.tokens, reference, "--isa", isa)

    @unittest.skipUnless(
        ggml_library.is_installed(), "node-llama-cpp is not installed (tests/node)"
    )
    def test_files_of_llama_quantize(self):
        for case in llama_quantized_cases(self.folder):
            with self.subTest(case.label):
                self.check(case.label, case.path, case.tokens, case.reference())

    def test_goldens(self):
        for name in GOLDEN_SHAPES:
            with self.subTest(name):
                folder = GOLDEN_FOLDER / name
                tokens = json.loads((folder / "tokens.json").read_text())
                self.check(
                    f"golden {name}",
                    folder,
                    tokens,
                    np.load(folder / "logits.npy").astype(np.float64),
                )

    def test_tokens_outside_the_vocabulary_are_refused(self):
        folder, tokens, _ = self.folder_model("odd", 4)
        for wrong in (SHAPES["odd"].vocab_size, -1, 2**31):
            with self.subTest(wrong), self.assertRaisesRegex(RuntimeError, "ended with [12]"):
                self.evaluate(folder, tokens + [wrong])


if __name__ == "__main__":
    run()
