"""Sessions of the real program: kept over kill -9, full disks and restarts.

  sessions_test.py <youtu> [--kills 5] [--writers 8] [unittest's own arguments]
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from running_server import RunningServer

PROGRAM = sys.argv.pop(1)
BAD_CONFIGURATION = 2


def take_option(name, default):
    if name not in sys.argv:
        return default
    at = sys.argv.index(name)
    value = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]
    return value


KILLS, WRITERS = take_option("--kills", 5), take_option("--writers", 8)


def start(folder, *arguments):
    command = [PROGRAM, "serve", "--port", "0", "--data-dir", folder, "--max-queued-requests", "64", *arguments]
    return RunningServer(command, ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)


def code_of(body):
    return json.loads(body)["error"]["code"]


class Sessions(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = os.path.join(self.temporary.name, "data")

    def tearDown(self):
        self.temporary.cleanup()

    def ask(self, server, **body):
        status, answer = server.post("/chat", {"temperature": 0, "max_new_tokens": 24, **body})
        self.assertEqual(status, 200, answer)
        return json.loads(answer)

    def test_a_follow_up_reads_the_history(self):
        with start(self.folder) as server:
            server.post("/sessions", {"session_id": "a"})
            first = self.ask(server, session_id="a", prompt="解释牛顿第一定律")
        with start(self.folder) as server:
            second = self.ask(server, session_id="a", prompt="Tell me a joke")
            told = [{"role": "user", "content": "解释牛顿第一定律"}, {"role": "assistant", "content": first["response"]},
                    {"role": "user", "content": "Tell me a joke"}]
            same = self.ask(server, messages=told)
            alone = self.ask(server, prompt="Tell me a joke")
            self.assertEqual(second["response"], same["response"])
            self.assertEqual(second["usage"]["prompt_tokens"], same["usage"]["prompt_tokens"])
            self.assertGreater(second["usage"]["prompt_tokens"], alone["usage"]["prompt_tokens"])
            self.assertEqual((second["turn"], second["history"]["turns_kept"]), (2, 1))

    def test_a_window_that_moves_on(self):
        system, told, num_moved = "Answer briefly.", [], 0
        with start(self.folder) as server:
            server.post("/sessions", {"session_id": "a", "system": system, "history_window_tokens": 150})
            for number in range(12):
                question = {"role": "user", "content": f"Question {number}: what is {number} plus {number}?"}
                answer = self.ask(server, session_id="a", messages=[question], window_cache="rotate")
                history, usage = answer["history"], answer["usage"]
                kept = told[history["turns_dropped"]:]
                self.assertEqual(len(kept), history["turns_kept"])
                # The prompt is that of whoever sends what is kept, who finds nothing of what was moved.
                same = self.ask(server, messages=[{"role": "system", "content": system}, *sum(kept, []), question])
                self.assertEqual(same["usage"]["prompt_tokens"], usage["prompt_tokens"])
                self.assertNotIn("history", same)
                if history["rotated_tokens"]:
                    num_moved += 1
                    self.assertGreater(history["turns_dropped"], 0)
                    self.assertGreater(usage["cached_tokens"], same["usage"]["cached_tokens"])
                    self.assertGreaterEqual(usage["cached_tokens"], history["rotated_tokens"])
                told.append([question, {"role": "assistant", "content": answer["response"]}])
            self.assertGreater(num_moved, 2)
            plain = self.ask(server, session_id="a", prompt="And now?")
            self.assertNotIn("window_cache", plain["history"])
        with start(self.folder, "--window-cache", "rotate") as server:  # nothing of it is left: it is computed
            again = self.ask(server, session_id="a", prompt="Once more?")
            self.assertEqual((again["history"]["window_cache"], again["history"]["rotated_tokens"]), ("rotate", 0))
            later = [self.ask(server, session_id="a", prompt=f"And what is {n} plus {n}?") for n in range(3)]
            self.assertGreater(max(answer["history"]["rotated_tokens"] for answer in later), 0)

    def test_one_server_for_each_folder(self):
        with start(self.folder) as server:
            done = subprocess.run([PROGRAM, "serve", "--port", "0", "--data-dir", self.folder], capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout), (BAD_CONFIGURATION, ""), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn(f"is in use by another youtu serve (process {server.process.pid})", done.stderr)
            self.assertEqual(server.get("/health")[0], 200)

    def test_folders_that_cannot_be_used(self):
        for folder in ("/dev/null", "/dev/null/x", "/proc/x"):
            done = subprocess.run([PROGRAM, "serve", "--port", "0", "--data-dir", folder], capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout), (BAD_CONFIGURATION, ""), done.stderr)
            self.assertTrue(done.stderr.startswith(f"error: data_dir {folder}"), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_no_sessions(self):
        with start(self.folder, "--sessions=false") as server:
            self.assertEqual(server.get("/sessions")[0], 404)
            status, body = server.post("/chat", {"prompt": "x", "session_id": "a"})
            self.assertEqual((status, code_of(body)), (400, "sessions_off"))
        self.assertFalse(os.path.exists(self.folder))

    def test_a_disk_that_is_full_for_a_while(self):
        with start(self.folder) as server, self.subTest("S15"):
            server.post("/sessions", {"session_id": "a"})
            self.ask(server, session_id="a", prompt="1")
            _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, hard))
            for method, path in (("/chat", {"prompt": "2", "session_id": "a"}), ("/sessions", {})):
                status, body = server.post(method, path)
                self.assertEqual((status, code_of(body)), (503, "storage_unavailable"))
            self.ask(server, prompt="stateless")
            self.assertEqual(server.get("/sessions/a")[0], 200)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            self.assertEqual(self.ask(server, session_id="a", prompt="2")["turn"], 2)

    def test_ids_that_are_paths_make_no_files(self):
        with start(self.folder) as server:
            server.post("/sessions", {"session_id": "a"})

            def files():
                return sorted(os.path.join(place, name) for place, folders, names in os.walk(self.temporary.name)
                              for name in folders + names)

            before = files()
            for name in ("../x", "a/b", "%2e", "a\0b", "a" * 10_240, "", "会话"):
                with self.subTest("S09", session_id=name):
                    for path, more in (("/sessions", {}), ("/chat", {"prompt": "x"})):
                        status, body = server.post(path, {"session_id": name, **more})
                        self.assertEqual((status, code_of(body)), (400, "bad_session_id"))
                    self.assertEqual(files(), before)

    def test_a_damaged_file_is_put_aside(self):
        with start(self.folder) as server:
            server.post("/sessions", {"session_id": "a"})
        with open(os.path.join(self.folder, "sessions.db"), "r+b") as file:
            file.write(b"this was a database")
        with start(self.folder) as server:
            self.assertEqual(server.get("/sessions/a")[0], 404)
            self.assertEqual(server.post("/sessions", {"session_id": "a"})[0], 201)
            server.stop()
            self.assertIn("sessions.db is damaged and kept as", server.output)
        self.assertEqual(sum(".damaged-" in name for name in os.listdir(self.folder)), 1)


class Writer(threading.Thread):
    """Asks one question after another in a session of its own, and knows which were answered."""

    def __init__(self, number):
        super().__init__()
        self.session = f"writer-{number}"
        self.asked, self.answered = [], {}  # the questions in their order; answer by question
        self.server, self.stopped = None, False

    def prepare(self, server):
        successor = Writer(0)
        successor.session, successor.asked, successor.answered = self.session, self.asked, self.answered
        successor.server = server
        return successor

    def run(self):
        while not self.stopped:
            question = f"{self.session} asks {len(self.asked)}"
            self.asked.append(question)
            streamed = len(self.asked) % 2 == 0
            body = {"session_id": self.session, "prompt": question, "max_new_tokens": 2, "stream_format": "json"}
            try:
                status, answer = self.server.post("/chat_stream" if streamed else "/chat", body)
            except OSError:
                return
            except Exception:  # half an answer: http.client has many names for it
                return
            if status == 200 and streamed and "event: done" in answer:
                chunks = [json.loads(line[6:]) for line in answer.split("\n") if line.startswith("data: ")]
                self.answered[question] = "".join(chunk.get("text", "") for chunk in chunks)
            elif status == 200 and not streamed:
                self.answered[question] = json.loads(answer)["response"]


class Kills(unittest.TestCase):
    """Every turn that a client saw finish is there exactly once after kill -9, and no half turn is."""

    def check(self, server, writer):
        status, body = server.get(f"/sessions/{writer.session}")
        self.assertEqual(status, 200, body)
        turns = json.loads(body)["turns"]
        questions = [turn["messages"][0]["content"] for turn in turns]
        self.assertEqual([turn["turn"] for turn in turns], list(range(1, len(turns) + 1)))
        self.assertEqual(len(questions), len(set(questions)), "a turn is there twice")
        self.assertEqual(questions, [question for question in writer.asked if question in set(questions)], "their order")
        for turn, question in zip(turns, questions):
            self.assertIn(turn["finish_reason"], ("stop", "length"))
            self.assertGreater(turn["usage"]["completion_tokens"], 0)
            if question in writer.answered:
                self.assertEqual(turn["response"], writer.answered[question])
        missing = set(writer.answered) - set(questions)
        self.assertFalse(missing, "answered and lost")

    def test_kill_loop(self):
        seed = int(os.environ.get("YOUTU_TEST_SEED", time.time_ns() % 10**9))
        print(f"kill loop: {KILLS} kills, {WRITERS} writers, YOUTU_TEST_SEED={seed}", flush=True)
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as folder:
            server = start(folder)
            writers = [Writer(i) for i in range(WRITERS)]
            for writer in writers:
                self.assertEqual(server.post("/sessions", {"session_id": writer.session})[0], 201)
            for _ in range(KILLS):
                writers = [writer.prepare(server) for writer in writers]
                for writer in writers:
                    writer.start()
                time.sleep(rng.uniform(0.2, 2.5))
                server.process.kill()
                for writer in writers:
                    writer.stopped = True
                for writer in writers:
                    writer.join()
                server.stop()
                server = start(folder)
                self.assertNotIn("damaged", server.output)
                for writer in writers:
                    self.check(server, writer)
            self.assertEqual(server.stop(), 0)
            num_answered = sum(len(writer.answered) for writer in writers)
            num_asked = sum(len(writer.asked) for writer in writers)
            print(f"kill loop: {num_asked} turns asked, {num_answered} answered, all there once", flush=True)
            self.assertGreater(num_answered, WRITERS)


if __name__ == "__main__":
    unittest.main()
