"""Packed files and their cache through the real program, YOUTU_PROGRAM: logits from a packed file are those
from its source, bit for bit, and what cannot be done is refused in one line.
"""
import dataclasses
import itertools
import json
import os
import pathlib
import resource
import signal
import subprocess

import numpy as np

from gguf_model import make_gguf, mixed_recipe
from hugging_face_folder import write_hugging_face
from peers import TIMEOUT_SECONDS, youtu_eval
from random_model import SHAPES, make_model, random_tokens
from test_run import ProgramTest, report, run

DEMO = pathlib.Path(__file__).resolve().parents[2] / "models/demo"
POLICIES = ("auto", "bf16", "q8", "q4", "q4g64z,head=q8g128,kv_b=bf16", "q8,attn=exact,down=q4")
FILE_LIMIT = 1 << 20


def limit_file_size():
    """Stands for a full disk: writes beyond it fail."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))


class PackedFile(ProgramTest):
    def setUp(self):
        super().setUp()
        self.output = self.folder / "model.youtu"

    def call(self, *arguments, **options):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, **options)

    def pack(self, model, *options):
        done = self.call("pack", "--model", model, "--output", self.output, "--force", *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, code, words, *arguments, **options):
        done = self.call(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)

    def check_bits(self, model, tokens, weights):
        expected = youtu_eval(self.program, model, tokens, self.folder, "--weights", weights)
        self.pack(model, "--weights", weights)
        for options in ((), ("--weights", weights)):
            logits = youtu_eval(self.program, self.output, tokens, self.folder, *options)
            np.testing.assert_array_equal(logits, expected, f"{model} {weights}")

    def test_demo_model(self):
        tokens = [int(t) for t in np.random.default_rng(1).integers(0, 4084, 40)]
        for weights in POLICIES:
            self.check_bits(DEMO, tokens, weights)
        report("packed file: the demo model", policies=len(POLICIES))

    def test_gguf_files(self):
        """Of each kind of weights, with kv_b whole and in halves."""
        shape = SHAPES["blocks"]
        model, tokens = make_model(shape), random_tokens(shape, 20)
        for recipe, unsplit in itertools.product(("F32", "Q8_0", "Q4_0", "Q6_K", mixed_recipe), (False, True)):
            path = self.folder / "source.gguf"
            make_gguf(str(path), model, recipe, unsplit_kv_b=unsplit)
            for weights in ("auto", "exact", "q4"):
                self.check_bits(path, tokens, weights)
        report("packed file: GGUF files", tokens=len(tokens))

    def test_inspect(self):
        self.pack(DEMO, "--weights", "q4,head=q4")
        done = self.call("inspect", self.output, "--json", "--verify")
        self.assertEqual(done.returncode, 0, done.stderr)
        shown, source = json.loads(done.stdout), json.loads(self.call("inspect", DEMO, "--json").stdout)
        for key in ("config", "num_parameters", "tokenizer", "chat_template"):
            self.assertEqual(shown[key], source[key], key)
        self.assertEqual(shown["packed"]["weights"], "q4,head=q4")
        self.assertIn("q4g32", shown["types"])
        self.assertIn("as q4,head=q4", self.call("inspect", self.output).stdout)
        damaged = bytearray(self.output.read_bytes())
        damaged[-5000] ^= 1
        self.output.write_bytes(damaged)
        self.assertEqual(self.call("inspect", self.output).returncode, 0)
        self.refused(1, "the checksum is wrong", "inspect", self.output, "--verify")

    def test_generates_like_its_source(self):
        self.pack(DEMO, "--weights", "q8")
        arguments = ("--prompt", "Tell me a joke", "--max-new-tokens", "24", "--temperature", "0")
        texts = [self.call("generate", "--model", model, *arguments, *options).stdout
                 for model, options in ((DEMO, ("--weights", "q8")), (self.output, ()),
                                        (self.output, ("--load", "read")))]
        self.assertTrue(texts[0].strip())
        self.assertEqual(texts[1:], texts[:1] * 2)
        self.refused(2, "packed as \"q8\"", "generate", "--model", self.output, "--weights", "q4",
                     "--prompt", "x")
        self.refused(2, "--reference names", "eval", "--model", self.output, "--tokens", "1,2,3", "--kld")

    def test_refuses(self):
        self.refused(2, ".youtu", "pack", "--model", DEMO, "--output", self.folder / "a.bin")
        self.refused(2, "weights \"q5\"", "pack", "--model", DEMO, "--output", self.output, "--weights", "q5")
        self.refused(1, "no such", "pack", "--model", self.folder / "none", "--output", self.output)
        self.refused(1, "cannot write", "pack", "--model", DEMO, "--output", self.folder / "none/a.youtu")
        self.refused(1, "cannot write: File too large", "pack", "--model", DEMO, "--output", self.output,
                     preexec_fn=limit_file_size)
        self.assertEqual(list(self.folder.iterdir()), [])
        self.pack(DEMO)
        self.refused(2, "exists already", "pack", "--model", DEMO, "--output", self.output)
        self.refused(1, "is packed already", "pack", "--model", self.output, "--output", self.folder / "b.youtu")
        self.assertEqual(list(self.folder.iterdir()), [self.output])

    def test_broken_files(self):
        self.pack(DEMO, "--weights", "q8")
        good = self.output.read_bytes()
        for label, data, words in (
            ("empty", b"", "bad magic"),
            ("magic", b"X" + good[1:], "bad magic"),
            ("version", good[:8] + b"\x02" + good[9:], "version 2"),
            ("short", good[:-1], "truncated"),
            ("head only", good[:64], "truncated"),
            ("part of the head", good[:20], "ends within the header"),
            ("long", good + b"x", "there is more"),
            ("directory", good[:200] + bytes([good[200] ^ 1]) + good[201:], "damaged"),
        ):
            self.output.write_bytes(data)
            for command in (("inspect",), ("eval", "--tokens", "1", "--logits", self.folder / "x.npy", "--model")):
                with self.subTest(label, command=command[0]):
                    self.refused(1, words, *command, self.output)

    def test_cache(self):
        """A model of more than 64 MiB: made, taken, made again after damage, and not made when off."""
        model = self.folder / "source"
        write_hugging_face(str(model), make_model(self.large_shape(), 3), "F32", 1, "youtu", "parameters")
        cache = self.folder / "cache"
        environment = {**os.environ, "YOUTU_CACHE_DIR": str(cache)}

        def bench(*options):
            done = self.call("bench", "--model", model, "--weights", "q8", "--prompt", "1", "--batch", "0",
                             "--repetitions", "1", *options, env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)

        bench("--pack-cache", "off")
        self.assertFalse(cache.exists())
        bench()
        made = list(cache.iterdir())
        self.assertEqual(len(made), 1)
        good = made[0].read_bytes()
        bench()
        bench("--load", "read")
        self.assertEqual(made[0].read_bytes(), good)
        made[0].write_bytes(good[:-1])
        starts = [subprocess.Popen([self.program, "bench", "--model", str(model), "--weights", "q8", "--prompt", "1",
                                    "--batch", "0", "--repetitions", "1"], env=environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
        for start in starts:
            _, errors = start.communicate(timeout=TIMEOUT_SECONDS)
            self.assertEqual(start.returncode, 0, errors)
        self.assertEqual([path.read_bytes() == good for path in cache.iterdir()], [True])

    @staticmethod
    def large_shape():
        return dataclasses.replace(SHAPES["odd"], vocab_size=150_000, hidden_size=128)


if __name__ == "__main__":
    run()
