#!/usr/bin/env python3
"""Compares youtu-serve's speed with llama.cpp's on one model file: the same shapes, bits and threads, measured in turns
(A B A B) on the same machine. docs/peers.md says what is compared and what makes it fair.

usage: compare.py --model X.gguf [--program build/youtu] [--cases stream_1,prompt_512] [--rounds 3] [--threads N]
                  [--isa avx2] [--llama-variant haswell] [--json]

The environment variable LLAMA_BATCHED_BENCH names a llama-batched-bench of yours (with options, if you like): then that
is the peer, and not the library of the npm package node-llama-cpp.
"""
import argparse
import json
import os
import signal
import sys
from pathlib import Path

from cases import CASES, select_cases
from engines import EngineError, LlamaLibrary, LlamaProgram, Youtu
from machine_load import BusyCores, LoadWatch
from report import Sample, make_report, to_table

ROOT = Path(__file__).resolve().parents[2]
MAX_ROUNDS = 1000
MAX_THREADS = 1024
EXIT_FAILED = 1  # argparse ends with 2 where a flag is wrong


def measure(engine, request, engines):
    def watched():
        watch = LoadWatch([pid for each in engines for pid in each.pids])
        return engine.measure(request), watch.reading()

    if not request.busy:
        return watched()
    with BusyCores():
        return watched()


def run_rounds(ours, peer, requests, rounds, progress):
    """Every sample of the comparison. Within a round each request is answered by both, one after the other."""
    samples = []
    engines = {"peer": peer, "ours": ours}
    for number in range(rounds):
        for request in requests:
            for side, engine in engines.items():
                speeds, load = measure(engine, request, engines.values())
                samples.append(Sample(side, number, request, speeds, load))
                progress(samples[-1])
    return samples


def show_progress(sample):
    request, speeds = sample.request, sample.speeds
    figures = [
        f"{kind} {speed:.2f} tokens/s"
        for kind, speed in (("prompt", speeds.prompt), ("generate", speeds.generate))
        if speed is not None
    ]
    what = f"{request.batch} x ({request.prompt} + {request.tokens})"
    busy = ", cores busy" if request.busy else ""
    print(
        f"round {sample.round + 1}, {sample.engine}, {what}{busy}: {', '.join(figures)}"
        f" (load {sample.load.load_average:.1f}, others {sample.load.other_cores:.1f} cores)",
        file=sys.stderr,
        flush=True,
    )


def open_peer(arguments):
    command = os.environ.get("LLAMA_BATCHED_BENCH")
    if not command:
        return LlamaLibrary(arguments.model, arguments.threads, arguments.llama_variant)
    if arguments.llama_variant:
        raise EngineError("--llama-variant chooses in node-llama-cpp, but LLAMA_BATCHED_BENCH is set")
    return LlamaProgram(command, arguments.model, arguments.threads)


def compare(arguments):
    cases = select_cases(arguments.cases)
    requests = list(dict.fromkeys(case.request for case in cases))
    if not arguments.model.is_file():
        raise EngineError(f"--model {arguments.model}: no such file (a .gguf, which both engines read)")
    ours = Youtu(arguments.program, arguments.model, arguments.threads, arguments.isa, arguments.load)
    peer = open_peer(arguments)
    try:
        samples = run_rounds(ours, peer, requests, arguments.rounds, show_progress)
        setting = {
            "model": str(arguments.model),
            "threads": arguments.threads,
            "rounds": arguments.rounds,
            "ours": ours.describe(),
            "peer": peer.describe(),
        }
    finally:
        peer.close()
    return make_report(cases, samples, setting)


def count(limit):
    def parse(text):
        value = int(text)
        if not 1 <= value <= limit:
            raise argparse.ArgumentTypeError(f"{value} is not in 1 to {limit}")
        return value

    parse.__name__ = "count"
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="a .gguf file")
    parser.add_argument("--program", type=Path, default=ROOT / "build/youtu")
    parser.add_argument(
        "--cases",
        type=lambda text: [name for name in text.replace(",", " ").split()],
        help=f"default: all of {', '.join(CASES)}",
    )
    parser.add_argument("--rounds", type=count(MAX_ROUNDS), default=3)
    parser.add_argument(
        "--threads", type=count(MAX_THREADS), default=len(os.sched_getaffinity(0))
    )
    parser.add_argument("--isa", help="our instruction set; default: the machine's best")
    parser.add_argument("--load", choices=("map", "read"), help="where our weights lie; default: map")
    parser.add_argument("--llama-variant", help="llama.cpp's CPU library; default: its best that runs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    try:
        select_cases(arguments.cases)
    except ValueError as error:
        parser.error(f"--cases: {error}")
    return arguments


def end_cleanly(number, _):
    """As an exception, which ends the engines and the busy processes on its way."""
    sys.exit(128 + number)


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_cleanly)
    try:
        report = compare(arguments)
    except EngineError as error:
        print(f"compare: {error}", file=sys.stderr)
        return EXIT_FAILED
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if arguments.json else to_table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
