"""Asks an exported model everything in the data with the default preset and counts right answers.

    python3 evaluate.py --model ../../models/demo

A topic is told turn by turn, in wordings drawn from the seed, with the model's own answers as the
history.  An answer is right when it is one of the data's, word for word.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path

import torch

from bpe import Tokenizer
from chat_format import Conversation, Exchange, prompt_text
from dialogues import DialogueSource
from model import YoutuForCausalLM
from paraphrases import vary
from sample import PRESETS, Preset, generate, load_model
from topics import Topic


class Examiner:
    """Holds the model and the generators, so that a run repeats with its seed."""

    def __init__(self, model: YoutuForCausalLM, tokenizer: Tokenizer, preset: Preset,
                 seed: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._preset = preset
        self._rng = random.Random(seed)
        self._generator = torch.Generator().manual_seed(seed)

    def tell(self, topic: Topic) -> list[tuple[Exchange, bool]]:
        """The exchanges of one topic, and whether each answer was right."""
        conversation = Conversation("", [])
        results: list[tuple[Exchange, bool]] = []
        for turn in topic.turns:
            question = vary(self._rng.choice(turn.questions), self._rng)
            exchange = Exchange(question, "")
            conversation.exchanges.append(exchange)
            exchange.answer = generate(self._model, self._tokenizer, prompt_text(conversation),
                                       self._preset, self._generator)
            # The second turn of a pool is answered by another answer of the first.
            right = exchange.answer in (turn.answers or topic.turns[0].answers)
            results.append((exchange, right))
        return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="balanced")
    parser.add_argument("--share", type=float, default=1.0, help="share of the topics to ask")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    torch.set_num_threads(1)
    model, tokenizer = load_model(options.model)
    examiner = Examiner(model, tokenizer, PRESETS[options.preset], options.seed)
    chooser = random.Random(options.seed)
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for topic in DialogueSource(options.seed).topics:
        if chooser.random() >= options.share:
            continue
        for index, (exchange, is_right) in enumerate(examiner.tell(topic)):
            group = f"{topic.kind}, {'first' if index == 0 else 'follow-up'}"
            asked[group] += 1
            right[group] += is_right
            if not is_right:
                print(f"  {exchange.question!r} -> {exchange.answer!r}", flush=True)
    for group, count in sorted(asked.items()):
        print(f"{group}: {right[group]} of {count}")
    print(f"all: {sum(right.values())} of {sum(asked.values())}")


if __name__ == "__main__":
    main()
