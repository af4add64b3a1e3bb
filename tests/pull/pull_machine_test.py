"""`youtu pull` and its machine: interruptions, a second pull, full disks, links, files that are there.

  pull_machine_test.py <program> [unittest arguments]
"""

import hashlib
import json
import os
import pty
import re
import resource
import signal
import subprocess
import threading
import time
import unittest

from bad_hub import COMMIT, git_blob
from pull_case import FILES, LARGE, PIECE, PROGRAM, TIMEOUT_S, PullTest


class Machine(PullTest):
    """The disk, the files that are there, the terminal, and other processes."""

    def setUp(self):
        super().setUp()
        self.hub.repositories["org/model"]["model.safetensors"] = LARGE
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def slow_after(self, num_bytes):
        """Weights that stop after so many bytes of each answer, until self.release."""
        def fault(request, kind, name):
            if kind != "file" or name != "model.safetensors" or self.release.is_set():
                return False
            first, last = map(int, re.findall(r"\d+", request.headers["Range"]))
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {first}-{last}/{len(LARGE)}")
            request.send_header("Content-Length", str(last + 1 - first))
            request.end_headers()
            request.wfile.write(LARGE[first:first + num_bytes])
            request.wfile.flush()
            self.release.wait(TIMEOUT_S)
            return request.hang_up()
        self.hub.fault = fault

    def start_and_wait(self, num_bytes):
        """A pull that has got `num_bytes` of the weights and waits."""
        self.slow_after(num_bytes)
        process = subprocess.Popen(self.command("org/model", "--connections", "1"), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        part = self.models / "org/model/.parts" / hashlib.sha256(LARGE).hexdigest()
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            if part.exists() and part.stat().st_size >= len(LARGE):
                with part.open("rb") as file:
                    file.seek(num_bytes - 1)
                    if file.read(1) == LARGE[num_bytes - 1:num_bytes]:
                        return process
            time.sleep(0.02)
        self.fail("the pull did not get so far")

    def goes_on(self, at_least):
        """The next pull asks for no more than what is missing."""
        self.no_model()
        self.release.set()
        with self.hub.lock:
            self.hub.requests.clear()
        done = self.good("org/model")
        self.assertIn("going on from an earlier try", done.stderr)
        self.assertEqual(self.file("model.safetensors"), LARGE)
        asked = sum(int(last) + 1 - int(first) for path, headers in self.hub.requests if "model.safetensors" in path
                    for first, last in [re.findall(r"\d+", headers["Range"])])
        self.assertLessEqual(asked, len(LARGE) - at_least)
        self.assertFalse((self.models / "org/model/.parts").exists())

    def test_a_terminal_sees_a_bar(self):
        self.slow_after(20 << 20)
        leader, follower = pty.openpty()
        process = subprocess.Popen(self.command("org/model", "--connections", "1"), stdout=subprocess.DEVNULL, stderr=follower,
                                   env=self.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(follower)
        seen = ""
        while not re.search(r"\r\x1b\[K\[#+\.+\]  31 %  21\.0 MB of 67\.1 MB  [\d.]+ .?B/s  \d+:\d+ left", seen):
            self.assertIsNone(process.poll(), seen)
            seen += os.read(leader, 4096).decode()
        self.release.set()
        while True:
            try:
                seen += os.read(leader, 4096).decode()
            except OSError:
                break
        os.close(leader)
        self.assertEqual(process.wait(), 0, seen)
        self.assertIn("model.safetensors  67.1 MB\r\n", seen)
        self.assertTrue(seen.endswith("\r\x1b[K"), seen[-80:])

    def test_kill_9(self):
        """D09"""
        process = self.start_and_wait(5 << 20)
        process.kill()
        process.wait()
        self.goes_on(4 << 20)

    def test_ctrl_c(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 130)):
            self.release.clear()
            self.models = self.root / str(number)
            process = self.start_and_wait(5 << 20)
            process.send_signal(number)
            _, error = process.communicate(timeout=TIMEOUT_S)
            self.assertEqual(process.returncode, code, error)
            self.assertIn("the same command goes on from here", error)
            self.goes_on(5 << 20)

    def test_two_at_once(self):
        """D09"""
        process = self.start_and_wait(1 << 20)
        self.refused(1, f"another youtu (process {process.pid})", "org/model")
        self.good("org/gguf")
        self.release.set()
        _, error = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 0, error)
        self.assertEqual(self.file("model.safetensors"), LARGE)

    def test_damaged_parts(self):
        process = self.start_and_wait(5 << 20)
        process.kill()
        process.wait()
        part = self.models / "org/model/.parts" / hashlib.sha256(LARGE).hexdigest()
        account = part.read_bytes()[len(LARGE):]
        with part.open("r+b") as file:  # an account of more than there is
            file.seek(len(LARGE) + 8)
            file.write(b"\xff" * 4)
        self.release.set()
        self.good("org/model")
        self.assertEqual(self.file("model.safetensors"), LARGE)
        self.assertEqual(account[:8], b"YTUPART1")

        (self.models / "org/model/model.safetensors").unlink()
        part.parent.mkdir()
        part.write_bytes(bytes(len(LARGE)) + account[:8] + b"".join(  # all is said to be there, and is not
            size.to_bytes(4, "little") for size in (PIECE, PIECE, len(LARGE) - 2 * PIECE)))
        self.refused(1, "checksum", "org/model")
        self.good("org/model")

    def test_a_disk_that_is_full(self):
        """D09"""
        limit = 40 << 20
        self.refused(1, "File too large", "org/model",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.no_model()
        def huge(request, kind, _):
            if kind != "list":
                return False
            answer = self.hub.list_of(FILES)
            answer["siblings"][4].update(size=1 << 40)
            answer["siblings"][4]["lfs"]["size"] = 1 << 40
            return request.send_json(answer) or True
        self.hub.fault = huge
        self.refused(1, "needs 1099.5 GB", "org/model")
        self.no_model()

    def test_links_in_the_folder(self):
        folder = self.models / "org/model"
        folder.mkdir(parents=True)
        outside = self.root / "outside"
        outside.write_text("precious")
        (folder / "config.json").symlink_to(outside)
        self.refused(1, "is no plain file", "org/model")
        (folder / "config.json").unlink()
        (folder / ".parts").symlink_to(self.root)
        self.refused(1, "is no folder", "org/model")
        (folder / ".parts").unlink()
        (folder / ".parts").mkdir()
        (folder / ".parts" / git_blob(FILES["config.json"])).symlink_to(outside)
        self.refused(1, "Too many levels of symbolic links", "org/model")
        (folder / ".parts" / git_blob(FILES["config.json"])).unlink()
        os.mkfifo(folder / ".parts" / git_blob(FILES["config.json"]))
        self.refused(1, "is no file of one name", "org/model")
        (folder / ".parts" / git_blob(FILES["config.json"])).unlink()
        os.link(outside, folder / ".parts" / git_blob(FILES["config.json"]))
        self.refused(1, "is no file of one name", "org/model")
        self.assertEqual(outside.read_text(), "precious")
        self.assertEqual(self.hub.num_file_requests(), 0)

    def test_no_permission(self):
        self.models.write_text("a file")
        self.refused(1, "cannot make", "org/model")
        if os.geteuid() == 0:
            return  # root may write anywhere
        self.models = self.root / "closed"
        self.models.mkdir(mode=0o500)
        self.refused(1, "Permission denied", "org/model")

    def test_files_without_a_note(self):
        folder = self.models / "org/model"
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(LARGE)
        (folder / "config.json").write_bytes(b'{"a": 9}')  # of the right size only
        self.good("org/model")
        self.assertEqual(self.file("config.json"), FILES["config.json"])
        self.assertFalse([path for path in self.hub.paths() if "model.safetensors" in path])

    def test_a_damaged_note(self):
        self.good("org/model")
        note = self.models / "org/model/.youtu.json"
        for text in ("", "{", "[]", json.dumps({"model": "../../x", "files": []}),
                     json.dumps({"model": "org/model", "files": [{"name": "../../outside", "size": 1, "sha256": "0" * 64}]})):
            note.write_text(text)
            listed = subprocess.run([PROGRAM, "rm", "org/model"], capture_output=True, text=True, env=self.environment())
            self.assertEqual(listed.returncode, 1)
            self.assertIn("youtu pull writes it anew", listed.stderr)
            self.good("org/model")
            self.assertEqual(json.loads(note.read_text())["commit"], COMMIT)

    def test_no_place(self):
        environment = {key: value for key, value in self.environment().items() if key not in ("HOME", "YOUTU_MODELS")}
        done = subprocess.run(self.command("org/model"), capture_output=True, text=True, env=environment)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no place for models", done.stderr)


if __name__ == "__main__":
    unittest.main()
