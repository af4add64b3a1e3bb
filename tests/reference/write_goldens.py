"""Writes tests/golden/forward: two tiny models with the logits that the NumPy reference computes
for them, so that a test without Python, or one on a machine where NumPy differs, still has numbers
to hold the forward pass to. Run by hand after a change of the models here; the output is committed.

usage: write_goldens.py [FOLDER]
"""
import json
import pathlib
import sys

import numpy as np

from hugging_face_folder import write_hugging_face
from random_model import make_model, random_tokens
from youtu_numpy import YoutuShape, forward

GOLDEN_FOLDER = pathlib.Path(__file__).resolve().parents[1] / "golden/forward"
GOLDEN_SHAPES = {
    # the real model's choices: low-rank queries, interleaved rotation, tied head; new-style
    # config.json
    "low_rank_q": YoutuShape(24, 32, 2, 3, 16, 12, 8, 4, 6, 272),
    # the other branch of each, and an eps other than the latent norms'; the first release's
    # config.json
    "direct_q": YoutuShape(
        16,
        24,
        1,
        2,
        None,
        8,
        6,
        8,
        5,
        265,
        rms_norm_eps=1e-3,
        rope_theta=10000.0,
        rope_interleave=False,
        tie_word_embeddings=False,
    ),
}
GOLDEN_SEED = 7


def golden_arguments(name):
    return {"model_type": "youtu_llm", "rope_style": "yarn"} if name == "direct_q" else {}


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN_FOLDER
    for name, shape in GOLDEN_SHAPES.items():
        folder = target / name
        weights = write_hugging_face(
            folder, make_model(shape, GOLDEN_SEED), **golden_arguments(name)
        )
        tokens = random_tokens(shape, 12, GOLDEN_SEED)
        (folder / "tokens.json").write_text(json.dumps(tokens) + "\n")
        np.save(folder / "logits.npy", forward(shape, weights, tokens).astype(np.float32))


if __name__ == "__main__":
    main()
