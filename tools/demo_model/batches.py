"""Conversations to padded batches of about equal size.

One idea: conversations of similar length share a batch, so that little time goes into padding,
and the order of the batches is random.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from bpe import Tokenizer
from chat_format import encode_conversation
from dialogues import DialogueSource

# Positions without a target; also what cross entropy ignores by default.
IGNORED = -100


@dataclass
class Batch:
    """Inputs and next-token targets, both [B, T]."""

    ids: Tensor
    targets: Tensor


def _pad(samples: list[tuple[list[int], list[bool]]], padding: int) -> Batch:
    length = max(len(ids) for ids, _ in samples) - 1
    inputs = torch.full((len(samples), length), padding, dtype=torch.long)
    targets = torch.full((len(samples), length), IGNORED, dtype=torch.long)
    for row, (ids, learned) in enumerate(samples):
        inputs[row, :len(ids) - 1] = torch.tensor(ids[:-1])
        targets[row, :len(ids) - 1] = torch.tensor(
            [token if is_learned else IGNORED
             for token, is_learned in zip(ids[1:], learned[1:])])
    return Batch(inputs, targets)


def batch_stream(source: DialogueSource, tokenizer: Tokenizer, batch_tokens: int,
                 max_length: int, seed: int) -> Iterator[Batch]:
    """Batches without end, epoch after epoch; each holds at most `batch_tokens` positions."""
    rng = random.Random(seed)
    padding = tokenizer.added["<|end_of_text|>"]
    while True:
        samples = [encode_conversation(c, tokenizer) for c in source.epoch()]
        samples = sorted((s for s in samples if len(s[0]) <= max_length), key=lambda s: len(s[0]))
        batches: list[Batch] = []
        group: list[tuple[list[int], list[bool]]] = []
        for sample in samples:
            if group and (len(group) + 1) * (len(sample[0]) - 1) > batch_tokens:
                batches.append(_pad(group, padding))
                group = []
            group.append(sample)
        if group:
            batches.append(_pad(group, padding))
        rng.shuffle(batches)
        yield from batches
