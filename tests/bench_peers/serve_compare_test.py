"""`make bench-peers-serve` without its 2B model: the real server (YOUTU_PROGRAM) on a tiny model against a stand-in for
llama-server whose answers are known.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from test_run import program_from_environment, run

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "tools/bench_peers"
STAND_IN = HERE / "stand_in_server.py"
TINY = "--layers 2 --heads 2 --hidden 256 --intermediate 512 --q-rank 256 --vocab 512".split()
LOAD = "--rounds 2 --num-prompts 4 --num-warmups 1 --concurrency 2 --input-len 8 --output-len 5 --threads 1".split()


class ServeCompare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "log"
        self.log.touch()
        self.model = pathlib.Path(folder.name) / "tiny.gguf"
        command = [sys.executable, str(TOOLS / "write_random_gguf.py"), str(self.model), *TINY]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def compare(self, *options, peer=str(STAND_IN), **environment):
        program = program_from_environment("YOUTU_PROGRAM")
        environment = {"LLAMA_SERVER": peer, "STAND_IN_LOG": str(self.log)} | environment
        command = [sys.executable, str(TOOLS / "serve_compare.py"), "--model", str(self.model)]
        return subprocess.run(
            [*command, "--program", program, *LOAD, *options],
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ | environment,
        )

    def test_report(self):
        done = self.compare("--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual((report["version"], report["ours_api"], report["peer_api"]), (1, "native", "openai"))
        self.assertEqual(report["input_tokens"]["peer"], [32, 32])  # 4 prompts of 8 words
        rows = {row["figure"]: row for row in report["rows"]}
        throughput = rows["total_token_throughput"]
        self.assertEqual((len(throughput["ours"]), len(throughput["peer"])), (2, 2))
        ours, peer = (sum(throughput[side]) / 2 for side in ("ours", "peer"))
        self.assertAlmostEqual(throughput["ratio"], ours / peer)
        self.assertEqual(self.log.read_text().count("--parallel 2 --ctx-size 2048"), 2)
        turns = [line.split(",")[1].split(":")[0].strip() for line in done.stderr.splitlines()]
        self.assertEqual(turns, ["llama-server", "youtu-serve"] * 2)

    def test_table(self):
        done = self.compare("--rounds", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in ("total tokens/s", "ITL p99, ms", "TTFT p50, ms", "native interface", "load average"):
            self.assertIn(words, done.stdout)

    def test_failures_are_one_line(self):
        cases = {
            "LLAMA_SERVER must name": dict(peer=""),
            "gone: No such file": dict(peer="/gone"),
            "ended with 1 while it loaded": dict(peer="/bin/false"),
            "16 tokens where 20 were asked for": dict(STAND_IN_SHORT="1"),
        }
        for text, arguments in cases.items():
            with self.subTest(text):
                done = self.compare(**arguments)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn(text, done.stderr.splitlines()[-1])


if __name__ == "__main__":
    run()
