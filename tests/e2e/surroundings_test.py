"""The machine around the server: signals, limits, a clock that jumps, folders that are not there, languages (rows O of
docs/bad-inputs.md). Usage: surroundings_test.py <youtu> <library that shifts the clock>"""

import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

from running_server import RunningServer, wait_until

PROGRAM, SHIFTED_CLOCK = sys.argv.pop(1), sys.argv.pop(1)
DEMO = str(pathlib.Path(__file__).resolve().parents[2] / "models/demo")
TEN_YEARS_S = 3652 * 86_400
PATIENCE_S = 20
QUESTION = {"prompt": "Tell me a joke", "temperature": 0, "max_new_tokens": 16}


def start(*arguments, before=()):
    """`before`: a command that runs the program in its place."""
    return RunningServer([*before, PROGRAM, "serve", "--port", "0", *arguments], ready=r"serving +http://127\.0\.0\.1:(\d+)",
                         signal_to_stop=signal.SIGTERM)


class Surroundings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with start() as server:
            cls.known_answer = json.loads(server.post("/chat", QUESTION)[1])["response"]

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def assert_alive(self, server):
        """Healthy, right, and idle again."""
        self.assertIsNone(server.process.poll(), server.output)
        self.assertEqual(server.get("/health")[0], 200)
        status, answer = server.post("/chat", QUESTION)
        self.assertEqual((status, json.loads(answer).get("response")), (200, self.known_answer), answer)
        self.assertTrue(server.is_idle(), server.busy_gauges())

    def long_stream(self, server):
        body = json.dumps({"prompt": "写个笑话", "temperature": 0, "max_new_tokens": 800, "ignore_eos": True,
                           "stream_format": "json"}).encode()
        client = server.connect(PATIENCE_S)
        self.addCleanup(client.close)
        client.send(b"POST /chat_stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.assertTrue(client.head().startswith(b"HTTP/1.1 200 "))
        return client


class Signals(Surroundings):
    def test_signals_that_ask_for_nothing(self):
        for name in ("SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGHUP"):
            with self.subTest("O01", signal=name), start() as server:
                client = self.long_stream(server)
                server.process.send_signal(getattr(signal, name))
                self.assertIn(b"event: done", client.rest())
                self.assert_alive(server)

    def test_what_it_says_goes_nowhere(self):
        """A pipe whose reader is gone, or a full disk, behind its standard error."""
        for where in ("SIGPIPE", "/dev/full"):
            reader, writer = os.pipe()
            with self.subTest("O01", where=where), open("/dev/full", "wb") as full:
                process = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--access-log", "-"], stdout=writer,
                                           stderr=writer if where == "SIGPIPE" else full,
                                           env={**os.environ, "YOUTU_DATA_DIR": str(self.folder)})
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                os.close(writer)
                said = b""
                while not (found := re.search(rb"serving +(http://127\.0\.0\.1:\d+)\n", said)):
                    self.assertTrue(data := os.read(reader, 4096), said)
                    said += data
                os.close(reader)
                process.send_signal(signal.SIGHUP)  # which it answers with a line

                def metrics(url=found[1].decode()):
                    with urllib.request.urlopen(url + "/metrics", timeout=PATIENCE_S) as answer:
                        return answer.read().decode()
                self.assertTrue(wait_until(lambda: re.search(r'reloads_total\{.*result="success"\} 1\n', metrics())))
                process.terminate()
                self.assertEqual(process.wait(PATIENCE_S), 0)


