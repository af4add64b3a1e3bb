"""Keys and the access log of the real program (rows A of the bad-input suite). Usage: access_test.py <youtu>"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from running_server import RunningServer, wait_until

PROGRAM = sys.argv.pop(1)
ALICE, BOB = "a" * 40, "b" * 40


class Access(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def key_file(self, text=f"alice {ALICE}\nbob {BOB}\n", mode=0o600):
        path = self.path("keys")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def start(self, *arguments):
        return RunningServer([PROGRAM, "serve", "--port", "0", "--api-key-file", self.key_file(), *arguments],
                             ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)

    @staticmethod
    def ask(server, method, path, body=None, **fields):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            data = json.dumps(body).encode() if body is not None else None
            client.request(method, path, data, {**({"Content-Type": "application/json"} if data else {}), **fields})
            response = client.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            client.close()

    @staticmethod
    def bearer(key):
        return {"Authorization": f"Bearer {key}"}

    def test_every_route_but_the_public_ones_asks_for_a_key(self):
        with self.start() as server:
            for method, path in (("GET", "/metrics"), ("POST", "/chat"), ("GET", "/sessions"), ("GET", "/v1/models"), ("GET", "/nowhere")):
                status, fields, body = self.ask(server, method, path)
                self.assertEqual((status, fields["WWW-Authenticate"]), (401, "Bearer"), path)
                self.assertEqual(json.loads(body)["error"]["code"], "invalid_api_key")
            for path in ("/health", "/ready", "/"):
                self.assertEqual(self.ask(server, "GET", path)[0], 200, path)
            self.assertEqual(self.ask(server, "GET", "/metrics?api_key=" + ALICE)[0], 401)
            self.assertEqual(self.ask(server, "GET", "/metrics", Authorization="Basic x")[0], 401)
            self.assertEqual(self.ask(server, "GET", "/metrics", Authorization="Bearer " + "x" * (1 << 15))[0], 431)
            self.assertEqual(self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0], 200)
            self.assertEqual(self.ask(server, "GET", "/metrics", **{"x-api-key": BOB})[0], 200)

    def test_sessions_belong_to_a_key(self):
        with self.start() as server:
            status, _, body = self.ask(server, "POST", "/sessions", {}, **self.bearer(ALICE))
            self.assertEqual(status, 201)
            session = json.loads(body)["session_id"]
            question = {"session_id": session, "prompt": "你好", "max_new_tokens": 4}
            self.assertEqual(self.ask(server, "POST", "/chat", question, **self.bearer(ALICE))[0], 200)
            of_bob = self.ask(server, "POST", "/chat", question, **self.bearer(BOB))
            unknown = self.ask(server, "POST", "/chat", {**question, "session_id": "s-none"}, **self.bearer(BOB))
            self.assertEqual((of_bob[0], of_bob[2].replace(session, "s-none")), (404, unknown[2]))
            self.assertEqual(json.loads(self.ask(server, "GET", "/sessions", **self.bearer(BOB))[2])["sessions"], [])

    @staticmethod
    def limits(fields):
        return [fields.get(f"x-ratelimit-{name}-requests") for name in ("limit", "remaining", "reset")]

    def test_wrong_keys_are_slowed_down(self):
        with self.start() as server:
            statuses = [self.ask(server, "GET", "/metrics", **self.bearer("w" * 40))[0] for _ in range(20)]
            self.assertEqual(statuses[:10], [401] * 10)
            self.assertIn(429, statuses)
            self.assertEqual(self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0], 200)

    def test_one_key_has_so_many_requests_under_way(self):
        with self.start("--max-requests-per-key", "2") as server:
            # Two whose bodies have not come yet are under way.
            head = f"POST /chat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\n" \
                   "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n"
            clients = [server.connect() for _ in range(2)]
            for client in clients:
                client.send(head.encode())
            # A third is one too many; another key has its own limit.
            self.assertTrue(wait_until(lambda: self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0] == 429))
            status, fields, _ = self.ask(server, "GET", "/metrics", **self.bearer(BOB))
            self.assertEqual((status, self.limits(fields)), (200, ["2", "1", "0s"]))
            status, fields, _ = self.ask(server, "GET", "/metrics", **self.bearer(ALICE))
            self.assertEqual((status, self.limits(fields)), (429, ["2", "0", "1s"]))
            for client in clients:
                client.close()
            self.assertTrue(wait_until(lambda: self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0] == 200))

    def test_unsafe_keys_do_not_start(self):
        for text, mode in ((f"alice {ALICE}\n", 0o644), ("alice short\n", 0o600), ("", 0o600)):
            done = subprocess.run([PROGRAM, "serve", "--port", "0", "--api-key-file", self.key_file(text, mode)],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, r"^error: .*keys")
            self.assertNotIn(ALICE, done.stderr)
        done = subprocess.run([PROGRAM, "serve", "--port", "0", "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("api_key_file", done.stderr)

    def test_the_log_says_who_asked_for_what_and_nothing_of_what_was_said(self):
        log = self.path("access.log")
        with self.start("--access-log", log, "--access-log-bytes", "4096", "--access-log-files", "2") as server:
            secret = "解释牛顿第一定律 my secret"
            self.ask(server, "POST", "/chat?q=secret", {"prompt": secret, "max_new_tokens": 4}, **self.bearer(ALICE))
            self.ask(server, "GET", "/metrics", **self.bearer("w" * 40))

            def lines():
                with open(log, encoding="utf-8") as file:
                    return file.read().splitlines()

            self.assertTrue(wait_until(lambda: os.path.exists(log) and len(lines()) == 2, 20))
            first, second = map(json.loads, lines())
            self.assertEqual((first["client"], first["method"], first["path"], first["status"], first["complete"]),
                             ("alice", "POST", "/chat", 200, True))
            self.assertEqual((second["client"], second["status"]), ("", 401))
            for word in ("secret", "牛顿", ALICE, "w" * 40):
                self.assertNotIn(word, "".join(lines()))
            for _ in range(60):
                self.ask(server, "GET", "/health")
            self.assertTrue(wait_until(lambda: os.path.exists(log + ".1"), 20))
            for path in (log, log + ".1"):
                self.assertLessEqual(os.path.getsize(path), 4096)
            self.assertFalse(os.path.exists(log + ".2"))

    def log_lines(self, path):
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file.read().splitlines()]

    def test_no_line_of_the_log_is_long(self):
        log = self.path("access.log")
        with self.start("--access-log", log) as server:
            path = "/" + "%00\u4e2d" * 500
            for method in ("GET", "X" * 1000):
                client = server.connect()
                client.send(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {'i' * 64}\r\n\r\n".encode())
                client.response()
                client.close()
            self.assertTrue(wait_until(lambda: len(self.log_lines(log)) == 2))
        with open(log, "rb") as file:
            self.assertLessEqual(max(map(len, file.read().splitlines())), 4096)

    def test_a_log_that_was_renamed_is_begun_anew_by_a_hangup(self):
        log = self.path("access.log")
        with self.start("--access-log", log) as server:
            stopping, asked = threading.Event(), [0]

            def ask():
                while not stopping.is_set():
                    self.ask(server, "GET", "/health")
                    asked[0] += 1

            client = threading.Thread(target=ask)
            client.start()
            for age in range(10):
                os.rename(log, f"{log}.{age}")
                before = server.output.count("reloaded")
                server.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_until(lambda: server.output.count("reloaded") > before))
                self.assertTrue(os.path.exists(log))
            stopping.set()
            client.join()
        # No line is lost, and none is in two pieces.
        lines = self.log_lines(log) + [line for age in range(10) for line in self.log_lines(f"{log}.{age}")]
        self.assertEqual(len(lines), asked[0])

    def test_a_log_that_cannot_be_written_does_not_start(self):
        done = subprocess.run([PROGRAM, "serve", "--port", "0", "--api-key-file", self.key_file(), "--access-log", "/nowhere/log"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (2, "error: access_log: /nowhere/log: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
