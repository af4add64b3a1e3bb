"""What the tests of `youtu pull` share: a hub with two models, and a program that pulls from it.

A test's first argument is the program."""

import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from bad_hub import Hub

PROGRAM = sys.argv.pop(1)
TIMEOUT_S = 120
PIECE = 32 << 20
RANDOM = random.Random(7)
LARGE = RANDOM.randbytes(2 * PIECE + 12345)  # three pieces
SMALL_WEIGHTS = RANDOM.randbytes(100_000)

FILES = {"README.md": b"# A model", "assets/picture.png": b"png", "config.json": b'{"a": 1}',
         "tokenizer.json": b'{"b": 2}', "model.safetensors": SMALL_WEIGHTS, "pytorch_model.bin": b"pickle"}
NEEDED = ("config.json", "tokenizer.json", "model.safetensors")
GGUF = {"README.md": b"#", "M-F16.gguf": b"f16" * 999, "M-Q8_0.gguf": b"q8" * 999, "M-Q4_K_M.gguf": b"q4" * 999}


class PullTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.models = self.root / "models"
        self.hub = self.make_hub({"org/model": dict(FILES), "org/gguf": dict(GGUF)})

    def make_hub(self, *arguments, **keywords):
        hub = Hub(*arguments, **keywords)
        self.addCleanup(hub.close)
        return hub

    def environment(self, **more):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("HF_", "YOUTU_", "MODELSCOPE_")) and "proxy" not in key.lower()}
        return {**kept, "YOUTU_MODELS": str(self.models), "HF_ENDPOINT": self.hub.url, "HOME": str(self.root), **more}

    def command(self, *arguments):
        return [PROGRAM, "pull", "--retry-delay", "0", *arguments]

    def pull(self, *arguments, **environment):
        limit = environment.pop("preexec_fn", None)
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=TIMEOUT_S,
                              env=self.environment(**environment), preexec_fn=limit)

    def good(self, *arguments, **environment):
        done = self.pull(*arguments, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def refused(self, code, message, *arguments, **environment):
        """Ends with `code` and one line of error; nothing is left that looks like a model."""
        done = self.pull(*arguments, **environment)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr.splitlines()[-1], "^error: ")
        self.assertIn(message, done.stderr.splitlines()[-1])
        self.assertEqual(done.stdout, "")
        return done

    def no_model(self, folder="org/model", but=()):
        """No file has its final name; whatever is outside of the folder of models is as it was."""
        left = {path.name for path in (self.models / folder).glob("*")} if (self.models / folder).exists() else set()
        self.assertLessEqual(left, {".lock", ".parts", *but}, left)

    def file(self, name, folder="org/model"):
        return (self.models / folder / name).read_bytes()
