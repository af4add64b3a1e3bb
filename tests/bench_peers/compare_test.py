"""`make bench-peers` without its 2B model: what tools/bench_peers/compare.py makes of speeds that are known, and the
whole comparison on a tiny model, with llama.cpp and, where it has the subcommand, `youtu bench` (YOUTU_PROGRAM).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from peers import llama_is_installed
from test_run import program_from_environment, report, run

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "tools/bench_peers"
STAND_IN = HERE / "stand_in.py"
TINY = "--layers 2 --heads 2 --hidden 256 --intermediate 512 --q-rank 256 --vocab 512".split()
ROW_KEYS = {"case", "title", "kind", "ours", "peer", "ratio"}
TIMEOUT_SECONDS = 300


class ComparisonTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / "log"
        self.log.touch()

    def write_model(self, *options):
        path = self.folder / "tiny.gguf"
        command = [sys.executable, str(TOOLS / "write_random_gguf.py"), str(path), *TINY, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return path

    def compare(self, *options, model, program=STAND_IN, peer=f"{STAND_IN}", **environment):
        environment = {"STAND_IN_LOG": str(self.log), "NODE_OPTIONS": ""} | environment
        if peer:
            environment["LLAMA_BATCHED_BENCH"] = peer
        command = [sys.executable, str(TOOLS / "compare.py"), "--model", str(model)]
        return subprocess.run(
            [*command, "--program", str(program), "--threads", "1", *options],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            env={k: v for k, v in os.environ.items() if k != "LLAMA_BATCHED_BENCH"} | environment,
        )

    def report_of(self, *options, **arguments):
        done = self.compare(*options, "--json", **arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def failure_of(self, *options, code=1, **arguments):
        done = self.compare(*options, **arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr.strip().splitlines()[-1]


class KnownSpeeds(ComparisonTest):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "any.gguf"
        self.model.touch()

    def rows(self, cases, *options):
        found = self.report_of("--cases", cases, *options, model=self.model)
        self.assertEqual(found["ours"]["machine"]["read_bandwidth_gb_s"], 24.0)  # when it is quiet
        return {row["case"]: row for row in found["rows"]}

    def test_ratios_and_fractions(self):
        rows = self.rows("stream_1,streams_8,prompt_512", "--rounds", "1")
        self.assertEqual(list(rows), ["stream_1", "streams_8", "prompt_512"])
        self.assertEqual(rows["stream_1"]["ratio"], 20.0 / 8.0)
        self.assertEqual(rows["streams_8"]["ours"]["tokens_per_second"]["median"], 160.0)
        self.assertEqual(rows["stream_1"]["ours"]["fraction_of_limit"], 0.75)
        self.assertEqual(rows["prompt_512"]["ratio"], 200.0 / 40.0)
        self.assertEqual(rows["prompt_512"]["ours"]["fraction_of_limit"], 0.5)

    def test_the_engines_take_turns(self):
        rows = self.rows("stream_1,streams_2", "--rounds", "2")
        turns = ["peer begins", "peer ends", "ours begins", "ours ends"]
        self.assertEqual(self.log.read_text().splitlines(), 4 * turns)
        self.assertEqual(len(rows["stream_1"]["ours"]["rounds"]), 2)

    def test_a_long_prompt_and_its_depth_are_one_measurement(self):
        rows = self.rows("prompt_4096,depth_4096", "--rounds", "1")
        self.assertEqual(self.log.read_text().count("begins"), 2)
        self.assertEqual(rows["prompt_4096"]["ratio"], 5.0)
        self.assertEqual(rows["depth_4096"]["ratio"], 2.5)

    def test_shares_beside_busy_processes(self):
        rows = self.rows("busy", "--rounds", "1")
        cores = len(os.sched_getaffinity(0))
        self.assertEqual(list(rows), ["stream_1", "busy"])
        self.assertEqual(rows["busy"]["ours"]["share_of_quiet"], 0.5)
        self.assertEqual(rows["busy"]["peer"]["share_of_quiet"], 0.125)
        self.assertIsNone(rows["busy"]["ours"]["fraction_of_limit"])
        beside = [line for line in self.log.read_text().splitlines() if "begins" in line]
        both = ["peer begins", "ours begins"]
        self.assertEqual(beside, both + [f"{line} beside {cores}" for line in both])

    def test_the_table_has_every_row(self):
        done = self.compare("--rounds", "1", model=self.model)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in ("1 stream ", "16 streams, total", "prompt of 512", "cores busy", "2.50"):
            self.assertIn(line, done.stdout)
        self.assertIn("50 % : 12 % of quiet", done.stdout)

    def test_failures_are_one_line(self):
        cases = {
            "no such file": dict(model=self.folder / "gone.gguf"),
            "gone: No such file": dict(model=self.model, program=self.folder / "gone"),
            "youtu-serve: no report": dict(model=self.model, program="/bin/true"),
            "true: no answer in JSON": dict(model=self.model, peer="/bin/true"),
            "exit code 1: out of tokens": dict(model=self.model, STAND_IN_FAILS="out of tokens"),
        }
        for text, arguments in cases.items():
            with self.subTest(text):
                self.assertIn(text, self.failure_of("--cases", "stream_1", **arguments))

    def test_wrong_flags_end_with_2(self):
        for text, options in {
            "unknown case 'streams_3'": ("--cases", "streams_3"),
            "0 is not in 1 to 1000": ("--rounds", "0"),
            "invalid count value: 'many'": ("--threads", "many"),
        }.items():
            with self.subTest(text):
                self.assertIn(text, self.failure_of(*options, model=self.model, code=2))


class TinyModels(ComparisonTest):
    """With llama.cpp itself."""

    def check_structure(self, found):
        self.assertEqual(found["version"], 1)
        self.assertEqual(found["peer"]["through"], "node-llama-cpp")
        for row in found["rows"]:
            self.assertLessEqual(ROW_KEYS, set(row))
            for side in ("ours", "peer"):
                self.assertGreater(row[side]["tokens_per_second"]["median"], 0)
                self.assertEqual(len(row[side]["rounds"]), found["rounds"])
            speeds = (row[side]["tokens_per_second"]["median"] for side in ("peer", "ours"))
            report(row["title"], peer=next(speeds), ours=next(speeds))

    @unittest.skipUnless(llama_is_installed(), "node-llama-cpp (tests/node) or node 20 is not installed")
    def test_llama_measures_every_block_type(self):
        for block_type in ("Q4_0", "Q8_0", "Q4_K"):
            with self.subTest(block_type):
                model = self.write_model("--type", block_type)
                cases = "stream_1,streams_4,prompt_512"
                found = self.report_of("--cases", cases, "--rounds", "1", model=model, peer=None)
                self.check_structure(found)
                self.assertTrue(found["peer"]["variant"])

    @unittest.skipUnless(llama_is_installed(), "node-llama-cpp (tests/node) or node 20 is not installed")
    def test_llama_says_why_it_does_not_load(self):
        model = self.folder / "empty.gguf"
        model.write_bytes(b"GGUF")
        self.assertIn("compare: llama.cpp: ", self.failure_of(model=model, peer=None))
        variant = self.failure_of("--llama-variant", "z80", model=self.write_model(), peer=None)
        self.assertIn("no CPU library 'z80'", variant)

    @unittest.skipUnless(llama_is_installed(), "node-llama-cpp (tests/node) or node 20 is not installed")
    def test_the_whole_comparison(self):
        program = program_from_environment("YOUTU_PROGRAM")
        told = subprocess.run([program, "bench", "--help"], capture_output=True, text=True)
        if "--repetitions" not in told.stdout:
            self.skipTest("this program has no `youtu bench`")
        found = self.report_of("--rounds", "1", model=self.write_model(), program=program, peer=None)
        self.check_structure(found)
        self.assertIn("cpu", found["ours"]["machine"])


if __name__ == "__main__":
    run()
