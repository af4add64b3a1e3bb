"""A day of use, one request after the other as fast as they are answered: short chats, sessions that are deleted or
expire, streams, long prompts, clients that leave, that do not read, and that send nonsense. Every answer is the one its
prompt had when it was asked alone, and nothing grows: memory, files, threads, the store, the log. The long form is
86,400 requests: a day of one in a second."""

import json
import os
import random
import statistics
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server_under_load import LONG, MIB, PROGRAM, ServerUnderLoad, say, write_prompts

NUM_REQUESTS = 86_400 if LONG else 400
NUM_CLIENTS = 8
NUM_QUIET_POINTS = 40 if LONG else 4
ANSWER_TOKENS = 8
SEED = int(os.environ.get("YOUTU_TEST_SEED", "1"))

# methods of Soak: how many of a hundred requests
MIX = {"chat": 50, "talk": 10, "stream": 20, "read_much": 10, "leave": 5, "talk_nonsense": 3, "read_slowly": 2}
LOG_BYTES, LOG_FILES = 256 << 10, 3
MAX_STORE_BYTES = 32 * MIB
# After the first tenth of the requests, and with 95 % certainty.
MAX_GROWTH_PER_REQUEST = 0.5 * MIB / 10_000
RSS_MARGIN_BYTES = 64 * MIB

NONSENSE = (  # path, body, status
    ("/chat", "{", 400),
    ("/chat", '{"prompt": 7}', 400),
    ("/chat", '{"prompt": "x", "max_new_tokens": -1}', 400),
    ("/chat", '{"prompt": "x", "session_id": "nobody-has-this"}', 404),
    ("/v1/chat/completions", '{"messages": []}', 400),
    ("/v1/chat/completions", '{"model": "another", "messages": [{"role": "user", "content": "x"}]}', 404),
    ("/nowhere", "{}", 404),
)


def growth_per_request(points):
    """Of (requests, bytes): the slope of the straight line through them, and the end of its 95 % interval above."""
    slope, intercept = statistics.linear_regression(*zip(*points))
    mean = statistics.fmean(x for x, _ in points)
    spread = sum((x - mean) ** 2 for x, _ in points)
    rest = sum((y - slope * x - intercept) ** 2 for x, y in points)
    return slope, slope + 1.7 * (rest / (len(points) - 2) / spread) ** 0.5


