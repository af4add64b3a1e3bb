#!/usr/bin/python3
"""In place of llama-server: answers /health and /v1/completions with as many tokens as are asked for, and a prompt's
words are its tokens. STAND_IN_LOG: a file that gets its arguments; STAND_IN_SHORT: answers are a token short."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from fake_server import FakeServer, words_of  # noqa: E402


def behave(exchange):
    length = exchange.body["max_tokens"] - ("STAND_IN_SHORT" in os.environ)
    exchange.answer(["x "] * length, prompt_tokens=words_of(exchange.body))


with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as log:
    log.write(" ".join(sys.argv[1:]) + "\n")
with FakeServer(behave, port=int(sys.argv[sys.argv.index("--port") + 1])):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()