class Limits(Surroundings):
    def limited(self, option, value):
        return ("sh", "-c", f'ulimit {option} {value} && exec "$@"', "sh")

    def test_few_files(self):
        with start(before=self.limited("-n", 64)) as server, self.subTest("O03", limit="-n 64"):
            clients = [server.connect() for _ in range(60)]
            time.sleep(0.1)
            for client in clients:
                client.close()
            self.assertTrue(wait_until(lambda: server.gauges()["youtu:http_connections"] <= 1))
            self.assert_alive(server)

    def test_small_stacks(self):
        with start(before=self.limited("-s", 256)) as server, self.subTest("O03", limit="-s 256"):
            self.assert_alive(server)
            body = b'{"a":' * 60 + b"1" + b"}" * 60
            self.assertEqual(server.request("POST", "/chat", body, {"Content-Type": "application/json"})[0], 400)
            schema = {"type": "string"}
            for _ in range(30):
                schema = {"type": "object", "properties": {"a": schema}}
            status, text = server.post("/v1/chat/completions", {
                "model": "demo", "messages": [{"role": "user", "content": "x"}], "max_tokens": 8,
                "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}})
            self.assertEqual(status, 200, text)
            self.assert_alive(server)

    def test_little_address_space(self):
        """It serves, or ends soon with one line that says why."""
        # First there is no room for its threads, then none for the tokenizer, the weights and the cache.
        served = 0
        sizes = (*range(40_000, 80_001, 3_000), *range(90_000, 440_001, 14_000))
        for kib, threads in [(kib, "2") for kib in sizes] + [(kib, "8") for kib in sizes if kib >= 80_000]:
            with self.subTest("O03", limit=f"-v {kib}", threads=threads):
                process = subprocess.Popen([*self.limited("-v", kib), PROGRAM, "serve", "--port", "0", "--threads", threads],
                                           text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           env={**os.environ, "YOUTU_DATA_DIR": str(self.folder)})
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                self.addCleanup(process.stdout.close)
                self.addCleanup(process.stderr.close)
                impatience = threading.Timer(PATIENCE_S, process.kill)
                impatience.start()
                self.addCleanup(impatience.cancel)
                if not any(line.startswith("serving") for line in process.stdout):
                    _, error = process.communicate()
                    self.assertIn(process.returncode, (1, 2), f"{error} (-9: it hung)")
                    self.assertRegex(error, r"\Aerror: [^\n]+\n\Z")
                    continue
                served += 1
                process.terminate()
                self.assertEqual(process.communicate(timeout=PATIENCE_S)[1], "")
                self.assertEqual(process.returncode, 0)
        self.assertGreater(served, 0)


class Clock(Surroundings):
    def test_the_time_of_day_jumps(self):
        shift = self.folder / "shift"
        shift.write_bytes(bytes(8))
        before = ("env", f"LD_PRELOAD={SHIFTED_CLOCK}", f"YOUTU_TEST_CLOCK={shift}")

        def move_to(seconds):
            with shift.open("r+b") as file:
                file.write(struct.pack("=q", seconds))

        with start("--request-timeout", "60s", "--session-ttl", "1d", before=before) as server:
            self.assertEqual(server.post("/sessions", {"session_id": "kept"})[0], 201)
            whole = self.long_stream(server).rest()
            for jump in (TEN_YEARS_S, -TEN_YEARS_S):
                with self.subTest("O04", jump=jump):
                    client, moved = self.long_stream(server), 0
                    stream = client.buffer
                    while data := client.socket.recv(65536):
                        stream += data
                        move_to(jump if moved % 2 == 0 else 0)
                        moved += 1
                    self.assertGreater(moved, 2)
                    move_to(jump)
                    self.assertEqual(self.texts(stream), self.texts(whole))
                    self.assert_alive(server)
                    self.assertEqual(server.post("/chat", {**QUESTION, "session_id": "kept"})[0], 200)
                    answer = json.loads(server.post("/v1/completions", {"model": "demo", "prompt": "x", "max_tokens": 1})[1])
                    self.assertAlmostEqual(answer["created"], time.time() + jump, delta=3600)  # it has moved indeed

    def texts(self, stream):
        self.assertIn(b"event: done", stream)
        return "".join(json.loads(text) for text in re.findall(r'^data: \{"text":("(?:\\.|[^"\\])*")', stream.decode(), re.M))


class Folders(Surroundings):
    def test_no_proc_and_nothing_to_write_to(self):
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0:
            self.skipTest("file systems of its own are for root only")
        mounts = ("mount -t tmpfs none /proc && mount --rbind /tmp /tmp && mount -o remount,bind,ro /tmp && "
                  f"! test -e /proc/self && ! touch {self.folder}/x 2>/dev/null && exec \"$@\"")
        before = ("unshare", "-m", "sh", "-c", mounts, "sh", "env", "-u", "HOME", "-u", "YOUTU_DATA_DIR")
        with start("--model", DEMO, "--sessions=false", before=before) as server, self.subTest("O05"):
            self.assert_alive(server)

    def test_no_home(self):
        nowhere = {name: value for name, value in os.environ.items()
                   if name not in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "YOUTU_DATA_DIR")}
        with self.subTest("O05", home=None):
            done = subprocess.run([PROGRAM, "serve", "--port", "0"], env=nowhere, capture_output=True, text=True, check=False,
                                  timeout=PATIENCE_S)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"\Aerror: there is no place for sessions: .*data_dir.*\n\Z")
            with start(before=("env", "-u", "HOME", "-u", "XDG_CACHE_HOME")) as server:  # with a data_dir
                self.assertEqual(server.post("/sessions", {})[0], 201)
                self.assert_alive(server)


class Languages(Surroundings):
    def setUp(self):
        super().setUp()
        for language in ("tr_TR", "ar_SA"):
            if not shutil.which("localedef") or subprocess.run(
                    ["localedef", "-i", language, "-f", "UTF-8", self.folder / f"{language}.UTF-8"], check=False,
                    capture_output=True).returncode > 1:
                self.skipTest("there are no descriptions of languages to make them from (package locales)")

    def test_numbers_and_letters_are_nobodys(self):
        for language, zone in (("tr_TR", "Asia/Kathmandu"), ("ar_SA", "<+1400>-14"), ("no_such", "No/Where")):
            variables = {"LC_ALL": f"{language}.UTF-8", "LANG": f"{language}.UTF-8", "LOCPATH": self.folder, "TZ": zone}
            with self.subTest("O05", language=language, zone=zone):
                before = ("env", *(f"{name}={value}" for name, value in variables.items()))
                with start(before=before) as server:
                    self.assert_alive(server)
                    body = json.dumps({"prompt": "x", "max_new_tokens": 1, "temperature": 0.25, "top_p": 0.5})
                    # Capital I is no dotless i, nor the other way round.
                    status, answer = server.request("POST", "/chat", body, {"CONTENT-TYPE": "APPLICATION/JSON"})
                    self.assertEqual(status, 200, answer)
                    self.assertIn('"temperature":0.25', answer)
                    self.assertGreater(server.gauges()["process_resident_memory_bytes"], 0)
                done = subprocess.run([PROGRAM, "generate", "-p", "x", "--max-new-tokens", "1", "--temperature", "0,5"],
                                      env={**os.environ, **variables}, capture_output=True, check=False, timeout=PATIENCE_S)
                self.assertEqual(done.returncode, 2, done)
                done = subprocess.run([PROGRAM, "generate", "-p", "x", "--max-new-tokens", "1", "--temperature", "0.5"],
                                      env={**os.environ, **variables}, capture_output=True, check=False, timeout=PATIENCE_S)
                self.assertEqual(done.returncode, 0, done)


if __name__ == "__main__":
    unittest.main()
