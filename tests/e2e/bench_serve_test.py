"""`youtu bench serve` against servers whose answers are known. Usage: bench_serve_test.py <youtu> <scripted_server>"""

import json
import subprocess
import sys
import tempfile
import time
import unittest

from fake_server import FakeServer, well_behaved
from running_server import RunningServer

PROGRAM, SCRIPTED_SERVER = sys.argv.pop(1), sys.argv.pop(1)
TIMEOUT_S = 120


def bench(*arguments):
    return subprocess.run([PROGRAM, "bench", "serve", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S,
                          check=False)


class BenchServe(unittest.TestCase):
    def report(self, *arguments, code=0):
        done = bench(*arguments, "--json")
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout)

    def fails(self, expected, *arguments, code=1):
        done = bench(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        self.assertIn(expected, done.stderr)

    def dataset(self, *lines):
        file = tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8")
        self.addCleanup(file.close)
        file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        file.flush()
        return ["--dataset", file.name]

    def test_our_own_server(self):
        with RunningServer([SCRIPTED_SERVER]) as server:
            url = f"http://127.0.0.1:{server.port}"
            prompts = self.dataset({"prompt": "ping"}, {"prompt": "写个笑话"}, {"prompt": "解释牛顿第一定律"})
            report = self.report("--url", url, *prompts, "--num-prompts", "300", "--max-concurrency", "20", "--check-answers")
            self.assertEqual((report["completed"], report["failed"]), (300, 0))
            self.assertEqual(report["total_output_tokens"], 100 * (2 + 3 + 3))
            self.assertLessEqual(report["text_pieces"], 800)  # two steps may come in one event
            self.assertLessEqual(report["max_concurrent_requests"], 20)
            fail = self.report("--url", url, *self.dataset({"prompt": "fail"}, {"prompt": "ping"}, {"prompt": "ping"},
                                                           {"prompt": "ping"}), "--num-prompts", "3")
            self.assertEqual(fail["completed"], 2)
            self.assertEqual([each["count"] for each in fail["failures"]], [1])
            self.assertTrue(fail["failures"][0]["what"].startswith("stream "))

    def test_every_interface_counts_what_the_server_counts(self):
        for api, path in (("native", "/chat_stream"), ("openai", "/v1/completions"), ("openai-chat", "/v1/chat/completions")):
            with FakeServer() as server:
                report = self.report("--url", server.url, "--api", api, "--num-prompts", "10", "--input-len", "45",
                                     "--output-len", "7", "--max-concurrency", "3", "--model", "m")
                self.assertEqual((report["completed"], report["failed"]), (10, 0), report)
                self.assertEqual(report["total_output_tokens"], 70)
                self.assertEqual(report["total_input_tokens"], 450)  # 20 words of 2 tokens, and 5
                self.assertEqual(report["text_pieces"], 70)
                self.assertEqual({path for path, _ in server.requests}, {path})
                self.assertEqual(len(server.requests), 2 + 1 + 10)  # two that measure, one that tries
                body = server.requests[-1][1]
                self.assertEqual((body["temperature"], body["ignore_eos"]), (0, True))
                self.assertEqual(body.get("model"), None if api == "native" else "m")

    def test_a_path_before_the_endpoints(self):
        with FakeServer() as server:
            self.report("--url", server.url + "/prefix/", "--num-prompts", "1")
            self.assertEqual(server.requests[0][0], "/prefix/chat_stream")

    def test_turns_send_what_was_said(self):
        with FakeServer(lambda exchange: exchange.answer(["yes ", "no"])) as server:
            report = self.report("--url", server.url, *self.dataset({"turns": ["a", "b", "c"]}), "--num-prompts", "2")
            self.assertEqual(report["completed"], 6)
            conversation = [[message["content"] for message in body["messages"]] for _, body in server.requests[1:4]]
            self.assertEqual(conversation, [["a"], ["a", "yes no", "b"], ["a", "yes no", "b", "yes no", "c"]])

    def test_wrong_answers_are_failures(self):
        def behave(exchange):
            exchange.answer(["right"] if exchange.number != 6 else ["wrong"])

        with FakeServer(behave) as server:
            done = bench("--url", server.url, *self.dataset({"prompt": "a"}), "--num-prompts", "9", "--check-answers", "--json")
            report = json.loads(done.stdout)
            self.assertEqual(done.returncode, 1)
            self.assertIn('expected "right", got "wrong"', done.stderr)
            self.assertEqual((report["completed"], report["failures"]), (8, [{"what": "wrong answer", "count": 1}]))

    def test_refusals(self):
        def behave(exchange):
            if exchange.number % 2 == 0:
                return exchange.refuse(503, "queue_full", [f"Retry-After: {exchange.number}"])
            return exchange.answer(["a"])

        with FakeServer(behave) as server:
            report = self.report("--url", server.url, "--dataset", "demo", "--num-prompts", "10")
            self.assertEqual(report["completed"], 5)
            self.assertEqual(report["failures"], [{"what": "503 queue_full", "count": 5}])
            refusals = report["refusals"]
            self.assertEqual(refusals["count"], 5)
            self.assertEqual((refusals["min_retry_after_s"], refusals["max_retry_after_s"]), (2, 10))
            self.assertEqual(refusals["without_retry_after"], 0)

    def test_refusals_that_are_asked_again(self):
        def behave(exchange):
            if exchange.number % 3:
                return exchange.refuse(503, "queue_full", ["Retry-After: 1"])
            return exchange.answer(["a"])

        with FakeServer(behave) as server:
            arguments = ("--url", server.url, "--dataset", "demo", "--num-prompts", "4", "--max-retries")
            patient = self.report(*arguments, "2")
            self.assertEqual((patient["completed"], patient["failures"]), (4, []))
            self.assertEqual((patient["refusals"]["count"], patient["refusals"]["retried"]), (8, 8))
            self.assertEqual(patient["max_retries"], 2)

    def test_answers_that_are_cut(self):
        def behave(exchange):
            kind = exchange.number % 4
            exchange.stays_open = kind < 2
            if kind == 0:
                exchange.head()
                exchange.chunk('data: {"text":"a"}\n\n')
                exchange.end()
            elif kind == 1:
                exchange.answer(["a"])
            elif kind == 2:
                exchange.head()
                exchange.chunk('data: {"text":"a"}\n\n')
            else:
                exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")

        with FakeServer(behave) as server:
            report = self.report("--url", server.url, "--dataset", "demo", "--num-prompts", "8")
            self.assertEqual(report["completed"], 2)
            self.assertEqual({each["what"]: each["count"] for each in report["failures"]},
                             {"stream ended without its end": 2, "connection: closed by the server": 2,
                              "not an HTTP response": 2})

    def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(self):
        def behave(exchange):
            exchange.stays_open = False  # and does not say so
            exchange.answer(["a"])

        with FakeServer(behave) as server:
            report = self.report("--url", server.url, "--dataset", "demo", "--num-prompts", "20")
            self.assertEqual((report["completed"], report["failed"]), (20, 0), report["failures"])

    def test_a_slow_server_is_waited_for(self):
        def behave(exchange):
            time.sleep(0.6)  # long enough that a person would be told how far it is
            well_behaved(exchange)

        with FakeServer(behave) as server:
            report = self.report("--url", server.url, "--num-prompts", "1", "--output-len", "3")
            self.assertEqual(report["total_output_tokens"], 3)

    def test_timeout(self):
        def behave(exchange):
            if exchange.number == 1:
                return exchange.answer(["a"])
            exchange.head()
            exchange.chunk(": ping\n\n")
            return time.sleep(1)

        with FakeServer(behave) as server:
            done = bench("--url", server.url, "--dataset", "demo", "--num-prompts", "2", "--timeout", "0.2")
            self.assertEqual(done.returncode, 1)
            self.assertIn("error: no request was answered: timeout", done.stderr)

    def test_an_open_loop_does_not_wait_and_times_run_from_when_a_request_was_due(self):
        def behave(exchange):
            time.sleep(0.05)
            exchange.answer(["a"])

        with FakeServer(behave) as server:
            many = self.report("--url", server.url, "--dataset", "demo", "--num-prompts", "20", "--request-rate", "1000")
            self.assertGreater(many["max_concurrent_requests"], 1)
            one = self.report("--url", server.url, "--dataset", "demo", "--num-prompts", "20", "--request-rate", "1000",
                              "--max-concurrency", "1")
            self.assertEqual(one["max_concurrent_requests"], 1)
            # The last waits for the nineteen before it.
            self.assertGreater(one["max_ttft_ms"], 19 * 50 * 0.8)

    def test_duration_and_warm_up(self):
        with FakeServer() as server:
            report = self.report("--url", server.url, "--dataset", "demo", "--duration", "0.3", "--num-warmups", "7",
                                 "--output-len", "1")
            self.assertGreater(report["completed"], 0)
            self.assertEqual(len(server.requests), 1 + 7 + report["completed"])

    def test_table(self):
        with FakeServer() as server:
            done = bench("--url", server.url, "--num-prompts", "2", "--goodput", "ttft:60000", "tpot:60000",
                         "--percentile-metrics", "ttft", "--metric-percentiles", "75,99.9")
            self.assertEqual(done.returncode, 0, done.stderr)
            for words in ("Successful requests:  ", "Request goodput (req/s):", "P75 TTFT (ms):", "P99.9 TTFT (ms):"):
                self.assertIn(words, done.stdout)
            self.assertNotIn("TPOT", done.stdout)

    def test_a_server_that_is_none(self):
        self.fails("Connection refused", "--url", "http://127.0.0.1:1")
        self.fails("cannot be resolved", "--url", "http://no.such.host.invalid")

        def behave(exchange):
            exchange.stays_open = False
            exchange.send(b"SSH-2.0-server\r\n")

        with FakeServer(behave) as server:
            self.fails("not an HTTP response", "--url", server.url)
        with FakeServer(lambda exchange: exchange.refuse(404, "unknown_path")) as server:
            self.fails("the first request failed: 404 unknown_path", "--url", server.url)
        with FakeServer(lambda exchange: exchange.answer(["a"], prompt_tokens=0)) as server:
            self.fails("does not count prompt tokens", "--url", server.url)

    def test_flags(self):
        self.fails("only http is spoken", "--url", "https://a", code=2)
        self.fails("--goodput", "--goodput", "ttft:x", code=2)
        self.fails("--percentile-metrics", "--percentile-metrics", "ttft,speed", code=2)
        self.fails("--metric-percentiles", "--metric-percentiles", "100", code=2)
        self.fails("--api", "--api", "grpc", code=2)
        self.fails("--max-concurrency", "--max-concurrency", "4097", code=2)
        self.fails("--max-retries", "--max-retries", "-1", code=2)
        self.fails("--request-rate", "--request-rate", "0", code=2)
        self.fails("--check-answers needs", "--check-answers", code=2)
        self.fails("--random-range-ratio is for", "--dataset", "demo", "--random-range-ratio", "0.5", code=2)
        self.fails("No such file", "--dataset", "/no/such.jsonl")
        self.fails(":2: has not one of", *self.dataset({"prompt": "a"}, {"text": "b"}), code=2)


if __name__ == "__main__":
    unittest.main()
