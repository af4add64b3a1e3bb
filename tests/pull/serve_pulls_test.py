"""`youtu serve` with a model that it pulls first: it listens meanwhile, and says how far it is.

  serve_pulls_test.py <program> [unittest arguments]
"""

import json
import re
import signal
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from pull_case import PROGRAM, PullTest

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
WEIGHTS = "model.safetensors"


class ServePulls(PullTest):
    def setUp(self):
        super().setUp()
        self.hub.repositories["org/demo"] = {path.name: path.read_bytes() for path in DEMO.iterdir()}
        self.asked, self.release = threading.Event(), threading.Event()
        self.addCleanup(self.release.set)
        self.hub.fault = self.hold_weights

    def hold_weights(self, _request, kind, name):
        if kind == "file" and name == WEIGHTS:
            self.asked.set()
            self.release.wait(60)
        return False

    def serve(self, stderr=subprocess.DEVNULL):
        server = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--model", "org/demo"], stdout=subprocess.PIPE,
                                  stderr=stderr, text=True, env=self.environment())
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return server

    def find(self, server, pattern):
        """The first group in the first line that has it."""
        return next(match.group(1) for line in server.stdout if (match := re.search(pattern, line)))

    def get(self, url):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def test_it_listens_while_it_pulls(self):
        server = self.serve()
        url = self.find(server, r"listening on (http://127\.0\.0\.1:\d+)")
        self.assertTrue(self.asked.wait(60))
        status, body = self.get(url + "/ready")
        self.assertEqual((status, body["status"], body["stage"]), (503, "loading", "pull"))
        self.assertLess(body["percent"], 100)
        self.assertEqual(self.get(url + "/health")[0], 503)
        self.release.set()
        self.find(server, r"(serving) +http")
        self.assertEqual(self.get(url + "/ready")[0], 200)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(60), 0)

    def test_it_may_be_ended_while_it_pulls(self):
        with tempfile.TemporaryFile("w+") as said:
            server = self.serve(said)
            self.find(server, r"(listening) on")
            self.assertTrue(self.asked.wait(60))
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(60), 128 + signal.SIGTERM)
            said.seek(0)
            self.assertRegex(said.read(), r"(\A|\n|\r)error: interrupted; the same command goes on [^\n]+\n\Z")
        self.no_model("org/demo")

    def test_a_pull_that_fails_ends_it(self):
        self.hub.fault = lambda request, kind, _name: kind == "list" and request.fail(404)
        server = self.serve()
        self.assertEqual(server.wait(60), 1)


if __name__ == "__main__":
    unittest.main()
