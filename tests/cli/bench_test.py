"""`youtu bench` and `youtu bench ops` on the demo model: the form of what they print and its arithmetic. No speed is
asserted.

  bench_test.py <program> [unittest arguments]
"""

import csv
import io
import json
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)
TIMEOUT_S = 300
MACHINE_KEYS = ["cpu", "isa", "threads", "read_bandwidth_gb_s", "peak_f32_gmac_s", "peak_int8_gmac_s", "load_average"]
MODEL_KEYS = ["path", "weight_types", "weight_bytes", "parameters"]
RESULT_KEYS = ["kind", "batch", "depth", "tokens", "steps", "tokens_per_second", "ms_per_step", "bytes_per_step",
               "gb_per_second", "read_bandwidth_gb_s", "bandwidth_fraction", "gmac_per_second", "peak_fraction",
               "load_average", "cpu_others", "cpu_stolen", "skipped"]
# Small, with a depth that the demo model's 2048 positions do not hold.
SMALL = ("--prompt", "24,600", "--batch", "1,3", "--depth", "0,40,4096", "--tokens", "4", "--repetitions", "3",
         "--threads", "2")


def run(*arguments):
    return subprocess.run([PROGRAM, "bench", *arguments], capture_output=True, timeout=TIMEOUT_S)


