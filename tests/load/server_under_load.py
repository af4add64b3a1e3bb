"""The real server, what can be seen of it from outside while it works, and the load that it is put under."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from running_server import RunningServer  # noqa: E402

# The arguments of load_test.py; what is left of them are names of tests.
PROGRAM = sys.argv.pop(1)
LONG = "--long" in sys.argv
sys.argv = [word for word in sys.argv if word != "--long"]

BENCH_TIMEOUT_S = 7200
MIB = 1 << 20


class ServerUnderLoad(RunningServer):
    """`shares_cpus=False` gives half of the processors to the server and half to its load, where there are two: what the
    server keeps up when too much is asked is then its own doing, not what its clients leave to it."""

    def __init__(self, *arguments, shares_cpus=True):
        cpus = sorted(os.sched_getaffinity(0))
        half = len(cpus) // 2
        self.bench_cpus = cpus if shares_cpus or half == 0 else cpus[half:]
        os.sched_setaffinity(0, cpus if shares_cpus or half == 0 else cpus[:half])  # what a child begins with
        try:
            super().__init__([PROGRAM, "serve", "--port", "0", *map(str, arguments)],
                             ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)
        finally:
            os.sched_setaffinity(0, cpus)
        self.url = f"http://127.0.0.1:{self.port}"

    def bench_command(self, *arguments):
        return [PROGRAM, "bench", "serve", "--url", self.url, "--json", *map(str, arguments)]

    def bench(self, *arguments):
        """The report of `youtu bench serve`."""
        done = subprocess.run(self.bench_command(*arguments), capture_output=True, text=True, timeout=BENCH_TIMEOUT_S,
                              check=False, preexec_fn=lambda: os.sched_setaffinity(0, self.bench_cpus))
        if done.returncode != 0:
            raise AssertionError(f"{done.stderr}\n{done.stdout}")
        return json.loads(done.stdout)

    def num_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stream_request(self, prompt, max_new_tokens, connection="keep-alive"):
        body = json.dumps({"prompt": prompt, "temperature": 0, "max_new_tokens": max_new_tokens, "ignore_eos": True,
                           "stream_format": "json"}).encode("utf-8")
        return (b"POST /chat_stream HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % (connection.encode(), len(body))) + body


class Watch:
    """Asks for /health and looks at the memory, over and over, while it is entered."""

    def __init__(self, server, pause_s=0.05):
        self.server, self.pause_s = server, pause_s
        self.health_ms, self.bad_health, self.max_rss_kib = [], [], 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self):
        while not self.is_over.wait(self.pause_s):
            begin = time.monotonic()
            try:
                answer = self.server.get("/health")
            except OSError as error:
                answer = (0, repr(error))
            self.health_ms.append(1e3 * (time.monotonic() - begin))
            if answer[0] != 200 and "too_many_connections" not in answer[1]:
                self.bad_health.append(answer)
            self.max_rss_kib = max(self.max_rss_kib, self.server.rss_kib())

    def health_p99_ms(self):
        ordered = sorted(self.health_ms)
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else 0.0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def write_prompts(path, num, max_tokens):
    """JSON lines of so many prompts, each different from the others."""
    questions = ("Tell me about {}", "What is {}?", "写一个关于{}的笑话", "解释{}", "Write a short story about {}", "{}是什么？")
    things = ("rain", "tea", "the moon", "a river", "music", "月亮", "茶", "光", "重力", "图书馆", "the sea", "a train")
    with open(path, "w", encoding="utf-8") as file:
        for i in range(num):
            question, thing = questions[i % len(questions)], things[i // len(questions) % len(things)]
            number = i // (len(questions) * len(things))
            prompt = question.format(thing) + (f" ({number})" if number else "")
            file.write(json.dumps({"prompt": prompt, "max_tokens": max_tokens}, ensure_ascii=False) + "\n")
    return str(path)


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)
