"""`youtu pull`: what it fetches, where that goes, and how other commands use it.

  pull_test.py <program> [unittest arguments]
"""

import os
import subprocess
import unittest
from pathlib import Path

from bad_hub import COMMIT
from pull_case import FILES, GGUF, LARGE, NEEDED, PROGRAM, SMALL_WEIGHTS, TIMEOUT_S, PullTest

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"


class WhatIsPulled(PullTest):
    def test_a_folder_of_safetensors(self):
        done = self.good("org/model")
        self.assertEqual(done.stdout, str(self.models / "org/model") + "\n")
        self.assertEqual({path.name for path in (self.models / "org/model").iterdir()},
                         {*NEEDED, ".youtu.json", ".lock"})
        for name in NEEDED:
            self.assertEqual(self.file(name), FILES[name])
        self.assertFalse([path for path in self.hub.paths() if "/resolve/" in path and COMMIT not in path])

    def test_the_best_gguf_and_a_chosen_one(self):
        done = self.good("org/gguf")
        self.assertEqual(done.stdout, str(self.models / "org/gguf/M-Q8_0.gguf") + "\n")
        self.assertIn("Q8_0 of F16, Q4_K_M, Q8_0", done.stderr)
        done = self.good("org/gguf:q4_k_m")
        self.assertEqual(done.stdout, str(self.models / "org/gguf/M-Q4_K_M.gguf") + "\n")
        done = self.good("org/gguf", "--file", "M-F16.gguf")
        self.assertEqual(self.file("M-F16.gguf", "org/gguf"), GGUF["M-F16.gguf"])
        self.assertEqual(self.file("M-Q8_0.gguf", "org/gguf"), GGUF["M-Q8_0.gguf"])
        self.refused(1, 'there is no "Q5_0" (F16, Q4_K_M, Q8_0)', "org/gguf:Q5_0")

    def test_again_fetches_nothing(self):
        self.good("org/model")
        before = self.hub.num_file_requests()
        self.assertIn("is here already", self.good("org/model").stderr)
        self.assertEqual(self.hub.num_file_requests(), before)

    def test_what_changed_at_the_hub(self):
        self.good("org/model")
        self.hub.repositories["org/model"]["config.json"] = b'{"a": 22}'
        before = self.hub.num_file_requests()
        self.good("org/model")
        self.assertEqual(self.file("config.json"), b'{"a": 22}')
        self.assertEqual(self.hub.num_file_requests(), before + 1)

    def test_a_revision_has_its_own_folder(self):
        self.good("org/model@v1")
        self.assertEqual(self.file("config.json", "org/model@v1"), FILES["config.json"])
        self.assertTrue(any("/revision/v1" in path for path in self.hub.paths()))
        self.refused(1, "answers 404", "org/model@v2")

    def test_modelscope(self):
        done = self.good("org/model", "--from", "modelscope", MODELSCOPE_ENDPOINT=self.hub.url,
                         MODELSCOPE_API_TOKEN="ms-1")
        self.assertEqual(self.file("model.safetensors"), SMALL_WEIGHTS, done.stderr)
        self.assertTrue(all(path.startswith("/api/v1/models/") for path in self.hub.paths()))
        self.assertTrue(all(headers.get("Authorization") == "Bearer ms-1" for _, headers in self.hub.requests))

    def test_a_url(self):
        self.good("org/model", "--from", self.hub.url + "/", HF_ENDPOINT="http://127.0.0.1:9")
        self.assertEqual(self.file("config.json"), FILES["config.json"])

    def test_tokens(self):
        def needs_token(request, *_):
            return request.headers.get("Authorization") != "Bearer hf_1" and request.fail(401)
        self.hub.fault = needs_token
        self.refused(1, "put a token of yours into HF_TOKEN", "org/model")
        self.refused(1, "the token in HF_TOKEN opens no such model", "org/model", HF_TOKEN="hf_2")
        self.good("org/model", HF_TOKEN="hf_1")
        (self.root / ".cache/huggingface").mkdir(parents=True)
        (self.root / ".cache/huggingface/token").write_text("hf_1\n")
        self.good("org/gguf")
        self.refused(2, "HF_TOKEN holds no token", "org/gguf", HF_TOKEN="a\r\nX: y")

    def test_a_large_file_in_parallel_pieces(self):
        self.hub.repositories["org/model"]["model.safetensors"] = LARGE
        self.good("org/model", "--connections", "3")
        self.assertEqual(self.file("model.safetensors"), LARGE)
        ranges = {headers["Range"] for _, headers in self.hub.requests if "Range" in headers}
        self.assertEqual(len(ranges), 3)

    def test_two_shards(self):
        files = self.hub.repositories["org/model"]
        del files["model.safetensors"]
        files.update({"model-00001-of-00002.safetensors": b"1" * 5000, "model-00002-of-00002.safetensors": b"2" * 500,
                      "model.safetensors.index.json": b"{}", "consolidated.safetensors": b"other"})
        self.good("org/model")
        self.assertEqual(self.file("model-00001-of-00002.safetensors"), b"1" * 5000)
        self.assertFalse((self.models / "org/model/consolidated.safetensors").exists())

    def test_list_and_rm(self):
        self.good("org/model")
        self.good("org/gguf")
        environment = self.environment()
        listed = subprocess.run([PROGRAM, "list"], capture_output=True, text=True, env=environment)
        self.assertEqual([line.split()[0] for line in listed.stdout.splitlines()], ["org/gguf", "org/model"])
        (self.models / "org/model/config.json").unlink()
        listed = subprocess.run([PROGRAM, "list"], capture_output=True, text=True, env=environment)
        self.assertIn("incomplete: config.json", listed.stdout)
        (self.models / "org/gguf/notes.txt").write_text("mine")
        for name in ("org/model", "org/gguf"):
            removed = subprocess.run([PROGRAM, "rm", name], capture_output=True, text=True, env=environment)
            self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertEqual([str(path.relative_to(self.models)) for path in self.models.rglob("*") if path.is_file()],
                         ["org/gguf/notes.txt"])
        removed = subprocess.run([PROGRAM, "rm", "org/model"], capture_output=True, text=True, env=environment)
        self.assertEqual(removed.returncode, 1)
        self.assertIn("is not pulled", removed.stderr)


