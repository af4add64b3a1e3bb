"""`youtu doctor` on a machine where all is well, and where one thing after the other is not.

  doctor_test.py <program> [unittest arguments]
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = sys.argv.pop(1)
TIMEOUT_S = 300
DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "demo")
ALWAYS = ["settings", "keys", "port", "cache folder", "session folder", "model folder", "model", "memory", "processor",
          "kernels", "processors", "bandwidth", "neighbours"]
OF_SETTINGS = ["keys", "port", "cache folder", "session folder", "model folder", "model", "memory"]


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def run_doctor(self, *arguments, before=(), **environment):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("YOUTU_", "HF_"))}
        return subprocess.run([*before, PROGRAM, "doctor", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S,
                              env={**kept, "HOME": self.folder, "YOUTU_PORT": "0", **environment})

    def findings(self, *arguments, **keywords):
        """By the check's name; the exit code and the verdict are held to them."""
        done = self.run_doctor("--json", *arguments, **keywords)
        self.assertEqual(done.stderr, "")
        report = json.loads(done.stdout)
        verdicts = [finding["verdict"] for finding in report["findings"]]
        worst = next(verdict for verdict in ("bad", "warn", "ok") if verdict in verdicts)
        self.assertEqual(report["verdict"], worst)
        self.assertEqual(done.returncode, 1 if worst == "bad" else 0)
        for finding in report["findings"]:
            self.assertEqual(finding["advice"] is None, finding["verdict"] == "ok", finding)
        return {finding["check"]: finding for finding in report["findings"]}

    def finds(self, check, verdict, pattern, *arguments, **keywords):
        finding = self.findings(*arguments, **keywords)[check]
        self.assertEqual(finding["verdict"], verdict, finding)
        self.assertRegex(finding["found"], pattern)
        return finding

    def test_where_all_is_well(self):
        findings = self.findings()
        self.assertEqual(list(findings), ALWAYS)
        for check in ("settings", "keys", "port", "session folder", "model folder", "model", "kernels"):
            self.assertEqual(findings[check]["verdict"], "ok", findings[check])
        self.assertRegex(findings["model"]["found"], r"models/demo \(Hugging Face folder\): whole")
        self.assertRegex(findings["kernels"]["found"], r"agrees? with scalar in \d{3,} comparisons|^scalar")
        self.assertRegex(findings["bandwidth"]["found"], r"^[0-9.]+ GB/s with \d+ threads: .* at most \d+ tokens/s$")
        self.assertEqual(os.listdir(self.folder), [], "it makes nothing")

    def test_lines_for_people(self):
        done = self.run_doctor("--isa", "scalar")
        self.assertEqual(done.returncode, 0, done.stdout)
        lines = done.stdout.splitlines()
        for check in ALWAYS:
            self.assertTrue(any(re.match(rf"(ok|warn) +{check} +\S", line) for line in lines), done.stdout)
        warning = next(i for i, line in enumerate(lines) if line.startswith("warn  processor "))
        self.assertRegex(lines[warning + 1], "^ +-> .*isa")
        self.assertRegex(lines[-1], r"^\d+ ok, \d+ to look at, 0 bad$")

    def test_settings_that_are_wrong_do_not_keep_it_from_the_machine(self):
        config = self.write("config.yaml", b"max_batch_sise: 4\n")
        findings = self.findings("--config", config)
        self.assertEqual(findings["settings"]["verdict"], "bad")
        self.assertRegex(findings["settings"]["found"], "config.yaml.*max_batch_sise")
        self.assertEqual([check for check in ALWAYS if check not in findings], OF_SETTINGS)

    def test_the_command_line(self):
        self.assertEqual(self.run_doctor("--gone").returncode, 2)

    def test_keys(self):
        keys = self.write("keys", b"a" * 40 + b"\n")
        os.chmod(keys, 0o644)
        self.finds("keys", "bad", "keys.*chmod 600|keys.*read", "--api-key-file", keys)
        os.chmod(keys, 0o600)
        self.finds("keys", "ok", "^1 ", "--api-key-file", keys, "--host", "0.0.0.0")
        self.finds("keys", "bad", "0.0.0.0", "--host", "0.0.0.0")
        self.finds("keys", "warn", "none", "--host", "0.0.0.0", "--insecure-no-auth")

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]

            def hang_up():
                try:
                    stranger.accept()[0].close()
                except OSError:
                    pass

            threading.Thread(target=hang_up, daemon=True).start()
            self.finds("port", "bad", str(port), "--port", str(port))
        self.finds("port", "ok", f":{port} is free", "--port", str(port))

    def test_a_port_that_a_server_has(self):
        server = subprocess.Popen([PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  text=True, env={**os.environ, "HOME": self.folder})
        try:
            port = next(match.group(1) for line in server.stdout
                        if (match := re.search(r"serving +http://127\.0\.0\.1:(\d+)", line)))
            self.assertIn("in use", self.finds("session folder", "warn", f"process {server.pid}|{server.pid}")["found"])
            self.finds("port", "warn", f":{port} already: HTTP/1.1 200", "--port", port)
        finally:
            server.terminate()
            server.communicate()

    def test_folders(self):
        below_a_file = os.path.join(self.write("file", b""), "x")
        findings = self.findings("--data-dir", below_a_file, "--pack-cache", below_a_file, "--access-log", below_a_file,
                                 YOUTU_MODELS=below_a_file)
        for check, verdict in (("session folder", "bad"), ("cache folder", "warn"), ("model folder", "warn"), ("access log", "bad")):
            self.assertEqual(findings[check]["verdict"], verdict, findings[check])
            self.assertRegex(findings[check]["found"], "cannot be written: .*file: Not a directory")
        findings = self.findings("--pack-cache", "off", "--sessions=false", "--access-log", self.path("log"))
        for check, found in (("cache folder", "none"), ("session folder", "none"), ("access log", "free")):
            self.assertEqual(findings[check]["verdict"], "ok", findings[check])
            self.assertIn(found, findings[check]["found"])
        self.assertFalse(os.path.exists(self.path("log")))

    def test_a_model_that_is_not_here(self):
        name = "tencent/Youtu-LLM-2B"
        finding = self.finds("model", "warn", name + " is not here", "--model", name)
        self.assertIn("youtu pull " + name, finding["advice"])
        findings = self.findings("--model", name, "--offline")
        self.assertEqual(findings["model"]["verdict"], "bad")
        self.assertNotIn("memory", findings)
        self.finds("model", "bad", "not-there", "--model", "/not-there")

    def test_a_packed_model_with_a_wrong_byte(self):
        path = self.path("demo.youtu")
        subprocess.run([PROGRAM, "pack", "--model", DEMO, "--weights", "q4", "--output", path], check=True,
                       capture_output=True, timeout=TIMEOUT_S)
        self.finds("model", "ok", "all checksums of the file are right", "--model", path)
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        self.finds("model", "bad", "checksum is wrong", "--model", path)

    def test_a_pulled_model_with_a_wrong_byte(self):
        folder = self.path("models", "org", "demo")
        os.makedirs(folder)
        files = []
        for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
            source = os.path.join(DEMO, name)
            if not os.path.exists(source):
                continue
            shutil.copy(source, os.path.join(folder, name))
            with open(source, "rb") as file:
                data = file.read()
            files.append({"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        note = {"model": "org/demo", "source": "https://hub.example", "commit": "1", "files": files}
        self.write("models/org/demo/.youtu.json", json.dumps(note).encode())
        models = {"YOUTU_MODELS": self.path("models")}
        self.finds("model", "ok", "all checksums of https://hub.example are right", "--model", "org/demo", **models)
        weights = os.path.join(folder, "model.safetensors")
        with open(weights, "r+b") as file:
            file.seek(-2, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        self.finds("model", "bad", r"model\.safetensors is not what was pulled", "--model", "org/demo", **models)
        self.finds("model", "bad", r"model\.safetensors is not what was pulled", "--model", folder, **models)

    def test_memory(self):
        finding = self.finds("memory", "bad", "not enough memory: .* would fit", "--cache-tokens", str(200 << 20))
        self.assertIn("docs/memory.md", finding["advice"])

    def test_threads(self):
        one = ("taskset", "-c", str(min(os.sched_getaffinity(0))))
        finding = self.finds("processors", "warn", "^4 threads on 1 of", "--threads", "4", before=one)
        self.assertIn("threads 1", finding["advice"])
        self.finds("processors", "ok", "^1 thread on 1 of", "--threads", "1", before=one)

    def test_kernels_that_this_machine_has_not(self):
        self.finds("processor", "bad", "avx1024.*scalar", "--isa", "avx1024")


if __name__ == "__main__":
    unittest.main()