class BenchTest(unittest.TestCase):
    def output(self, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode()

    def assert_close(self, a, b, message=""):
        self.assertLessEqual(abs(a - b), 1e-6 * max(abs(a), abs(b)), f"{message}: {a} and {b}")


class Bench(BenchTest):
    def test_json(self):
        report = json.loads(self.output(*SMALL, "--json"))
        self.assertEqual(list(report), ["version", "machine", "model", "results"])
        self.assertEqual(report["version"], 1)
        self.assertEqual(list(report["machine"]), MACHINE_KEYS)
        self.assertEqual(report["machine"]["threads"], 2)
        for key in MACHINE_KEYS[3:6]:
            self.assertGreater(report["machine"][key], 0, key)
        self.assertEqual(list(report["model"]), MODEL_KEYS)
        self.assertIn("BF16", report["model"]["weight_types"])
        self.assertEqual(
            [(r["kind"], r["batch"], r["depth"], r["tokens"]) for r in report["results"]],
            [("prompt", 1, 0, 24), ("prompt", 1, 0, 600)] +
            [("generate", batch, depth, 4) for depth in (0, 40, 4096) for batch in (1, 3)])
        for result in report["results"]:
            self.assertEqual(list(result), RESULT_KEYS)
            if result["depth"] == 4096:
                self.assertIn("max_position_embeddings of 2048", result["skipped"])
                self.assertTrue(all(result[key] is None for key in RESULT_KEYS[4:-1]))
            else:
                self.assertIsNone(result["skipped"])
                self.check_arithmetic(result)

    def check_arithmetic(self, r):
        rate = r["tokens_per_second"]
        self.assertLessEqual(rate["min"], rate["median"])
        self.assertLessEqual(rate["median"], rate["max"])
        self.assertEqual(r["steps"], -(-r["tokens"] // 512) if r["kind"] == "prompt" else r["tokens"])
        seconds = r["ms_per_step"] * r["steps"] / 1e3
        self.assert_close(rate["median"] * seconds, r["batch"] * r["tokens"], "tokens/s and ms")
        self.assert_close(r["gb_per_second"] * 1e9 * seconds, r["bytes_per_step"] * r["steps"], "GB/s and bytes")
        self.assert_close(r["bandwidth_fraction"] * r["read_bandwidth_gb_s"], r["gb_per_second"], "bandwidth")
        self.assertGreater(r["gmac_per_second"], 0)
        self.assertGreater(r["peak_fraction"], 0)

    def test_bytes_grow_with_depth_and_batch_by_the_cache_only(self):
        results = json.loads(self.output("--prompt", "0", "--batch", "1,2", "--depth", "0,160", "--tokens", "1",
                                         "--repetitions", "1", "--json"))["results"]
        bytes_of = {(r["batch"], r["depth"]): r["bytes_per_step"] for r in results}
        slot = 4 * (128 + 32) * 2  # layers * (kv_lora_rank + qk_rope_head_dim) * BF16
        self.assertEqual(bytes_of[1, 160] - bytes_of[1, 0], 160 * slot)
        self.assertEqual(bytes_of[2, 160] - bytes_of[2, 0], 2 * 160 * slot)
        weights = json.loads(self.output("--prompt", "8", "--batch", "0", "--repetitions", "1",
                                         "--json"))["model"]["weight_bytes"]
        self.assertLess(abs(bytes_of[1, 0] - weights) / weights, 0.01)

    def test_csv(self):
        text = self.output(*SMALL, "--csv")
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), 8)
        for row in rows:
            self.assertNotIn(None, row)
            self.assertNotIn(None, row.values())
            if row["skipped"]:
                self.assertEqual(row["ms_per_step"], "")
            else:
                seconds = float(row["ms_per_step"]) * int(row["steps"]) / 1e3
                self.assert_close(float(row["tokens_per_second_median"]) * seconds,
                                  int(row["batch"]) * int(row["tokens"]), "csv")

    def test_table(self):
        text = self.output(*SMALL)
        for needle in ("read bandwidth", "isa ", "2 threads", "BF16", "tokens/s", "of read", "prompt ",
                       "skipped: 4100 tokens exceed"):
            self.assertIn(needle, text)
        self.assertEqual(sum(line.startswith("generate") for line in text.splitlines()), 6)


class Ops(BenchTest):
    def test_operations_add_up_to_the_step(self):
        for flags in (("--batch", "2", "--depth", "40", "--tokens", "3"), ("--prompt", "530")):
            report = json.loads(self.output("ops", *flags, "--repetitions", "3", "--json"))
            self.assertEqual(list(report["machine"]), MACHINE_KEYS)
            step = report["step"]["ms_per_step"]
            operations = {o["name"]: o for o in report["operations"]}
            self.assertEqual(len(operations), len(report["operations"]))
            rest = report["between_operations"]
            self.assertGreaterEqual(rest["ms_per_step"], 0)
            for key, whole in (("ms_per_step", step), ("share", 1)):
                self.assert_close(sum(o[key] for o in operations.values()) + rest[key], whole, key)
            for name in ("embed", "rotate_and_store", "mla_attention", "gather_rows",
                         "sampling", "linear.lm_head", "linear.q_a_proj", "linear.down_proj"):
                self.assertIn(name, operations)
            self.assertNotIn("linear", operations)  # every weight has a name
            self.assertEqual(operations["linear.gate_proj"]["calls_per_step"], 4)  # layers
            self.assertGreater(operations["linear.gate_proj"]["gb_per_second"], 0)
        self.assertEqual(report["step"]["steps"], 2)

    def test_csv_and_table(self):
        rows = list(csv.DictReader(io.StringIO(self.output("ops", "--repetitions", "1", "--csv"))))
        self.assertEqual([row["name"] for row in rows[-2:]], ["between_operations", "step"])
        self.assert_close(sum(float(row["ms_per_step"]) for row in rows[:-1]), float(rows[-1]["ms_per_step"]))
        table = self.output("ops", "--repetitions", "1", "--batch", "2")
        for needle in ("2 sequences at 0", "linear.gate_proj", "between operations", "100.0%"):
            self.assertIn(needle, table)


class Errors(unittest.TestCase):
    def fails(self, code, pattern, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        lines = done.stderr.decode().strip().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], "^error: .*" + pattern)

    def test_flags(self):
        self.fails(2, "--batch", "--batch", "257")
        self.fails(2, "--batch", "--batch", "1,x")
        self.fails(2, "--depth", "--depth", "-1")
        self.fails(2, "--prompt", "--prompt", "1048577")
        self.fails(2, "--tokens", "--tokens", "0")
        self.fails(2, "--repetitions", "--repetitions", "0")
        self.fails(2, "excludes", "--json", "--csv")
        self.fails(2, "isa", "--isa", "avx1024")
        self.fails(2, "load", "--load", "mmap")
        self.fails(2, "nothing to measure", "--prompt", "0", "--batch", "0")
        self.fails(2, r"at most 32", "--depth", ",".join(["1"] * 33))
        self.fails(2, "gone", "gone")

    def test_flags_of_ops(self):
        self.fails(2, "--batch", "ops", "--batch", "0")
        self.fails(2, "--batch", "ops", "--batch", "1,2")
        self.fails(2, "excludes", "ops", "--prompt", "5", "--depth", "5")
        self.fails(2, "--batch comes before ops", "--batch", "1", "ops")

    def test_model_that_cannot_be_read(self):
        for command in ((), ("ops",)):
            self.fails(1, "not-there", *command, "--model", "/not-there")

    def test_ops_without_room(self):
        self.fails(1, "1 sequence at 4096: 4112 tokens exceed .* of 2048", "ops", "--depth", "4096")


if __name__ == "__main__":
    unittest.main()
