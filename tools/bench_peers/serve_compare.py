#!/usr/bin/env python3
"""Compares youtu-serve's server with llama.cpp's under the same load on one model file: the same prompts, lengths,
threads and places, measured by one load generator (`youtu bench serve`), in turns (A B A B) on the same machine.
docs/peers.md says what makes it fair.

usage: serve_compare.py --model X.gguf [--program build/youtu] [--concurrency 8] [--num-prompts 16] [--input-len 64]
                        [--output-len 64] [--rounds 2] [--threads N] [--api native] [--json]

The environment variable LLAMA_SERVER names the llama-server (with options, if you like).
"""
import argparse
import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from compare import EXIT_FAILED, MAX_ROUNDS, MAX_THREADS, ROOT, count, end_cleanly
from engines import EngineError, last_line
from machine_load import LoadReading, LoadWatch

VERSION = 1
LOADING_SECONDS = 600
CLOSING_SECONDS = 60
MAX_CONCURRENCY = 256
MAX_TOKENS = 1 << 16
CONTEXT_MARGIN = 64  # random prompts are as long as words come, and templates add their own
MIN_CONTEXT = 1024  # for the two prompts by which the load generator learns how long words are
# key of `youtu bench serve --json`, title, whether more is better
FIGURES = (
    ("total_token_throughput", "total tokens/s", True),
    ("output_throughput", "output tokens/s", True),
    ("median_ttft_ms", "TTFT p50, ms", False),
    ("p99_ttft_ms", "TTFT p99, ms", False),
    ("median_tpot_ms", "TPOT p50, ms", False),
    ("median_itl_ms", "ITL p50, ms", False),
    ("p99_itl_ms", "ITL p99, ms", False),
    ("max_itl_ms", "ITL max, ms", False),
)


@dataclass(frozen=True)
class Contender:
    """A server program: how it is started on a port, and by which interface it is measured."""

    name: str
    api: str
    command: list

    def on_port(self, port):
        return [word.replace("{port}", str(port)) for word in self.command]


