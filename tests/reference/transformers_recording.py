"""What transformers, Hugging Face's implementation of the model, once computed: tests/golden/transformers, as
write_transformers_goldens.py writes it. A test needs neither transformers nor torch to be held to it.
"""
import hashlib
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDING = ROOT / "tests/golden/transformers"
DEMO = ROOT / "models/demo"
# Those of the demo model on which its answers depend.
DEMO_FILES = ("config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja")
MAX_NEW_TOKENS = 48
WRITER = "tests/reference/write_transformers_goldens.py"


def demo_hashes():
    """{file name: SHA-256}"""
    return {name: hashlib.sha256((DEMO / name).read_bytes()).hexdigest() for name in DEMO_FILES}


def recorded_answers():
    """Of the demo model, greedy, in float32: dicts of `prompt`, `prompt_tokens`, `tokens`, `text` and `logprobs`. Raises
    where the demo model is no longer the one that was asked.
    """
    recording = json.loads((RECORDING / "demo.json").read_text(encoding="utf-8"))
    changed = [name for name, sha256 in demo_hashes().items() if recording["sha256"][name] != sha256]
    if changed:
        raise ValueError(
            f"models/demo has changed ({', '.join(changed)}): what transformers answers with it must be recorded again with {WRITER}"
        )
    return recording["answers"]
