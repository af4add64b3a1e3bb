"""What the NumPy reference can be held to without another implementation: its two forms of
attention agree, it is causal, it notices every choice of the configuration, and it reproduces the
committed goldens.
"""
import dataclasses
import json
import unittest

import numpy as np

from model_files import read_safetensors
from random_model import SHAPES, make_model, random_tokens
from test_run import report, run
from transformers_recording import RECORDING
from write_goldens import GOLDEN_FOLDER, GOLDEN_SHAPES
from youtu_numpy import forward, relative_error


class YoutuNumpy(unittest.TestCase):
    def test_absorbed_attention_equals_expanded(self):
        for name, shape in SHAPES.items():
            with self.subTest(name):
                model, tokens = make_model(shape), random_tokens(shape, 64)
                expanded = forward(shape, model.weights, tokens)
                error, worst = relative_error(
                    forward(shape, model.weights, tokens, "absorbed"), expanded
                )
                report(f"{name}: absorbed to expanded", error=error, worst_position=worst)
                self.assertLess(worst, 1e-12)

    def test_later_tokens_change_nothing_before_them(self):
        shape = SHAPES["odd"]
        model, tokens = make_model(shape), random_tokens(shape, 20)
        whole = forward(shape, model.weights, tokens)
        np.testing.assert_allclose(forward(shape, model.weights, tokens[:9]), whole[:9], atol=1e-10)

    def test_every_choice_of_the_configuration_shows_in_the_logits(self):
        shape = SHAPES["odd"]
        model, tokens = make_model(shape), random_tokens(shape, 20)
        logits = forward(shape, model.weights, tokens)
        for change in ({"rope_interleave": False}, {"rope_theta": 1e4}, {"rms_norm_eps": 1e-2}):
            with self.subTest(change):
                other = forward(dataclasses.replace(shape, **change), model.weights, tokens)
                self.assertGreater(relative_error(other, logits)[0], 1e-3)

    def test_every_weight_shows_in_the_logits(self):
        for shape in (SHAPES["odd"], SHAPES["direct_q"]):
            model, tokens = make_model(shape), random_tokens(shape, 8)
            logits = forward(shape, model.weights, tokens)
            for name, values in model.weights.items():
                with self.subTest(name):
                    weights = {**model.weights, name: np.roll(values, 1)}
                    self.assertGreater(
                        relative_error(forward(shape, weights, tokens), logits)[0], 1e-3
                    )

    def test_goldens_are_reproduced(self):
        for name, shape in GOLDEN_SHAPES.items():
            with self.subTest(name):
                folder = GOLDEN_FOLDER / name
                weights = read_safetensors(folder / "model.safetensors")
                tokens = json.loads((folder / "tokens.json").read_text())
                error, worst = relative_error(
                    np.load(folder / "logits.npy"), forward(shape, weights, tokens)
                )
                report(f"golden {name}", error=error, worst_position=worst)
                self.assertLess(worst, 1e-6)

    def test_transformers_agrees(self):
        """Its numbers were recorded in float32."""
        for name, shape in GOLDEN_SHAPES.items():
            with self.subTest(name):
                weights = read_safetensors(GOLDEN_FOLDER / name / "model.safetensors")
                tokens = json.loads((GOLDEN_FOLDER / name / "tokens.json").read_text())
                error, worst = relative_error(
                    np.load(RECORDING / f"{name}.npy"), forward(shape, weights, tokens)
                )
                report(f"{name}: transformers", error=error, worst_position=worst)
                self.assertLess(error, 2e-6)


if __name__ == "__main__":
    run()