@dataclass(frozen=True)
class Sample:
    side: str
    round: int
    report: dict
    load: LoadReading


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_healthy(url):
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(CLOSING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running(contender):
    """(url, pid) of a server that has loaded its model."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    try:
        process = subprocess.Popen(
            contender.on_port(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise EngineError(f"{contender.name}: {contender.command[0]}: {error.strerror}") from error
    try:
        give_up = time.monotonic() + LOADING_SECONDS
        while not is_healthy(url):
            if process.poll() is not None:
                raise EngineError(f"{contender.name}: ended with {process.returncode} while it loaded")
            if time.monotonic() > give_up:
                raise EngineError(f"{contender.name}: not healthy within {LOADING_SECONDS} s")
            time.sleep(0.1)
        yield url, process.pid
    finally:
        stop(process)


def load_command(arguments, contender, url):
    """Warm-up and measurement; the same seed, so the same prompts, for both."""
    options = {
        "--url": url,
        "--api": contender.api,
        "--input-len": arguments.input_len,
        "--output-len": arguments.output_len,
        "--num-prompts": arguments.num_prompts,
        "--num-warmups": arguments.num_warmups,
        "--max-concurrency": arguments.concurrency,
        "--timeout": 3600,
    }
    words = [str(word) for pair in options.items() for word in pair]
    return [str(arguments.program), "bench", "serve", *words, "--json"]


def measure(arguments, contender):
    with running(contender) as (url, pid):
        watch = LoadWatch([pid])
        command = load_command(arguments, contender, url)
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise EngineError(f"{arguments.program}: {error.strerror}") from error
        load = watch.reading()
    if done.returncode != 0:
        raise EngineError(f"{contender.name}: {last_line(done.stderr)}")
    report = json.loads(done.stdout)
    if report["failed"]:
        raise EngineError(f"{contender.name}: {report['failed']} requests failed: {report['failures']}")
    wanted = arguments.num_prompts * arguments.output_len
    if report["total_output_tokens"] != wanted:
        raise EngineError(
            f"{contender.name}: {report['total_output_tokens']} tokens where {wanted} were asked for"
        )
    return report, load


def contenders(arguments):
    peer = shlex.split(os.environ.get("LLAMA_SERVER", ""))
    if not peer:
        raise EngineError("LLAMA_SERVER must name the llama-server to compare with (docs/peers.md)")
    threads, places = str(arguments.threads), str(arguments.concurrency)
    context = max(MIN_CONTEXT, arguments.input_len + arguments.output_len + CONTEXT_MARGIN)
    ours = [arguments.program, "serve", "--model", arguments.model, "--port", "{port}", "--sessions=false"]
    ours += ["--threads", threads, "--max-batch-size", places, "--max-context-tokens", context]
    peer += ["--model", arguments.model, "--host", "127.0.0.1", "--port", "{port}"]
    peer += ["--threads", threads, "--threads-batch", threads, "--parallel", places]
    peer += ["--ctx-size", context * arguments.concurrency]
    return {
        "peer": Contender("llama-server", "openai", [str(word) for word in peer]),
        "ours": Contender("youtu-serve", arguments.api, [str(word) for word in ours]),
    }


def run_rounds(arguments, sides):
    samples = []
    for number in range(arguments.rounds):
        for side, contender in sides.items():
            report, load = measure(arguments, contender)
            samples.append(Sample(side, number, report, load))
            print(
                f"round {number + 1}, {contender.name}: {report['total_token_throughput']:.2f} tokens/s in all,"
                f" ITL p99 {report['p99_itl_ms']:.0f} ms"
                f" (load {load.load_average:.1f}, others {load.other_cores:.1f} cores)",
                file=sys.stderr,
                flush=True,
            )
    return samples


def figure_of(samples, side, key):
    return [sample.report[key] for sample in samples if sample.side == side]


def make_report(arguments, sides, samples):
    rows = []
    for key, title, more_is_better in FIGURES:
        values = {side: figure_of(samples, side, key) for side in sides}
        middle = {side: median(found) for side, found in values.items()}
        row = {"figure": key, "title": title, "more_is_better": more_is_better, **values}
        row["ratio"] = middle["ours"] / middle["peer"] if middle["peer"] else None
        rows.append(row)
    return {
        "version": VERSION,
        "model": str(arguments.model),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "concurrency": arguments.concurrency,
        "num_prompts": arguments.num_prompts,
        "input_len": arguments.input_len,
        "output_len": arguments.output_len,
        **{f"{side}_api": contender.api for side, contender in sides.items()},
        **{f"{side}_command": shlex.join(contender.command) for side, contender in sides.items()},
        **{
            f"{side}_tokens_per_piece": median(
                sample.report["total_output_tokens"] / max(1, sample.report["text_pieces"])
                for sample in samples
                if sample.side == side
            )
            for side in sides
        },
        "input_tokens": {side: figure_of(samples, side, "total_input_tokens") for side in sides},
        "load_average": [sample.load.load_average for sample in samples],
        "other_cores": [sample.load.other_cores for sample in samples],
        "rows": rows,
    }


def spread(values):
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def to_table(report):
    text = [
        f"model: {report['model']}, {report['threads']} threads, {report['rounds']} rounds",
        f"load:  {report['concurrency']} at once, {report['num_prompts']} prompts of"
        f" {report['input_len']} + {report['output_len']} tokens",
        f"ours:  measured by its {report['ours_api']} interface; {report['ours_tokens_per_piece']:.2f} tokens per piece"
        " of text",
        f"peer:  {report['peer_command']}",
        f"       measured by its {report['peer_api']} interface; {report['peer_tokens_per_piece']:.2f} tokens per piece"
        " of text",
        "",
        f"{'':16}{'ours':>28}{'peer':>28}{'ours / peer':>14}",
    ]
    for row in report["rows"]:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        better = "more" if row["more_is_better"] else "less"
        text.append(
            f"{row['title']:16}{spread(row['ours']):>28}{spread(row['peer']):>28}{ratio:>14}  ({better} is better)"
        )
    loads, others = report["load_average"], report["other_cores"]
    text.append(
        f"load average {min(loads):.1f}-{max(loads):.1f}, other processes {min(others):.1f}-{max(others):.1f} cores"
    )
    return "\n".join(text) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="a .gguf file")
    parser.add_argument("--program", type=Path, default=ROOT / "build/youtu")
    parser.add_argument("--concurrency", type=count(MAX_CONCURRENCY), default=8)
    parser.add_argument("--num-prompts", type=count(MAX_TOKENS), default=16)
    parser.add_argument("--num-warmups", type=count(MAX_TOKENS), default=8)
    parser.add_argument("--input-len", type=count(MAX_TOKENS), default=64)
    parser.add_argument("--output-len", type=count(MAX_TOKENS), default=64)
    parser.add_argument("--rounds", type=count(MAX_ROUNDS), default=2)
    parser.add_argument(
        "--threads", type=count(MAX_THREADS), default=len(os.sched_getaffinity(0))
    )
    parser.add_argument("--api", choices=("native", "openai"), default="native", help="of ours")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_cleanly)
    try:
        if not arguments.model.is_file():
            raise EngineError(f"--model {arguments.model}: no such file (a .gguf, which both read)")
        sides = contenders(arguments)
        report = make_report(arguments, sides, run_rounds(arguments, sides))
    except EngineError as error:
        print(f"serve_compare: {error}", file=sys.stderr)
        return EXIT_FAILED
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if arguments.json else to_table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
