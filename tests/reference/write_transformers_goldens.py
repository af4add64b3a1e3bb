"""Writes tests/golden/transformers: what transformers, Hugging Face's implementation of the model, computes for the
models of tests/golden/forward and for the demo model, an implementation that shares no code with ours. Run by hand
after a change of those models, where torch and transformers (5.17, which has `youtu`) are installed; the output
is committed.

usage: write_transformers_goldens.py [FOLDER]
"""
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

from transformers_recording import DEMO, MAX_NEW_TOKENS, RECORDING, demo_hashes
from write_goldens import GOLDEN_FOLDER, GOLDEN_SHAPES

QUESTIONS = (
    "你好，你是谁？",
    "What is a CPU?",
    "写个笑话",
    "What is 2 + 3?",
    "Tell me a short story about a cat.",
    "什么是光合作用？",
)
# Of a log probability; float32 has no more where it is near 0.
DIGITS = 5


def load_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@torch.no_grad()
def compute_logits(model, tokens):
    """F32 [tokens, vocab]"""
    return model(torch.tensor([tokens])).logits[0].float()


def in_new_spelling(config):
    """The first release's config.json as transformers reads it: its yarn block of factor 1 scales nothing."""
    if config["model_type"] != "youtu_llm":
        return config
    old = ("rope_theta", "rope_scaling")
    rotation = {"rope_type": "default", "rope_theta": config["rope_theta"]}
    kept = {name: value for name, value in config.items() if name not in old}
    return {**kept, "model_type": "youtu", "rope_parameters": rotation}


def write_golden_logits(target):
    for name in GOLDEN_SHAPES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(shutil.copytree(GOLDEN_FOLDER / name, pathlib.Path(scratch) / name))
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(in_new_spelling(config)))
            tokens = json.loads((folder / "tokens.json").read_text())
            np.save(target / f"{name}.npy", compute_logits(load_model(folder), tokens).numpy())


def greedy_answer(model, tokenizer, prompt):
    # The template writes the same prompt where it is not told about thinking.
    prompt_tokens = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}],
        add_generation_prompt=True,
        enable_thinking=True,
        tokenize=True,
        return_dict=True,
    )["input_ids"]
    with torch.no_grad():
        answered = model.generate(
            torch.tensor([prompt_tokens]),
            attention_mask=torch.ones(1, len(prompt_tokens), dtype=torch.long),
            do_sample=False,
            repetition_penalty=1.0,
            max_new_tokens=MAX_NEW_TOKENS,
        )[0].tolist()
    tokens = answered[len(prompt_tokens) :]
    logprobs = torch.log_softmax(compute_logits(model, answered), -1)[len(prompt_tokens) - 1 : -1]
    return {
        "prompt": prompt,
        "prompt_tokens": prompt_tokens,
        "tokens": tokens,
        "text": tokenizer.decode(tokens, skip_special_tokens=True),
        "logprobs": [round(float(row[token]), DIGITS) for row, token in zip(logprobs, tokens)],
    }


def write_demo_answers(target):
    model, tokenizer = load_model(DEMO), AutoTokenizer.from_pretrained(DEMO)
    recording = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "sha256": demo_hashes(),
        "answers": [greedy_answer(model, tokenizer, question) for question in QUESTIONS],
    }
    text = json.dumps(recording, ensure_ascii=False) + "\n"
    (target / "demo.json").write_text(text, encoding="utf-8")


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDING
    target.mkdir(parents=True, exist_ok=True)
    write_golden_logits(target)
    write_demo_answers(target)


if __name__ == "__main__":
    main()
