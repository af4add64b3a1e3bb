"""Keys and the access log of the real program, with the rows A of docs/bad-inputs.md that need keys. Usage: access_test.py <youtu>"""

import contextlib
import functools
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from request_bytes import CHUNKED, HOST, get
from running_server import RunningServer, wait_until

PROGRAM = sys.argv.pop(1)
ALICE, BOB = "a" * 40, "b" * 40
QUESTION = {"prompt": "Tell me a joke", "temperature": 0, "max_new_tokens": 4}


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

    @contextlib.contextmanager
    def start(self, *arguments):
        """A server that is alive, right and idle at the end of what is tried on it."""
        server = RunningServer([PROGRAM, "serve", "--port", "0", "--api-key-file", self.key_file(), *arguments],
                               ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)
        with server:
            yield server
            self.assertIsNone(server.process.poll(), server.output)
            self.assertEqual(self.ask(server, "GET", "/health")[0], 200)
            status, _, answer = self.ask(server, "POST", "/chat", QUESTION, **self.bearer(BOB))
            self.assertEqual((status, json.loads(answer).get("response")), (200, self.known_answer()), answer)
            self.assertTrue(server.is_idle(**self.bearer(BOB)))

    @staticmethod
    @functools.cache
    def known_answer():
        done = subprocess.run([PROGRAM, "generate", "-p", QUESTION["prompt"], "--temperature", "0", "--max-new-tokens", "4"],
                              capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.removesuffix("\n")

    @staticmethod
    def ask(server, method, path, body=None, source="127.0.0.1", **fields):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60, source_address=(source, 0))
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
            status, _, document = self.ask(server, "GET", "/openapi.json", **self.bearer(ALICE))
            self.assertEqual(status, 200)
            routes = [(method.upper(), path) for path, methods in json.loads(document)["paths"].items() for method in methods
                      if method in ("get", "post", "put", "patch", "delete")]
            self.assertGreater(len(routes), 20)
            for number, (method, path) in enumerate(routes + [("GET", "/nowhere")]):
                with self.subTest("A01", route=f"{method} {path}"):
                    # From an address of its own: one that comes without a key too often is told to wait.
                    status, fields, body = self.ask(server, method, re.sub(r"{\w+}", "x", path), source=f"127.0.1.{number + 1}")
                    if path in ("/health", "/ready", "/", "/assets/{file}"):
                        self.assertEqual(status, 404 if path == "/assets/{file}" else 200)  # there is no file x
                        continue
                    self.assertEqual((status, fields["WWW-Authenticate"]), (401, "Bearer"))
                    self.assertEqual(json.loads(body)["error"]["code"], "invalid_api_key")
            self.assertEqual(self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0], 200)
            self.assertEqual(self.ask(server, "GET", "/metrics", **{"x-api-key": BOB})[0], 200)

    def raw(self, server, data):
        client = server.connect()
        client.send(data)
        response = client.response()
        client.close()
        return response

    def test_other_ways_to_show_a_key(self):
        key = b"Authorization: Bearer " + ALICE.encode() + b"\r\n"
        with self.start() as server:
            for fields, status in ((b"Authorization: Basic eDp5\r\n", 401), (b"Authorization: Bearer \r\n", 401), (key, 200),
                                   (key + key, 400)):
                with self.subTest("A03", fields=fields):
                    self.assertEqual(self.raw(server, get(b"/metrics", HOST + fields)).status, status)
            with self.subTest("A04"):
                long = b"Authorization: Bearer " + b"x" * (1 << 20) + b"\r\n"
                self.assertEqual(self.raw(server, get(b"/metrics", HOST + long)).status, 431)
            with self.subTest("H34"):
                body = b'11\r\n{"prompt":"ping"}\r\n0\r\n' + key + b"\r\n"
                self.assertEqual(self.raw(server, CHUNKED + body).status, 401)
            self.assertEqual(self.ask(server, "GET", "/health")[0], 200)

    def test_a_key_in_the_query_opens_nothing_and_is_not_written_down(self):
        log = self.path("access.log")
        with self.start("--access-log", log) as server, self.subTest("A05"):
            for path in (f"/metrics?api_key={ALICE}", f"/metrics?key={ALICE}&x=1"):
                self.assertEqual(self.ask(server, "GET", path)[0], 401)
            self.assertTrue(wait_until(lambda: len(self.log_lines(log)) == 2))
            with open(log, encoding="utf-8") as file:
                self.assertNotIn(ALICE, file.read() + server.output)

    def test_who_comes_and_goes_is_not_written_down(self):
        log = self.path("access.log")
        with self.start("--access-log", log) as server, self.subTest("H01"):
            self.assertTrue(wait_until(lambda: server.output.endswith("\n\n")), server.output)
            before = server.output
            for _ in range(3):
                server.connect().close()
            self.assertEqual(self.ask(server, "GET", "/health")[0], 200)
            self.assertTrue(wait_until(lambda: self.log_lines(log)))
            self.assertEqual(([line["path"] for line in self.log_lines(log)], server.output), (["/health"], before))

    def test_sessions_belong_to_a_key(self):
        with self.start() as server, self.subTest("S11"):
            status, _, body = self.ask(server, "POST", "/sessions", {}, **self.bearer(ALICE))
            self.assertEqual(status, 201)
            session = json.loads(body)["session_id"]
            question = {"session_id": session, "prompt": "你好", "max_new_tokens": 4}
            self.assertEqual(self.ask(server, "POST", "/chat", question, **self.bearer(ALICE))[0], 200)
            for method, path, body in (("POST", "/chat", question), ("GET", f"/sessions/{session}", None),
                                       ("DELETE", f"/sessions/{session}", None)):
                of_bob = self.ask(server, method, path, body, **self.bearer(BOB))
                unknown = self.ask(server, method, path.replace(session, "s-none"), body and {**body, "session_id": "s-none"},
                                   **self.bearer(BOB))
                self.assertEqual((of_bob[0], of_bob[2].replace(session, "s-none")), (404, unknown[2]))
            self.assertEqual(json.loads(self.ask(server, "GET", "/sessions", **self.bearer(BOB))[2])["sessions"], [])
            self.assertEqual(self.ask(server, "POST", "/chat", question, **self.bearer(ALICE))[0], 200)

    @staticmethod
    def limits(fields):
        return [fields.get(f"x-ratelimit-{name}-requests") for name in ("limit", "remaining", "reset")]

    def test_wrong_keys_are_slowed_down(self):
        with self.start() as server, self.subTest("A12"):
            answers = [self.ask(server, "GET", "/metrics", **self.bearer("w" * 40)) for _ in range(20)]
            self.assertEqual([status for status, _, _ in answers[:10]], [401] * 10)
            status, fields, _ = answers[-1]
            self.assertEqual(status, 429)
            self.assertIn(int(fields["Retry-After"]), range(1, 61))
            self.assertEqual(self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0], 200)
            self.assertEqual(self.ask(server, "GET", "/metrics", source="127.0.0.2", **self.bearer("w" * 40))[0], 401)

    def test_one_key_has_so_many_requests_under_way(self):
        with self.start() as server, self.subTest("A13"):
            # Eight whose bodies have not come yet are under way.
            head = f"POST /chat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\n" \
                   "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n"
            clients = [server.connect() for _ in range(8)]
            for client in clients:
                client.send(head.encode())
            # A ninth is one too many; another key has its own limit.
            self.assertTrue(wait_until(lambda: self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0] == 429))
            status, fields, _ = self.ask(server, "GET", "/metrics", **self.bearer(BOB))
            self.assertEqual((status, self.limits(fields)), (200, ["8", "7", "0s"]))
            status, fields, _ = self.ask(server, "GET", "/metrics", **self.bearer(ALICE))
            self.assertEqual((status, self.limits(fields), fields["Retry-After"]), (429, ["8", "0", "1s"], "1"))
            for client in clients:
                client.close()
            self.assertTrue(wait_until(lambda: self.ask(server, "GET", "/metrics", **self.bearer(ALICE))[0] == 200))

    def serve(self, *arguments):
        """What ends before it serves. Its sessions are its own, whatever else runs on the machine."""
        return subprocess.run([PROGRAM, "serve", "--port", "0", *arguments], capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, "YOUTU_DATA_DIR": self.path("sessions")})

    def test_unsafe_keys_do_not_start(self):
        for text, mode in ((f"alice {ALICE}\n", 0o644), ("alice " + "k" * 31 + "\n", 0o600), ("", 0o600)):
            with self.subTest("A15", text=text, mode=mode):
                done = self.serve("--api-key-file", self.key_file(text, mode))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, r"^error: .*keys.*\n$")
                self.assertNotIn(ALICE, done.stderr)
        with self.subTest("A15", host="0.0.0.0"):
            done = self.serve("--host", "0.0.0.0")
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
                    self.ask(server, "GET", "/ready")
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
        self.assertEqual(sum(line["path"] == "/ready" for line in lines), asked[0])

    def test_a_log_that_cannot_be_written_does_not_start(self):
        done = self.serve("--api-key-file", self.key_file(), "--access-log", "/nowhere/log")
        self.assertEqual((done.returncode, done.stderr), (2, "error: access_log: /nowhere/log: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
