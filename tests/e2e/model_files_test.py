"""What becomes of a server when its model is no good, or goes away under it: rows M17 and M21 of the project's list of
bad inputs. Usage: model_files_test.py <youtu>"""

import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/reference"))

from gguf_model import make_gguf  # noqa: E402
from random_model import SHAPES, make_model  # noqa: E402
from running_server import RunningServer, join_messages  # noqa: E402

PROGRAM = sys.argv.pop(1)
DEMO = ROOT / "models/demo"
QUESTIONS = ("写个笑话", "Explain Newton's first law", "Tell me a joke")
BF16_NAN, BF16_INFINITY = b"\xc0\x7f", b"\x80\x7f"


def start(model):
    command = [PROGRAM, "serve", "--port", "0", "--model", str(model), "--max-context-tokens", "512"]
    return RunningServer(command, ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)


class ModelFiles(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def copy_of_demo(self):
        return pathlib.Path(shutil.copytree(DEMO, self.folder / "demo"))

    def answers(self, server, **fields):
        """Plain and streamed answers of fixed seeds, so that they can be compared."""
        result = []
        for seed, prompt in enumerate(QUESTIONS):
            body = {"prompt": prompt, "seed": seed, "max_new_tokens": 48, **fields}
            status, text = server.post("/chat", body)
            self.assertEqual(status, 200, text)
            result.append(json.loads(text)["response"])
            status, stream = server.post("/chat_stream", body)
            self.assertEqual((status, join_messages(stream)), (200, result[-1]))
        return result


class TruncatedWhileServing(ModelFiles):
    """M21. A server that still read a mapped file would die of SIGBUS."""

    def serve_and_cut(self, model, files, cut):
        with start(model) as server:
            before = self.answers(server)
            self.assertTrue(any(before))
            for path in files:
                cut(path)
            self.assertEqual(self.answers(server), before)
            # What was not asked before the cut needs no file either: other words, a conversation, the tokenizer's rest.
            body = {"messages": [{"role": "user", "content": "Ünïcödé 你好 1234 \U0001f600"}], "max_new_tokens": 8}
            if "demo" in model.name:
                self.assertEqual(server.post("/chat", body)[0], 200)
            self.assertEqual(server.get("/health")[0], 200)
            self.assertEqual(server.stop(), 0)

    def test_m21_folder(self):
        for label, cut in (("all", lambda size: 0), ("most", lambda size: size // 9), ("a byte", lambda size: size - 1)):
            with self.subTest(label):
                model = self.copy_of_demo()
                files = [path for path in model.iterdir() if path.is_file()]
                self.serve_and_cut(model, files, lambda path: os.truncate(path, cut(path.stat().st_size)))
                shutil.rmtree(model)

    def test_m21_folder_removed(self):
        model = self.copy_of_demo()
        self.serve_and_cut(model, [model], shutil.rmtree)

    def test_m21_gguf(self):
        path, _ = make_gguf(self.folder / "random.gguf", make_model(SHAPES["mixed_rows"]), "Q4_0")
        self.serve_and_cut(path, [path], lambda file: os.truncate(file, 0))


class WeightsThatAreNoNumbers(ModelFiles):
    """M17"""

    def poison(self, model, value, only=None):
        """Fills the tensors with `value`, or one value of one tensor; the name of the first in file order."""
        path = model / "model.safetensors"
        data = bytearray(path.read_bytes())
        length = struct.unpack_from("<Q", data)[0]
        header = json.loads(data[8:8 + length])
        header.pop("__metadata__", None)
        spans = {name: [8 + length + offset for offset in entry["data_offsets"]] for name, entry in header.items()
                 if entry["dtype"] == "BF16"}
        if only:
            name, index = only
            begin = spans[name][0] + 2 * index
            data[begin:begin + 2] = value
        else:
            for begin, end in spans.values():
                data[begin:end] = value * ((end - begin) // 2)
        path.write_bytes(data)
        return min(spans, key=lambda name: spans[name][0]), len(spans)

    def inspect(self, *arguments):
        return subprocess.run([PROGRAM, "inspect", *map(str, arguments)], capture_output=True, text=True, timeout=120)

    def test_m17_verify_names_the_first(self):
        model = self.copy_of_demo()
        name = "model.layers.1.mlp.up_proj.weight"  # [768, 256]
        self.poison(model, BF16_INFINITY, (name, 3 * 256 + 17))
        done = self.inspect("--verify", model)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, f"warning: {model}: {name}[3, 17] is inf (1 of its 196608 values are not finite; "
                                      "tensors with such values: 1)\n")
        self.assertIn(f"{name}[3, 17]", done.stdout)
        warnings = json.loads(self.inspect("--verify", "--json", model).stdout)["warnings"]
        self.assertEqual(len(warnings), 1)
        self.assertIn(f"{name}[3, 17] is inf", warnings[0])

    def test_m17_verify_of_all(self):
        model = self.copy_of_demo()
        first, count = self.poison(model, BF16_NAN)
        done = self.inspect("--verify", model)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, rf"\Awarning: [^\n]*{first}\[0(, 0)?\] is nan [^\n]*such values: {count}\)\n\Z")

    def test_m17_verify_finds_nothing_where_nothing_is(self):
        gguf, _ = make_gguf(self.folder / "random.gguf", make_model(SHAPES["mixed_rows"]), "Q4_0")
        for model in (DEMO, gguf):
            done = self.inspect("--verify", model)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertNotIn("finite", done.stdout)

    def test_m17_a_request_fails_and_the_server_lives(self):
        for value in (BF16_NAN, BF16_INFINITY):
            model = self.copy_of_demo()
            self.poison(model, value)
            with start(model) as server:
                for _ in range(3):
                    for temperature in (0, 0.7):
                        status, body = server.post("/chat", {"prompt": "x", "temperature": temperature})
                        self.assertEqual(status, 500, body)
                        error = json.loads(body)["error"]
                        self.assertEqual(set(error), {"message", "type", "param", "code"})
                        self.assertIn("NaN or infinite", error["message"])
                    self.assertIn("event: error", server.post("/chat_stream", {"prompt": "x"})[1])
                    self.assertEqual(server.get("/health")[0], 200)
                self.assertEqual(server.stop(), 0)
            shutil.rmtree(model)

    def test_m17_eval(self):
        model = self.copy_of_demo()
        self.poison(model, BF16_NAN)
        done = subprocess.run([PROGRAM, "eval", "--model", model, "--kld", "--tokens", "1,2"], capture_output=True,
                              text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "error: position 0: a logit of the reference is not finite\n")


if __name__ == "__main__":
    unittest.main()
