"""`youtu eval --kld` against NumPy: the figures of each comparison are computed a second time from the
logits that `youtu eval --logits` writes for the two configurations. The program under test is
YOUTU_PROGRAM.
"""
import dataclasses
import json
import pathlib
import shutil
import subprocess

import numpy as np

from gguf_cases import make_case
from peers import TIMEOUT_SECONDS, token_list, youtu_eval
from random_model import SHAPES, make_model, random_tokens
from hugging_face_folder import write_hugging_face
from test_run import ProgramTest, report, run
from youtu_numpy import log_softmax

DEMO = pathlib.Path(__file__).resolve().parents[2] / "models/demo"
RELATIVE = 1e-6
NOISE = 1e-13  # of sums in double precision; divergences below it are rounding
CHUNK = "48"


def spread_error(values):
    return values.std(ddof=1) / np.sqrt(len(values))


def figures(windows):
    """The JSON's numbers. `windows`: (tokens, logits of the reference, logits of the tested)"""
    klds, same, losses, reference_losses, changes = [], [], [], [], []
    for tokens, reference, tested in windows:
        p, q = log_softmax(reference), log_softmax(tested)
        klds.append((np.exp(p) * (p - q)).sum(axis=-1))
        same.append(p.argmax(axis=-1) == q.argmax(axis=-1))
        rows, following = np.arange(len(tokens) - 1), np.array(tokens[1:], int)
        reference_losses.append(-p[rows, following])
        losses.append(-q[rows, following])
        changes.append(np.exp(q[rows, following]) - np.exp(p[rows, following]))
    kld, same = np.concatenate(klds), np.concatenate(same)
    losses, reference_losses = np.concatenate(losses), np.concatenate(reference_losses)
    changes = np.concatenate(changes)
    ratio = np.exp((losses - reference_losses).mean())
    return {
        "windows": len(windows),
        "positions": len(kld),
        "predictions": len(losses),
        "kld": {
            "mean": kld.mean(),
            "standard_error": spread_error(kld),
            "median": np.quantile(kld, 0.5),
            "p90": np.quantile(kld, 0.9),
            "p99": np.quantile(kld, 0.99),
            "p99_9": np.quantile(kld, 0.999),
            "max": kld.max(),
        },
        "same_top": same.mean(),
        "probability_change": {
            "rms": np.sqrt((changes**2).mean()),
            "p99": np.quantile(np.abs(changes), 0.99),
        },
        "perplexity": {
            "reference": np.exp(reference_losses.mean()),
            "tested": np.exp(losses.mean()),
            "ratio": ratio,
            "ratio_error": ratio * spread_error(losses - reference_losses),
        },
    }


def demo_tokens(count):
    return [int(token) for token in np.random.default_rng(5).integers(0, 4084, count)]


