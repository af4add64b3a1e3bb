"""The engines that are compared, behind one interface: measure(request) -> Speeds. An engine computes only inside that
call. Ours is `youtu bench`; the peer is llama.cpp, as a library through llama_worker.mjs or as the program
llama-batched-bench where the user names one.
"""
import contextlib
import json
import os
import select
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FOLDER = Path(__file__).resolve().parent
NODE_PACKAGE = FOLDER.parents[1] / "tests/node/node_modules/node-llama-cpp"
# A 2B prompt of 4096 tokens takes llama.cpp two minutes on two quiet cores, and ten times that on busy ones.
MEASUREMENT_SECONDS = 3600
LOADING_SECONDS = 600
ERROR_CHARACTERS = 500
LOST_ANSWERS = 3


class EngineError(Exception):
    """One line that says which engine could not do what."""


@dataclass(frozen=True)
class Speeds:
    prompt: float | None = None  # tokens per second
    generate: float | None = None  # of all sequences together
    bandwidth_fraction: float | None = None  # of the generation, where the engine says so
    peak_fraction: float | None = None  # of the prompt, likewise


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:ERROR_CHARACTERS] if lines else "it said nothing"


def run_program(name, command):
    """stdout of a program that is expected to succeed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=MEASUREMENT_SECONDS, check=False
        )
    except OSError as error:
        raise EngineError(f"{name}: {command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{name}: no answer within {MEASUREMENT_SECONDS} s") from error
    if done.returncode != 0:
        why = last_line(done.stderr or done.stdout)
        raise EngineError(f"{name} ended with exit code {done.returncode}: {why}")
    return done.stdout


def median_machine(machines):
    """Numbers are medians, words those of the last."""
    return {
        key: median(machine[key] for machine in machines) if type(value) in (int, float) else value
        for key, value in (machines[-1] if machines else {}).items()
    }


class Youtu:
    """`youtu bench`, one process per measurement; loading is not in its figures."""

    name = "youtu-serve"
    pids = ()

    def __init__(self, program, model, threads, isa=None, load=None):
        self.command = [str(program), "bench", "--model", str(model), "--threads", str(threads)]
        self.command += ["--isa", isa] if isa else []
        self.command += ["--load", load] if load else []
        self.command += ["--repetitions", "1", "--json"]
        self.machines = []  # as every quiet measurement found the machine

    def describe(self):
        return {"engine": self.name, "machine": median_machine(self.machines)}

    def measure(self, request):
        generates = request.tokens > 0
        options = {
            "--prompt": request.prompt,
            "--batch": request.batch if generates else 0,
            "--depth": request.prompt if generates else 0,
            "--tokens": max(request.tokens, 1),
        }
        words = [word for name, value in options.items() for word in (name, str(value))]
        output = run_program(self.name, self.command + words)
        try:
            report = json.loads(output)
            if not request.busy:
                self.machines.append(dict(report["machine"]))
            results = {result["kind"]: self.checked(result) for result in report["results"]}
            prompt, generate = results.get("prompt"), results.get("generate")
            return Speeds(
                prompt and prompt["tokens_per_second"]["median"],
                generate and generate["tokens_per_second"]["median"],
                generate and generate["bandwidth_fraction"],
                prompt and prompt["peak_fraction"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{self.name}: no report of `youtu bench`: {error!r}") from error

    def checked(self, result):
        if result.get("skipped"):
            raise EngineError(f"{self.name} skipped a {result['kind']}: {result['skipped']}")
        return result

    def close(self):
        pass


class LlamaProgram:
    """llama-batched-bench, which the user has built: one process per measurement, loading not in its figures. `command`
    may hold further options, so that it can also be that of a fork.
    """

    def __init__(self, command, model, threads):
        self.command = shlex.split(command)
        self.model, self.threads = model, threads
        self.name = Path(self.command[0]).name if self.command else ""
        self.pids = ()
        if not self.command:
            raise EngineError("LLAMA_BATCHED_BENCH is empty")

    def describe(self):
        return {"engine": "llama.cpp", "through": self.name, "command": shlex.join(self.command)}

    def measure(self, request):
        # It always computes a prompt and then generates, so at least one token of each.
        prompt, tokens = max(request.prompt, 1), max(request.tokens, 1)
        context = request.batch * (-(-(prompt + tokens) // 256) * 256)  # llama.cpp's own padding
        threads = str(self.threads)
        command = [*self.command, "-m", str(self.model), "-t", threads, "-tb", threads]
        command += ["-c", str(context), "-b", "2048", "-ub", "512", "-npl", str(request.batch)]
        # When it ends, lines that its logger's thread has not yet written are lost. A second, short measurement gives
        # the thread time for the answer to the first.
        prompts, lengths = (f"{prompt},1", tokens) if prompt > 1 else (prompt, f"{tokens},1")
        command += ["-npp", str(prompts), "-ntg", str(lengths), "--output-format", "jsonl"]
        answer = self.answer_of(command, {"pp": prompt, "tg": tokens})
        return Speeds(
            answer["speed_pp"] if request.prompt else None,
            answer["speed_tg"] if request.tokens else None,
        )

    def answer_of(self, command, wanted):
        for _ in range(LOST_ANSWERS + 1):
            output = run_program(self.name, command)
            for line in output.splitlines():
                try:
                    answer = json.loads(line)
                    if wanted.items() <= answer.items() and {"speed_pp", "speed_tg"} <= set(answer):
                        return answer
                except (ValueError, AttributeError):
                    pass  # a line for people
        raise EngineError(f"{self.name}: no answer in JSON: {last_line(output)}")

    def close(self):
        pass


class LlamaLibrary:
    """llama.cpp's library in a process of node that lives as long as this object."""

    def __init__(self, model, threads, variant=None):
        self.name = "llama.cpp"
        if not NODE_PACKAGE.is_dir():
            raise EngineError("node-llama-cpp is not installed (tools/install_npm_packages.sh)")
        command = ["node", str(FOLDER / "llama_worker.mjs"), str(model), str(threads)]
        command += [variant] if variant else []
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the worker says in its answers what went wrong
            )
        except OSError as error:
            raise EngineError(f"node: {error.strerror}") from error
        self.pids = (self.process.pid,)
        self.received = b""
        try:
            self.ready = self.next_answer(LOADING_SECONDS)
        except EngineError:
            self.close()
            raise

    def describe(self):
        facts = {key: value for key, value in self.ready.items() if key != "ready"}
        return {"engine": "llama.cpp", "through": "node-llama-cpp", **facts}

    def read_line(self, deadline):
        """Not by readline(): what it has in its own buffer, select() does not see."""
        while b"\n" not in self.received:
            left = max(0.0, deadline - time.monotonic())
            readable, _, _ = select.select([self.process.stdout], [], [], left)
            if not readable:
                raise EngineError(f"{self.name}: no answer in time")
            piece = os.read(self.process.stdout.fileno(), 1 << 16)
            if not piece:
                raise EngineError(f"{self.name}: its process ended with {self.process.wait()}")
            self.received += piece
        line, _, self.received = self.received.partition(b"\n")
        return line

    def next_answer(self, seconds):
        """Passes over what libraries print while they load."""
        deadline = time.monotonic() + seconds
        while not (line := self.read_line(deadline)).startswith(b"{"):
            pass
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(f"{self.name}: {answer['error'][:ERROR_CHARACTERS]}")
        return answer

    def measure(self, request):
        line = {"prompt": request.prompt, "batch": request.batch, "tokens": request.tokens}
        try:
            self.process.stdin.write(json.dumps(line).encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise EngineError(f"{self.name}: its process has ended") from error
        answer = self.next_answer(MEASUREMENT_SECONDS)
        return Speeds(answer["prompt"], answer["generate"])

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(OSError):  # what it no longer reads
            self.process.stdin.close()
