"""What tools/tuning makes of answers that are known: a server in this process gives them."""
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

from test_run import run

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools/tuning"
TIMEOUT_SECONDS = 60


class Answers(http.server.BaseHTTPRequestHandler):
    """/chat says the prompt back, cut after 2 letters by max_new_tokens 2; /tokenize has a token for each word."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        if self.path == "/tokenize":
            self.answer(200, {"tokens": [hash(word) for word in body["prompt"].split()]})
        elif "temprature" in body and body["strict"]:
            self.answer(400, {"error": {"message": "temprature is unknown"}})
        else:
            is_cut = body.get("max_new_tokens") == 2
            text = body["prompt"][:2] if is_cut else body["prompt"]
            loop = {"repetition": {"period": 1, "count": 9}} if body["prompt"] == "loop" else {}
            self.answer(200, {"response": text + "\n", "finish_reason": "length" if is_cut else "stop",
                              "usage": {"completion_tokens": len(text)},
                              "timings": {"total_ms": 10.0 * len(text), "decode_ms": 5.0 * (len(text) - 1)}, **loop})

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class ToolsTest(unittest.TestCase):
    def setUp(self):
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
        self.server.bodies = []
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "input"

    def call(self, tool, *arguments):
        return subprocess.run([sys.executable, TOOLS / tool, "--url", self.url, *arguments], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS)

    def compare(self, questions, *arguments):
        self.file.write_text("".join(json.dumps(question) + "\n" for question in questions), encoding="utf-8")
        return self.call("compare_settings.py", "--questions", self.file, *arguments)

    def test_settings_are_counted(self):
        questions = [{"prompt": "loop", "answers": ["loop"]}, {"prompt": "echo", "answers": ["no"]}, {"prompt": "free"}]
        done = self.compare(questions, "--json", "speed", "quality:max_new_tokens=2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {"version": 1, "questions": 3, "settings": [
            {"setting": "speed", "right": 1, "cut": 0, "loops": 1, "mean_tokens": 4, "median_answer_ms": 40.0,
             "median_ms_per_token": 5.0},
            {"setting": "quality:max_new_tokens=2", "right": 0, "cut": 3, "loops": 1, "mean_tokens": 2,
             "median_answer_ms": 20.0, "median_ms_per_token": 5.0}]})

    def test_settings_take_turns_and_misspelt_fields_are_refused_by_the_server(self):
        self.compare([{"prompt": "a"}, {"prompt": "b"}], "speed", "quality:top_k=7")
        asked = [(body["prompt"], body["preset"], body.get("top_k")) for body in self.server.bodies]
        first, second = asked[0][0], asked[2][0]
        self.assertEqual({first, second}, {"a", "b"})
        self.assertEqual(asked, [(first, "speed", None), (first, "quality", 7),
                                 (second, "speed", None), (second, "quality", 7)])
        self.assertTrue(all(body["strict"] and body["seed"] == 1 for body in self.server.bodies))

    def test_greedy_answers_need_no_seed(self):
        self.compare([{"prompt": "a"}], "speed:temperature=0")
        self.assertNotIn("seed", self.server.bodies[0])

    def test_what_fails_says_so(self):
        for questions, setting, code, words in (
                ([{"prompt": "a"}], "speed:temprature=1", 1, "400 "),
                ([{"prompt": "a"}], "speed:temperature", 2, "'temperature' is not name=value"),
                ([{"text": "a"}], "speed", 2, ":1: not an object with a 'prompt'"),
                ([], "speed", 2, "no question")):
            done = self.compare(questions, setting)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_ngrams_that_stood_before_are_counted(self):
        # Of size 3: "c d e" and nothing else stood before, so that one token of eight is counted.
        self.file.write_text("a b c d e c d e", encoding="utf-8")
        self.assertIn(": 1 of 8 tokens (12 %)", self.call("repeated_ngrams.py", self.file).stdout)
        self.assertIn(": 2 of 8 tokens (25 %)", self.call("repeated_ngrams.py", "--size", "2", self.file).stdout)

    def test_a_file_that_is_not_there_is_an_error(self):
        done = self.call("repeated_ngrams.py", self.file)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)


if __name__ == "__main__":
    run()
