"""Writes a checkpoint as a Hugging Face model folder, weights in BF16.

    python3 export.py --checkpoint /tmp/demo/checkpoint.pt --output ../../models/demo

The tokenizer files are already there (train_tokenizer.py); the chat template and the model card
are kept by hand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from bpe import Tokenizer
from chat_format import BOS, EOS
from model import ModelConfig
from safetensors_file import write_safetensors
from train_tokenizer import write_json


def generation_config(bos_token_id: int, eos_token_id: int) -> dict:
    """The content of `generation_config.json`: the server's default preset."""
    return {
        "bos_token_id": bos_token_id, "do_sample": True, "eos_token_id": eos_token_id,
        "max_new_tokens": 128, "pad_token_id": eos_token_id, "repetition_penalty": 1.2,
        "temperature": 0.5, "top_k": 40, "top_p": 0.9, "use_cache": True,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the model folder")
    options = parser.parse_args()

    checkpoint = torch.load(options.checkpoint, map_location="cpu")
    config = ModelConfig(**checkpoint["config"])
    tokenizer = Tokenizer.load(options.output / "tokenizer.json")
    if tokenizer.size != config.vocab_size:
        raise SystemExit(f"error: tokenizer.json: {tokenizer.size} ids, "
                         f"the checkpoint has {config.vocab_size}")
    bos, eos = tokenizer.added[BOS], tokenizer.added[EOS]
    write_json(options.output / "config.json", config.to_document(bos, eos))
    write_json(options.output / "generation_config.json", generation_config(bos, eos))
    weights = {name: tensor.numpy() for name, tensor in checkpoint["model"].items()}
    path = options.output / "model.safetensors"
    write_safetensors(path, weights)
    print(f"step {checkpoint['step']}: {len(weights)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
