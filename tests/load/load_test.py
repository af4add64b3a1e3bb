"""The server under load: many streams, overload, clients that vanish or do not read, the end under load, a day of use
(soak.py). Each answer is compared with that of its prompt asked alone. What a test asserts is right or wrong whatever
the machine does at the time; how fast it was is printed.

  load_test.py <youtu> [--long] [names of unittest]

--long is what is run by hand (`make load-test`): as many requests as it takes to trust the result."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from server_under_load import LONG, MIB, ServerUnderLoad, Watch, say, write_prompts  # and it finds the next
from running_server import IDLE_GAUGES, wait_until
from soak import Soak  # noqa: F401 (it is run here)

# The places of the server in the tests of overload: one batch, and those that wait.
BATCH, QUEUE = 8, 32
RETRIES = 3
RSS_MARGIN_BYTES = 64 * MIB
DRAIN_STREAMS = 32


class LoadTest(unittest.TestCase):
    LONG_ANSWER_TOKENS = 8

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "prompts.jsonl")
        self.prompts = write_prompts(path, *((240, self.LONG_ANSWER_TOKENS) if LONG else (36, 16)))

    def start(self, *arguments, **settings):
        server = ServerUnderLoad("--max-connections-per-address", "1024", *arguments, **settings)
        self.addCleanup(server.stop)
        return server

    def assert_only_refused(self, report, server):
        """Nothing failed but what was refused as it should be."""
        self.assertIsNone(server.process.poll(), server.output)
        codes = {failure["what"] for failure in report["failures"]}
        # At twenty times capacity a fast server has more connections than it admits.
        self.assertLessEqual(codes, {"503 queue_full", "503 too_many_connections"}, report["failures"])
        refusals = report["refusals"]
        self.assertEqual(refusals["without_retry_after"], 0)
        if refusals["count"]:
            self.assertGreaterEqual(refusals["min_retry_after_s"], 1)
            self.assertLessEqual(refusals["max_retry_after_s"], 60)

    def assert_alive(self, server):
        """The liveness of reliability tests: healthy, idle, and a known answer."""
        self.assertEqual(server.get("/health")[0], 200)
        body = {"prompt": "Hello", "temperature": 0, "max_new_tokens": 4, "ignore_eos": True}
        status, answer = server.post("/chat", body)
        self.assertEqual((status, json.loads(answer)["usage"]["completion_tokens"]), (200, 4))
        self.assertTrue(server.is_idle(), server.busy_gauges())


class Streams(LoadTest):
    """64 clients at once, every answer checked."""

    def check(self, num_prompts, *arguments):
        server = self.start("--max-batch-size", "64", "--max-queued-requests", "256")
        with Watch(server) as watch:
            report = server.bench("--dataset", self.prompts, "--num-prompts", num_prompts, "--max-concurrency", 64,
                                  "--check-answers", *arguments)
        self.assertEqual((report["completed"], report["failures"]), (num_prompts, []))
        self.assertEqual(watch.bad_health, [])
        self.assert_alive(server)
        say(f"{num_prompts} checked answers of 64 streams: {report['request_throughput']:.1f} requests/s, "
            f"{report['output_throughput']:.0f} tokens/s, TTFT p99 {report['p99_ttft_ms']:.0f} ms, "
            f"health p99 {watch.health_p99_ms():.0f} ms, load {report['load_average']:.1f}")

    def test_greedy(self):
        self.check(100_000 if LONG else 400)

    def test_sampled(self):
        self.check(5000 if LONG else 100, "--temperature", "1", "--seed", "7")

    def test_turns(self):
        server = self.start("--max-batch-size", "16", "--max-queued-requests", "64")
        num = 2000 if LONG else 40
        report = server.bench("--dataset", "demo", "--turns", 3, "--output-len", 12, "--num-prompts", num,
                              "--max-concurrency", 24, "--check-answers")
        self.assertEqual((report["completed"], report["failures"]), (3 * num, []))
        self.assert_alive(server)


class Overload(LoadTest):
    """More than the server can do. It must stay right, bounded and quick to refuse."""

    LONG_ANSWER_TOKENS = 64  # a chat's; the shorter, the more refusals are twenty times capacity

    def setUp(self):
        super().setUp()
        self.seconds = 60 if LONG else 2
        self.server = self.start("--max-batch-size", str(BATCH), "--max-queued-requests", str(QUEUE),
                                 shares_cpus=False)
        self.load = ["--dataset", self.prompts, "--check-answers", "--duration", self.seconds]
        # Every place taken and nobody refused: what the server can do at its best.
        self.peak = self.server.bench(*self.load, "--max-concurrency", BATCH + QUEUE)
        self.assertEqual(self.peak["failures"], [])
        # A good answer takes at most three times what the last of a full queue waits for.
        self.slo = f"e2el:{3 * self.peak['max_e2el_ms']:.0f}"

    def overload(self, name, *arguments):
        before = self.server.rss_kib()
        with Watch(self.server) as watch:
            report = self.server.bench(*self.load, "--goodput", self.slo, *arguments)
        self.assert_only_refused(report, self.server)
        self.assertEqual(watch.bad_health, [])
        self.assertLess(1024 * (watch.max_rss_kib - before), RSS_MARGIN_BYTES)
        refusals = report["refusals"]
        say(f"{name}: goodput {report['request_goodput']:.1f} of {self.peak['request_throughput']:.1f} requests/s "
            f"({100 * report['request_goodput'] / self.peak['request_throughput']:.0f} %), {refusals['count']} refusals, "
            f"p50 {refusals['median_refusal_ms']:.1f} p99 {refusals['p99_refusal_ms']:.1f} ms, Retry-After "
            f"{refusals['min_retry_after_s']} to {refusals['max_retry_after_s']} s, health p99 "
            f"{watch.health_p99_ms():.0f} ms, memory +{(watch.max_rss_kib - before) / 1024:.1f} MiB, "
            f"load {report['load_average']:.1f}")
        return report

    def test_times_capacity(self):
        for factor in (2, 5, 20):
            rate = factor * self.peak["request_throughput"]
            report = self.overload(f"{factor} times capacity", "--request-rate", rate, "--seed", factor)
        self.assertGreater(report["refusals"]["count"], 0)  # at twenty times on any machine
        self.assert_alive(self.server)

    def test_retry_storm(self):
        """Five clients for each place; who is refused comes back at once."""
        report = self.overload("retry storm", "--max-concurrency", 5 * (BATCH + QUEUE))
        self.assertGreater(report["refusals"]["count"], 0)
        after = self.server.bench(*self.load, "--max-concurrency", BATCH)
        self.assertEqual(after["failures"], [])
        self.assert_alive(self.server)

    @unittest.skipUnless(LONG, "only what it reports is new, and two seconds say little of it")
    def test_three_retries_at_once(self):
        """Five times capacity; who is refused comes back at once three times, then gives up."""
        quiet = self.server.bench(*self.load, "--max-concurrency", BATCH)
        report = self.overload("three retries at once", "--request-rate", 5 * self.peak["request_throughput"],
                               "--max-retries", RETRIES, "--seed", 5)
        self.assertGreater(report["refusals"]["retried"], 0)
        given_up = sum(failure["count"] for failure in report["failures"])
        # Nobody gives up before his last try, nor comes back after it.
        self.assertGreaterEqual(report["refusals"]["retried"], RETRIES * given_up)
        self.assertEqual(report["refusals"]["count"], report["refusals"]["retried"] + given_up)
        after = self.server.bench(*self.load, "--max-concurrency", BATCH)
        self.assertEqual((quiet["failures"], after["failures"]), ([], []))
        self.assert_alive(self.server)
        say(f"three retries at once: {report['completed']} answered, {given_up} gave up; answers with a full batch took "
            f"{quiet['median_e2el_ms']:.0f} ms before (p50), {after['median_e2el_ms']:.0f} ms after")


class Vanishing(LoadTest):
    """Clients that leave in every phase of a request, politely (FIN), rudely (RST), or with one half of the connection."""

    WAYS = ("fin", "rst", "half")
    PHASES = ("connected", "half a head", "half a body", "asked", "answered")

    def leave(self, client, way):
        if way == "rst":
            client.reset()
        elif way == "half":
            client.socket.shutdown(1)
        else:
            client.close()

    def reach(self, server, phase):
        """A client in a phase of its request, whose answer would take long."""
        client = server.connect()
        request = server.stream_request("Tell me a story", 1900)
        head = request.index(b"\r\n\r\n")
        parts = {"connected": b"", "half a head": request[: head // 2], "half a body": request[: head + 20]}
        client.send(parts.get(phase, request))
        if phase in ("answered", "streaming"):
            self.assertTrue(client.head().startswith(b"HTTP/1.1 "))
        if phase == "streaming":
            client._until(b"data: ")
        return client

    def vanish(self, server, num_clients, batch=BATCH):
        """All at once: first as many as the batch holds, which have their first tokens; the others find a full batch,
        and some a full queue."""
        phases = ["streaming"] * batch + [self.PHASES[i % len(self.PHASES)] for i in range(num_clients - batch)]
        clients = [self.reach(server, phase) for phase in phases]
        if batch:
            self.assertEqual(set(server.busy_gauges()), set(IDLE_GAUGES))  # all of them say so
        for i, client in enumerate(clients):
            self.leave(client, self.WAYS[i // len(self.PHASES) % len(self.WAYS)])
        return clients

    def test_nothing_is_left_of_them(self):
        """H50"""
        server = self.start("--max-batch-size", str(BATCH), "--max-queued-requests", str(QUEUE))
        self.assert_alive(server)
        files, begin_rss = server.num_files(), server.rss_kib()
        rounds = 50 if LONG else 2
        for _ in range(rounds):
            clients = self.vanish(server, 200)
            # The places are free again: the next one is served, and at once rather than after what was abandoned.
            self.assertTrue(wait_until(lambda: server.post("/chat", {"prompt": "x", "max_new_tokens": 4})[0] == 200, 30))
            self.assertTrue(server.is_idle(), server.busy_gauges())
            for client in clients:
                client.close()
        self.assertTrue(wait_until(lambda: server.num_files() <= files, 30), (server.num_files(), files))
        self.assertLess(1024 * (server.rss_kib() - begin_rss), RSS_MARGIN_BYTES)
        self.assert_alive(server)
        say(f"{rounds} times 200 clients vanished: {server.num_files()} files open as before, memory "
            f"+{(server.rss_kib() - begin_rss) / 1024:.1f} MiB")

    def test_answers_beside_them_are_right(self):
        server = self.start("--max-batch-size", str(BATCH), "--max-queued-requests", "1000")
        command = server.bench_command("--dataset", self.prompts, "--num-prompts", 3000 if LONG else 100,
                                       "--max-concurrency", 4, "--check-answers")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bench:
            while bench.poll() is None:
                for client in self.vanish(server, 40, batch=0):
                    client.close()
                wait_until(lambda: bench.poll() is not None, 0.2)
            report = json.loads(bench.stdout.read())
        self.assertEqual((bench.returncode, report["failures"]), (0, []))
        self.assert_alive(server)

    def test_connections_that_ask_nothing(self):
        """H01"""
        server = self.start()
        files, num = server.num_files(), 20_000 if LONG else 500
        for i in range(num):
            client = server.connect()
            client.reset() if i % 2 else client.close()
        self.assertTrue(wait_until(lambda: server.num_files() <= files, 30), (server.num_files(), files))
        self.assert_alive(server)


class SlowReaders(LoadTest):
    """Clients that ask for much and read nothing hold back only themselves."""

    def test_others_are_served(self):
        """H49"""
        server = self.start("--max-batch-size", "16", "--max-queued-requests", "64")
        load = ["--dataset", self.prompts, "--num-prompts", 2000 if LONG else 60, "--max-concurrency", 4, "--check-answers"]
        alone = server.bench(*load)
        slow = [server.connect() for _ in range(8)]
        try:
            for client in slow:  # several answers on one connection: more than its buffers hold
                client.send(server.stream_request("Tell me a story", 1900) * 5)
            beside = server.bench(*load)
        finally:
            for client in slow:
                client.close()
        self.assertEqual((alone["failures"], beside["failures"]), ([], []))
        self.assert_alive(server)
        say(f"8 clients that do not read: ITL p99 {beside['p99_itl_ms']:.1f} ms beside them, "
            f"{alone['p99_itl_ms']:.1f} ms before")


class Closing(LoadTest):
    """SIGTERM under load loses no answer that fits into the drain time."""

    def close_under_load(self, num_tokens, *arguments):
        server = self.start("--max-batch-size", str(BATCH), "--max-queued-requests", str(DRAIN_STREAMS), *arguments)
        clients = [server.connect(60) for _ in range(DRAIN_STREAMS)]
        for client in clients:
            client.send(server.stream_request("Tell me a story", num_tokens))
        heads = [client.head() for client in clients]
        self.assertTrue(all(head.startswith(b"HTTP/1.1 200 ") for head in heads), heads)
        server.process.send_signal(signal.SIGTERM)
        self.assertTrue(wait_until(lambda: "closing" in server.output))
        late = server.connect()
        late.send(server.stream_request("too late", 4))
        answers = [None] * len(clients)

        def read(i):
            answers[i] = clients[i].rest()

        threads = [threading.Thread(target=read, args=(i,)) for i in range(len(clients))]
        for thread in threads:
            thread.start()
        refusal = late.response()
        for thread in threads:
            thread.join()
        for client in [*clients, late]:
            client.close()
        code = server.process.wait(timeout=60)
        return answers, refusal, code, server.output

    def test_no_answer_is_lost(self):
        begin, rounds = time.monotonic(), 20 if LONG else 2
        for _ in range(rounds):
            answers, refusal, code, output = self.close_under_load(40)
            self.assertEqual(code, 0, output)
            for answer in answers:
                self.assertIn(b"event: done", answer)
                self.assertTrue(answer.endswith(b"0\r\n\r\n"), answer[-100:])
            # It may have come after the last answer, when the server was gone.
            if refusal.status != 0:
                self.assertEqual((refusal.status, refusal.code()), (503, "draining"))
                self.assertEqual(refusal.fields["connection"], "close")
                self.assertIn(int(refusal.fields["retry-after"]), range(1, 61))
        say(f"{rounds} times {DRAIN_STREAMS} streams outlived SIGTERM, {(time.monotonic() - begin) / rounds:.1f} s each")

    def test_answers_that_do_not_fit_say_so(self):
        answers, _, code, output = self.close_under_load(1900, "--drain-timeout", "100ms")
        self.assertEqual(code, 0, output)
        for answer in answers:
            events = answer.split(b"event: ")
            self.assertTrue(events[-1].startswith(b"error\n"), answer[-300:])
            self.assertIn(b'"draining"', events[-1])
            self.assertTrue(answer.endswith(b"0\r\n\r\n"), answer[-100:])
        self.assertIn("with answers cut off", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