class ByName(PullTest):
    """The other commands and models' names."""

    def setUp(self):
        super().setUp()
        self.hub.repositories["org/demo"] = {path.name: path.read_bytes() for path in DEMO.iterdir() if path.is_file()}

    def run_program(self, *arguments, **environment):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S,
                              env=self.environment(**environment))

    def test_a_missing_model_is_pulled_once(self):
        for _ in range(2):
            done = self.run_program("generate", "--model", "org/demo", "-p", "hello", "--max-new-tokens", "4")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sum("/revision/" in path for path in self.hub.paths()), 1)
        done = self.run_program("inspect", "org/demo", YOUTU_OFFLINE="1")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_offline(self):
        for flags, environment in ((["--offline"], {}), ([], {"YOUTU_OFFLINE": "1"}), ([], {"HF_HUB_OFFLINE": "true"})):
            done = self.run_program("generate", "--model", "org/demo", "-p", "hello", *flags, **environment)
            self.assertEqual(done.returncode, 1)
            self.assertIn("offline: nothing is pulled", done.stderr)
        done = self.run_program("serve", "--port", "0", "--model", "org/demo", "--offline")
        self.assertEqual(done.returncode, 1)
        self.assertIn("offline: nothing is pulled", done.stderr)
        self.assertEqual(self.hub.requests, [])

    def test_paths_are_no_names(self):
        for path in ("./org/demo", "/org/demo", "org/demo.gguf", "a/b/c", "demo"):
            done = self.run_program("inspect", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no such model directory or GGUF file", done.stderr)
        self.assertEqual(self.hub.requests, [])


if __name__ == "__main__":
    unittest.main()