class Kld(ProgramTest):
    def kld(self, model, *options):
        command = [self.program, "eval", "--model", str(model), "--kld", "--json", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def logits(self, model, tokens, *options):
        return youtu_eval(
            self.program, model, tokens, self.folder, "--isa", "scalar", "--chunk", CHUNK, *options
        )

    def compare(self, found, expected, where=""):
        for name, value in expected.items():
            if isinstance(value, dict):
                self.compare(found[name], value, f"{where}{name}.")
            else:
                np.testing.assert_allclose(
                    found[name], value, rtol=RELATIVE, atol=NOISE, err_msg=where + name
                )

    def check(self, label, model, tokens, window, tested=(), reference=None):
        """One comparison by the program and by NumPy. `tested`: flags of the tested side only."""
        options = ["--isa", "scalar", "--chunk", CHUNK, "--window", str(window), *tested]
        if reference is not None:
            options += ["--reference", str(reference)]
        positions = self.folder / "positions.csv"
        found = self.kld(
            model, "--tokens", token_list(tokens), "--positions", str(positions), *options
        )
        windows = []
        for begin in range(0, len(tokens), window):
            part = tokens[begin : begin + window]
            windows.append(
                (
                    part,
                    self.logits(reference or model, part),
                    self.logits(model, part, *tested),
                )
            )
        expected = figures(windows)
        self.compare(found, expected)
        self.check_positions(positions, windows)
        report(label, kld=float(found["kld"]["mean"]), same_top=float(found["same_top"]))
        return found

    def check_positions(self, path, windows):
        rows = path.read_text().splitlines()
        names = rows[0].split(",")
        rows = [dict(zip(names, row.split(","))) for row in rows[1:]]
        self.assertEqual(len(rows), sum(len(tokens) for tokens, *_ in windows))
        for number, (tokens, reference, tested) in enumerate(windows):
            p, q = log_softmax(reference), log_softmax(tested)
            for i, row in enumerate(rows[: len(tokens)]):
                self.assertEqual((int(row["window"]), int(row["position"])), (number, i))
                kld = (np.exp(p[i]) * (p[i] - q[i])).sum()
                np.testing.assert_allclose(float(row["kld"]), kld, rtol=RELATIVE, atol=NOISE)
                self.assertEqual(int(row["reference_top"]), p[i].argmax())
                self.assertEqual(int(row["tested_top"]), q[i].argmax())
                if i + 1 == len(tokens):
                    self.assertEqual((row["next"], row["tested_log_prob"]), ("", ""))
                    continue
                self.assertEqual(int(row["next"]), tokens[i + 1])
                for name, side in (("reference_log_prob", p), ("tested_log_prob", q)):
                    np.testing.assert_allclose(
                        float(row[name]), side[i, tokens[i + 1]], rtol=RELATIVE
                    )
            rows = rows[len(tokens) :]

    def test_a_bf16_cache_of_the_demo_model(self):
        found = self.check(
            "demo, BF16 cache", DEMO, demo_tokens(150), 64, ("--cache", "bf16")
        )
        self.assertEqual(found["tested"]["cache"], "bf16")
        self.assertEqual(found["reference"]["cache"], "f32")
        self.assertGreater(found["kld"]["mean"], 1e-7)

    def test_a_quantised_file_with_a_bf16_cache(self):
        case = make_case(self.folder, "mixed_rows", SHAPES["mixed_rows"], "Q4_0")
        tokens = random_tokens(case.shape, 70)
        self.check("Q4_0, BF16 cache", case.path, tokens, 40, ("--cache", "bf16"))

    def test_a_file_against_what_it_was_rounded_from(self):
        case = make_case(self.folder, "mixed_rows", SHAPES["mixed_rows"], "BF16")
        whole = self.folder / "whole"
        write_hugging_face(whole, make_model(SHAPES["mixed_rows"]))
        tokens = random_tokens(case.shape, 60)
        found = self.check("BF16 against F32", case.path, tokens, 60, reference=whole)
        self.assertEqual(found["reference"]["model"], str(whole))
        self.assertGreater(found["kld"]["mean"], 1e-7)
        self.assertLess(found["kld"]["mean"], 1e-2)

    def test_a_configuration_against_itself_is_exactly_zero(self):
        case = make_case(self.folder, "mixed_rows", SHAPES["mixed_rows"], "Q4_0")
        copy = self.folder / "demo"
        shutil.copytree(DEMO, copy)
        for model, reference in ((DEMO, None), (DEMO, copy), (case.path, None)):
            with self.subTest(model=model.name, reference=reference):
                other = ["--reference", str(reference)] if reference else []
                found = self.kld(model, "--random-tokens", "90", "--window", "64", *other)
                self.assertEqual(set(found["kld"].values()), {0})
                self.assertEqual(found["same_top"], 1)
                self.assertEqual(set(found["probability_change"].values()), {0})
                self.assertEqual(found["perplexity"]["ratio"], 1)
                self.assertEqual(found["perplexity"]["ratio_error"], 0)

    def test_the_reference_computes_with_the_stored_values_in_f32(self):
        """Whatever type they have in the file: a file with each of them widened says the same."""
        shape = SHAPES["mixed_rows"]
        for recipe in ("F16", "BF16", "Q8_0", "Q4_0", "Q4_K"):
            with self.subTest(recipe):
                case = make_case(self.folder, recipe, shape, recipe)
                widened = self.folder / f"{recipe}_widened"
                write_hugging_face(
                    widened, dataclasses.replace(make_model(shape), weights=case.weights)
                )
                for model, reference in ((case.path, widened), (widened, case.path)):
                    found = self.kld(
                        model, "--random-tokens", "40", "--reference", str(reference)
                    )
                    self.assertLess(found["kld"]["max"], 1e-8)
                    self.assertEqual(found["same_top"], 1)

    def test_every_table_is_the_scalar_one_but_for_rounding(self):
        found = self.kld(
            DEMO, "--random-tokens", "100", "--reference-isa", "scalar", "--window", "100"
        )
        self.assertEqual(found["reference"]["isa"], "scalar")
        self.assertLess(found["kld"]["max"], 1e-8)

    def test_random_tokens_repeat_with_their_seed(self):
        def perplexity(*options):
            return self.kld(DEMO, "--isa", "scalar", "--random-tokens", "20", *options)["perplexity"]

        self.assertEqual(perplexity(), perplexity("--seed", "0"))
        self.assertNotEqual(perplexity(), perplexity("--seed", "1"))

    def test_text_is_plain_text(self):
        """A control token spelled out in a text is the characters that it is made of."""
        text = self.folder / "text.txt"
        text.write_text("<|User|>写个笑话", encoding="utf-8")
        found = self.kld(DEMO, "--text", str(text))
        self.assertGreater(found["positions"], 5)
        self.assertEqual(found["windows"], 1)
        self.assertEqual(found["predictions"], found["positions"] - 1)

    def test_each_window_begins_with_the_begin_token_if_the_tokenizer_says_so(self):
        text = self.folder / "text.txt"
        text.write_text("Explain Newton's first law. 解释牛顿第一定律。" * 8, encoding="utf-8")
        plain = self.kld(DEMO, "--text", str(text), "--window", "32")
        model = self.folder / "with_begin"
        shutil.copytree(DEMO, model)
        config = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
        config["add_bos_token"] = True
        (model / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
        found = self.kld(model, "--text", str(text), "--window", "33")
        self.assertEqual(found["windows"], plain["windows"])
        self.assertEqual(found["positions"], plain["positions"] + plain["windows"])
        self.assertEqual(found["predictions"], plain["positions"])

    def test_the_text_form_says_the_same(self):
        command = [self.program, "eval", "--model", str(DEMO), "--kld", "--tokens", "1,2,3"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for words in ("KLD (nats)  mean 0 ± 0", "same top 1  100.000 %", "ratio 1.000000"):
            self.assertIn(words, done.stdout)


if __name__ == "__main__":
    run()