class Soak(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.server = ServerUnderLoad(
            "--max-batch-size", NUM_CLIENTS, "--session-ttl", "5s", "--data-dir", self.folder / "data",
            "--access-log", self.folder / "access.log", "--access-log-bytes", LOG_BYTES, "--access-log-files", LOG_FILES)
        self.addCleanup(self.server.stop)
        with open(write_prompts(self.folder / "prompts.jsonl", 72, ANSWER_TOKENS), encoding="utf-8") as file:
            prompts = [json.loads(line)["prompt"] for line in file]
        self.known = {prompt: self.post_chat(prompt)["response"] for prompt in prompts}
        self.prompts = prompts

    def body(self, prompt, **fields):
        return {"prompt": prompt, "temperature": 0, "max_new_tokens": ANSWER_TOKENS, "ignore_eos": True, **fields}

    def post_chat(self, prompt, **fields):
        status, answer = self.server.post("/chat", self.body(prompt, **fields))
        self.assertEqual(status, 200, answer)
        return json.loads(answer)

    def ask(self, number):
        """One request; how long its answer took."""
        rng = random.Random(SEED * 1_000_003 + number)
        kind = rng.choices(list(MIX), MIX.values())[0]
        begin = time.monotonic()
        getattr(self, kind)(number, rng, rng.choice(self.prompts))
        return kind, time.monotonic() - begin

    # The kinds of MIX.

    def chat(self, _number, _rng, prompt, **fields):
        self.assertEqual(self.post_chat(prompt, **fields)["response"], self.known[prompt])

    def talk(self, number, rng, prompt):
        """Two turns of a new session, which is then deleted or left to expire."""
        session = f"soak-{SEED}-{number}"
        self.assertEqual(self.server.post("/sessions", {"session_id": session})[0], 201)
        self.chat(number, rng, prompt, session_id=session)
        self.assertEqual(self.post_chat("And then?", session_id=session)["turn"], 2)
        if rng.random() < 0.5:
            self.assertEqual(self.server.request("DELETE", f"/sessions/{session}")[0], 200)

    def stream(self, _number, _rng, prompt, pause_s=0):
        client = self.server.connect(60)
        try:
            client.send(self.server.stream_request(prompt, ANSWER_TOKENS))
            time.sleep(pause_s)
            events = client.response().body.decode("utf-8").split("\n\n")
        finally:
            client.close()
        self.assertEqual([event for event in events if event.startswith("event: ")], [events[-2]], events)
        self.assertTrue(events[-2].startswith("event: done\n"), events)
        texts = [json.loads(event.removeprefix("data: "))["text"] for event in events if event.startswith("data: ")]
        self.assertEqual("".join(texts), self.known[prompt])

    def read_slowly(self, number, rng, prompt):
        self.stream(number, rng, prompt, pause_s=0.05)

    def read_much(self, number, _rng, prompt):
        """A prompt of some hundred tokens that was never seen: the prefix cache has to let others go."""
        usage = self.post_chat(f"({number}) " + f"{prompt} " * 30)["usage"]
        self.assertEqual(usage["completion_tokens"], ANSWER_TOKENS)

    def leave(self, _number, rng, _prompt):
        client = self.server.connect()
        client.send(self.server.stream_request("Tell me a story", 1900))
        if rng.random() < 0.5:
            self.assertIn(b" 200 ", client.head())
        client.reset() if rng.random() < 0.5 else client.close()

    def talk_nonsense(self, _number, rng, _prompt):
        path, body, status = rng.choice(NONSENSE)
        answered = self.server.request("POST", path, body, {"Content-Type": "application/json"})
        self.assertEqual(answered[0], status, answered)

    # What must not grow.

    def bytes_below(self, *names):
        return sum(path.stat().st_size for name in names for path in self.folder.glob(name) if path.is_file())

    def look(self):
        """At a moment at which nobody asks."""
        self.assertTrue(self.server.is_idle(), self.server.busy_gauges())
        self.assertEqual(self.server.get("/health")[0], 200)
        self.assertLess(self.bytes_below("data/*"), MAX_STORE_BYTES)
        self.assertLessEqual(self.bytes_below("access.log*"), (LOG_FILES + 1) * LOG_BYTES)
        return {"rss": 1024 * self.server.rss_kib(), "files": self.server.num_files(),
                "threads": len(os.listdir(f"/proc/{self.server.process.pid}/task"))}

    def test_nothing_grows(self):
        begin, looks, times = time.monotonic(), [self.look()], []
        step = NUM_REQUESTS // NUM_QUIET_POINTS
        with ThreadPoolExecutor(NUM_CLIENTS) as clients:
            for first in range(0, NUM_REQUESTS, step):
                times.append([seconds for kind, seconds in clients.map(self.ask, range(first, first + step))
                              if kind == "chat"])
                looks.append(self.look())
        self.assertLessEqual(max(look["files"] for look in looks), looks[0]["files"] + 2, looks)
        self.assertEqual({look["threads"] for look in looks}, {looks[0]["threads"]})
        self.assertLess(looks[-1]["rss"] - looks[0]["rss"], RSS_MARGIN_BYTES)
        self.report(looks, times, step, time.monotonic() - begin)

    def report(self, looks, times, step, seconds):
        warm = [(i * step, look["rss"]) for i, look in enumerate(looks) if i * step >= NUM_REQUESTS / 10]
        slope, upper = growth_per_request(warm)
        quarter = len(times) // 4
        p99 = [1e3 * statistics.quantiles(sum(part, []), n=100)[98] for part in (times[:quarter], times[-quarter:])]
        say(f"{NUM_REQUESTS} requests, {NUM_REQUESTS / seconds:.0f}/s: memory {looks[0]['rss'] / MIB:.1f} to "
            f"{looks[-1]['rss'] / MIB:.1f} MiB, {1e4 * slope / MIB:+.2f} (at most {1e4 * upper / MIB:+.2f}) MiB for 10,000; "
            f"{looks[-1]['files']} files, {looks[-1]['threads']} threads; p99 of a chat {p99[0]:.0f} ms in the first "
            f"quarter, {p99[1]:.0f} ms in the last; store {self.bytes_below('data/*') / MIB:.1f} MiB, seed {SEED}")
        if LONG:
            self.assertLess(upper, MAX_GROWTH_PER_REQUEST)
