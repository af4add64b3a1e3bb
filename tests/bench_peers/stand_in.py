#!/usr/bin/python3
"""An engine whose speeds are known, in place of `youtu bench` and of llama-batched-bench, so that what compare.py makes
of them can be checked to the last digit. It answers in the form of whichever it is asked as.

The environment: STAND_IN_LOG, a file that gets a line at the beginning and at the end of every measurement;
STAND_IN_FAILS, an error line to end with.
"""
import json
import os
import subprocess
import sys


def option(name):
    """The first of its values."""
    return int(sys.argv[sys.argv.index(name) + 1].split(",")[0])


def busy_neighbours():
    """The busy processes that compare.py has started beside this one."""
    listed = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getppid())], capture_output=True, text=True
    )
    return listed.stdout.count("while os.getppid() == parent")


def log(text):
    with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as file:
        file.write(text + "\n")


def youtu_report(busy):
    def result(kind, batch, depth, tokens, speed):
        return {
            "kind": kind,
            "batch": batch,
            "depth": depth,
            "tokens": tokens,
            "tokens_per_second": {"median": speed, "min": speed, "max": speed},
            "bandwidth_fraction": 0.75 if kind == "generate" else 0.01,
            "peak_fraction": 0.5 if kind == "prompt" else 0.02,
            "skipped": None,
        }

    prompt, batch, depth = option("--prompt"), option("--batch"), option("--depth")
    results = []
    if prompt:
        results.append(result("prompt", 1, 0, prompt, 200.0))
    if batch:
        speed = 20.0 * batch * (0.5 if busy else 1.0)
        results.append(result("generate", batch, depth, option("--tokens"), speed))
    machine = {"cpu": "stand-in", "isa": "avx2", "read_bandwidth_gb_s": 5.0 if busy else 24.0}
    return {"version": 1, "machine": machine, "results": results}


def llama_report(busy):
    speed = 8.0 * option("-npl") * (0.125 if busy else 1.0)
    return {"pp": option("-npp"), "tg": option("-ntg"), "speed_pp": 40.0, "speed_tg": speed}


def main():
    if "STAND_IN_FAILS" in os.environ:
        print(os.environ["STAND_IN_FAILS"], file=sys.stderr)
        return 1
    is_ours = sys.argv[1] == "bench"
    busy = busy_neighbours()
    side = "ours" if is_ours else "peer"
    log(f"{side} begins" + (f" beside {busy}" if busy else ""))
    print(json.dumps(youtu_report(busy)) if is_ours else f"\n{json.dumps(llama_report(busy))}\n\n")
    log(f"{side} ends")
    return 0


if __name__ == "__main__":
    sys.exit(main())
