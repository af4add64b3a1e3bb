"""Talks to an exported model with the server's default preset, in plain Python.

    python3 sample.py --model ../../models/demo "写个笑话" "再讲一个"

Each argument is one turn of one conversation.  Slow (no cache) but independent of the engine.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from bpe import Tokenizer
from chat_format import EMPTY_THOUGHT, EOS, Conversation, Exchange, prompt_text
from model import ModelConfig, YoutuForCausalLM
from safetensors_file import read_safetensors


@dataclass(frozen=True)
class Preset:
    """Sampling parameters; the defaults are the preset `balanced`."""

    temperature: float = 0.5
    top_k: int = 40
    top_p: float = 0.9
    repetition_penalty: float = 1.2
    max_new_tokens: int = 128


PRESETS = {
    "speed": Preset(0.3, 30, 0.8, 1.1, 64),
    "balanced": Preset(),
    "quality": Preset(0.7, 50, 0.95, 1.3, 256),
}


def load_model(folder: Path) -> tuple[YoutuForCausalLM, Tokenizer]:
    """Reads an exported folder."""
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    document["rope_theta"] = document["rope_parameters"]["rope_theta"]
    model = YoutuForCausalLM(
        ModelConfig(**{field.name: document[field.name] for field in fields(ModelConfig)}))
    weights = read_safetensors(folder / "model.safetensors")
    model.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    return model.eval(), Tokenizer.load(folder / "tokenizer.json")


def next_token(logits: Tensor, seen: list[int], preset: Preset,
               generator: torch.Generator) -> int:
    """One draw in the order of Hugging Face: penalty, temperature, top_k, top_p."""
    logits = logits.clone()
    used = torch.tensor(sorted(set(seen)))
    values = logits[used]
    logits[used] = torch.where(values > 0, values / preset.repetition_penalty,
                               values * preset.repetition_penalty)
    kept = (logits / preset.temperature).topk(preset.top_k)
    probabilities = kept.values.softmax(-1)
    # A token stays while those before it have not yet reached top_p.
    before = probabilities.cumsum(-1) - probabilities
    probabilities = probabilities.masked_fill(before >= preset.top_p, 0)
    return int(kept.indices[torch.multinomial(probabilities, 1, generator=generator)])


@torch.no_grad()
def generate(model: YoutuForCausalLM, tokenizer: Tokenizer, prompt: str, preset: Preset,
             generator: torch.Generator) -> str:
    """Continues a rendered prompt until the end token or the limit."""
    ids = tokenizer.encode(prompt)
    start = len(ids)
    while len(ids) - start < preset.max_new_tokens:
        hidden = model.hidden_states(torch.tensor([ids]))[0, -1]
        token = next_token(model.logits(hidden), ids, preset, generator)
        if token == tokenizer.added[EOS]:
            break
        ids.append(token)
    return tokenizer.decode(ids[start:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("turns", nargs="+", help="what the user says, turn by turn")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="balanced")
    parser.add_argument("--thinking", choices=["unset", "off", "forced"], default="unset")
    parser.add_argument("--system", default="")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    torch.set_num_threads(1)
    model, tokenizer = load_model(options.model)
    generator = torch.Generator().manual_seed(options.seed)
    opening = {"unset": "", "off": EMPTY_THOUGHT, "forced": "<think>\n"}[options.thinking]
    conversation = Conversation(options.system, [])
    for question in options.turns:
        conversation.exchanges.append(Exchange(question, ""))
        prompt = prompt_text(conversation)
        answer = generate(model, tokenizer, prompt + opening, PRESETS[options.preset], generator)
        conversation.exchanges[-1].answer = answer.split("</think>")[-1].lstrip("\n")
        print(f"> {question}\n{answer}", flush=True)


if __name__ == "__main__":
    main()
