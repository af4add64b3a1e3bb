"""Trains the byte-level BPE tokenizer on the project's own data and writes `tokenizer.json`.

    python3 train_tokenizer.py --output ../../models/demo
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from bpe import Tokenizer, tokenizer_document, train_merges
from chat_format import BOS, CONTROL_TOKENS, EOS, VISIBLE_TOKENS
from dialogues import DialogueSource

VOCAB_SIZE = 4096


def tokenizer_config(max_length: int) -> dict:
    """The content of `tokenizer_config.json`; the template itself has a file of its own."""
    return {
        "add_bos_token": False, "add_eos_token": False, "bos_token": BOS, "eos_token": EOS,
        "pad_token": EOS, "clean_up_tokenization_spaces": False, "model_max_length": max_length,
        "tokenizer_class": "PreTrainedTokenizerFast", "truncation_side": "left",
    }


def write_json(path: Path, document: dict, indent: int | None = 2) -> None:
    """Writes readable UTF-8 JSON with a final newline."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    path.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="the model folder")
    options = parser.parse_args()

    texts: Counter[str] = Counter()
    for text, weight in DialogueSource(seed=0).texts():
        texts[text] = max(texts[text], weight)
    merge_count = VOCAB_SIZE - 256 - len(CONTROL_TOKENS) - len(VISIBLE_TOKENS)
    document = tokenizer_document(train_merges(texts, merge_count), CONTROL_TOKENS, VISIBLE_TOKENS)

    options.output.mkdir(parents=True, exist_ok=True)
    write_json(options.output / "tokenizer.json", document, indent=1)
    write_json(options.output / "tokenizer_config.json", tokenizer_config(max_length=2048))
    tokenizer = Tokenizer(document)
    characters = sum(map(len, texts))
    tokens = sum(len(tokenizer.encode_text(text)) for text in texts)
    print(f"{len(texts)} texts, {characters} characters, {tokens} tokens, {tokenizer.size} ids")


if __name__ == "__main__":
    main()
