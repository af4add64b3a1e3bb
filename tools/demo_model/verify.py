"""Checks an exported model folder against its checkpoint, its data and two independent readers.

    python3 verify.py --model ../../models/demo --checkpoint /tmp/demo/checkpoint.pt

The weights are read back and compared with the checkpoint, the logits with the NumPy statement of
the architecture in tests/reference, and every text of the data goes through the tokenizer and
back.  What the packages of tests/node have to say is asked by verify_with_node.mjs, which gets
texts, ids and prompts from here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from bpe import Tokenizer
from chat_format import EMPTY_THOUGHT, Conversation, encode_conversation, prompt_text
from dialogues import DialogueSource
from model import ModelConfig, YoutuForCausalLM
from safetensors_file import from_bfloat16, read_safetensors, to_bfloat16
from sample import load_model

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "reference"))
import youtu_numpy  # noqa: E402  (found through the line above)

CONVERSATIONS = 2000
LOGIT_PROMPTS = 8
LOGIT_LIMIT = 1e-4


def check_weights(folder: Path, checkpoint: dict) -> None:
    """Every tensor of the file is the checkpoint's, rounded to BF16."""
    weights = read_safetensors(folder / "model.safetensors")
    trained = {name: tensor.numpy() for name, tensor in checkpoint["model"].items()}
    assert weights.keys() == trained.keys(), "the file and the checkpoint name other tensors"
    for name, values in weights.items():
        assert np.array_equal(values, from_bfloat16(to_bfloat16(trained[name]))), name
    print(f"weights: {len(weights)} tensors are the checkpoint's in BF16")


@torch.no_grad()
def check_logits(folder: Path, checkpoint: dict, samples: list[list[int]]) -> None:
    """PyTorch and NumPy agree on the exported weights; BF16 costs little."""
    model, _ = load_model(folder)
    shape = asdict(model.config)
    shape.pop("max_position_embeddings")
    weights = read_safetensors(folder / "model.safetensors")
    original = YoutuForCausalLM(ModelConfig(**checkpoint["config"]))
    original.load_state_dict(checkpoint["model"])
    worst = rounding = 0.0
    for ids in samples:
        ours = model(torch.tensor([ids]))[0].numpy()
        expected = youtu_numpy.forward(youtu_numpy.YoutuShape(**shape), weights, ids, "absorbed")
        worst = max(worst, float(np.abs(ours - expected).max() / np.abs(expected).max()))
        full = original(torch.tensor([ids]))[0].numpy()
        rounding = max(rounding, float(np.abs(ours - full).max() / np.abs(full).max()))
    assert worst < LOGIT_LIMIT, f"logits differ from NumPy by {worst:.2e}, limit {LOGIT_LIMIT}"
    print(f"logits: {worst:.1e} from NumPy (absorbed attention), {rounding:.1e} from F32 weights")


def check_round_trip(tokenizer: Tokenizer, texts: list[str]) -> None:
    """Decoding undoes encoding."""
    for text in texts:
        assert tokenizer.decode(tokenizer.encode_text(text)) == text, text
    print(f"tokenizer: {len(texts)} texts come back unchanged")


def template_case(conversation: Conversation, tokenizer: Tokenizer) -> dict:
    """A conversation as messages, with the training format's text and ids up to its end."""
    messages = [{"role": "system", "content": conversation.system}] if conversation.system else []
    for exchange in conversation.exchanges:
        messages.append({"role": "user", "content": exchange.question})
        messages.append({"role": "assistant", "content": exchange.answer})
    # The prompt's switch decides what opens the last answer; see chat_format.py.
    thought = conversation.exchanges[-1].thought
    opening = {None: "", "": EMPTY_THOUGHT}.get(thought, "<think>\n")
    prompt = prompt_text(conversation) + opening
    ids, _ = encode_conversation(conversation, tokenizer)
    prompt_ids = tokenizer.encode(prompt)
    assert ids[:len(prompt_ids)] == prompt_ids, prompt
    options = {None: {}, "": {"enable_thinking": False}}.get(thought, {"forced_thinking": True})
    return {"messages": messages[:-1], "options": options, "prompt": prompt, "ids": prompt_ids}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    options = parser.parse_args()

    tokenizer = Tokenizer.load(options.model / "tokenizer.json")
    checkpoint = torch.load(options.checkpoint, map_location="cpu")
    source = DialogueSource(seed=7)
    texts = sorted({text for text, _ in source.texts()})
    conversations = (source.epoch() + source.epoch())[:CONVERSATIONS]
    check_weights(options.model, checkpoint)
    check_round_trip(tokenizer, texts)
    samples = [encode_conversation(c, tokenizer)[0] for c in conversations[:LOGIT_PROMPTS]]
    check_logits(options.model, checkpoint, samples)

    cases = {"texts": [{"text": text, "ids": tokenizer.encode_text(text)} for text in texts],
             "prompts": [template_case(c, tokenizer) for c in conversations]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.json"
        path.write_text(json.dumps(cases, ensure_ascii=False), encoding="utf-8")
        script = HERE / "verify_with_node.mjs"
        subprocess.run(["node", str(script), str(options.model), str(path)], check=True)


if __name__ == "__main__":
    main()
