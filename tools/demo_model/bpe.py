"""Byte-level byte-pair encoding: training, encoding, decoding and the `tokenizer.json` form.

One idea: training happens in two phases.  The first phase only merges bytes inside one character,
so that every character of the data becomes a token of its own; the second merges across
characters.  Both phases write into one list of merges, and its order is the rank.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from pretokenizer import EAST_ASIAN_PATTERN, WORD_PATTERN, PreTokenizer

Pair = tuple[str, str]

# Longer tokens would be whole phrases of this small corpus, which helps nobody.
MAX_ASCII_TOKEN = 14
MAX_OTHER_TOKEN_BYTES = 9


def byte_alphabet() -> list[str]:
    """The printable stand-in of every byte (the GPT-2 byte alphabet)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    alphabet: list[str] = []
    substitute = 0x100
    for byte in range(256):
        if byte in printable:
            alphabet.append(chr(byte))
        else:
            alphabet.append(chr(substitute))
            substitute += 1
    return alphabet


_BYTE_TO_CHARACTER = byte_alphabet()
_CHARACTER_TO_BYTE = {character: byte for byte, character in enumerate(_BYTE_TO_CHARACTER)}


def to_alphabet(text: str) -> str:
    """The UTF-8 bytes of `text`, written in the byte alphabet."""
    return "".join(_BYTE_TO_CHARACTER[byte] for byte in text.encode("utf-8"))


def _is_acceptable(token: str) -> bool:
    if all(_CHARACTER_TO_BYTE[character] < 0x80 for character in token):
        return len(token) <= MAX_ASCII_TOKEN
    return len(token) <= MAX_OTHER_TOKEN_BYTES


class _MergeTrainer:
    """Words as symbol lists, the count of every adjacent pair, and where each pair occurs."""

    def __init__(self, words: Counter[str], merges: list[Pair]) -> None:
        self.merges = merges
        ranks = {pair: rank for rank, pair in enumerate(merges)}
        ordered = sorted(words.items())
        self._symbols = [apply_merges(word, ranks) for word, _ in ordered]
        self._weights = [count for _, count in ordered]
        self._counts: Counter[Pair] = Counter()
        self._places: defaultdict[Pair, set[int]] = defaultdict(set)
        for index in range(len(ordered)):
            self._account(index, +1)

    def _account(self, index: int, sign: int) -> None:
        symbols = self._symbols[index]
        for pair in zip(symbols, symbols[1:]):
            self._counts[pair] += sign * self._weights[index]
            self._places[pair].add(index)

    def run(self, limit: int, min_count: int) -> None:
        """Adds merges, most frequent pair first, until `limit` in all or none is frequent."""
        while len(self.merges) < limit:
            candidates = (item for item in self._counts.items()
                          if item[1] >= min_count and _is_acceptable(item[0][0] + item[0][1]))
            best = max(candidates, key=lambda item: (item[1], item[0]), default=None)
            if best is None:
                return
            self._merge(best[0])

    def _merge(self, pair: Pair) -> None:
        self.merges.append(pair)
        for index in sorted(self._places.pop(pair)):
            self._account(index, -1)
            self._symbols[index] = _join_pair(self._symbols[index], pair)
            self._account(index, +1)
        del self._counts[pair]


def _join_pair(symbols: list[str], pair: Pair) -> list[str]:
    joined: list[str] = []
    position = 0
    while position < len(symbols):
        if tuple(symbols[position:position + 2]) == pair:
            joined.append(pair[0] + pair[1])
            position += 2
        else:
            joined.append(symbols[position])
            position += 1
    return joined


def apply_merges(word: str, ranks: dict[Pair, int]) -> list[str]:
    """Encodes one word of the byte alphabet: the lowest-ranked adjacent pair first."""
    symbols = list(word)
    while len(symbols) > 1:
        pair = min(zip(symbols, symbols[1:]), key=lambda item: ranks.get(item, len(ranks)))
        if pair not in ranks:
            break
        symbols = _join_pair(symbols, pair)
    return symbols


def train_merges(texts: Counter[str], merge_count: int) -> list[Pair]:
    """Learns `merge_count` merges from texts with their weights."""
    splitter = PreTokenizer([EAST_ASIAN_PATTERN, WORD_PATTERN])
    characters: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for text, weight in texts.items():
        for character in text:
            if not character.isascii():
                characters[to_alphabet(character)] += weight
        for piece in splitter.split(text):
            pieces[to_alphabet(piece)] += weight
    merges: list[Pair] = []
    _MergeTrainer(characters, merges).run(merge_count, min_count=1)
    _MergeTrainer(pieces, merges).run(merge_count, min_count=2)
    if len(merges) != merge_count:
        raise ValueError(f"the data yields {len(merges)} merges, {merge_count} are wanted")
    return merges


def tokenizer_document(merges: list[Pair], control: list[str], visible: list[str]) -> dict:
    """The content of `tokenizer.json`; added tokens come after the byte-pair vocabulary."""
    tokens = [*_BYTE_TO_CHARACTER, *(left + right for left, right in merges)]
    added = [{"id": len(tokens) + offset, "content": content, "single_word": False,
              "lstrip": False, "rstrip": False, "normalized": False,
              "special": content in control}
             for offset, content in enumerate([*control, *visible])]
    splits = [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated",
               "invert": False} for pattern in (EAST_ASIAN_PATTERN, WORD_PATTERN)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, byte_level]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
                  "vocab": {token: index for index, token in enumerate(tokens)},
                  "merges": [list(pair) for pair in merges]},
    }


class Tokenizer:
    """Encodes and decodes with a `tokenizer.json` of the kind written by this project."""

    def __init__(self, document: dict) -> None:
        model = document["model"]
        self._vocab: dict[str, int] = model["vocab"]
        self._ranks = {(left, right): rank for rank, (left, right) in enumerate(model["merges"])}
        self.added: dict[str, int] = {
            token["content"]: token["id"] for token in document["added_tokens"]}
        stages = document["pre_tokenizer"]["pretokenizers"]
        self._splitter = PreTokenizer(
            [stage["pattern"]["Regex"] for stage in stages if stage["type"] == "Split"])
        longest_first = sorted(self.added, key=len, reverse=True)
        self._added_pattern = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        self._token_of = {index: token for token, index in self._vocab.items()}
        self._content_of = {index: content for content, index in self.added.items()}
        self._cache: dict[str, list[int]] = {}

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Reads a `tokenizer.json`."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @property
    def size(self) -> int:
        """The number of ids, added tokens included."""
        return len(self._vocab) + len(self.added)

    def encode(self, text: str) -> list[int]:
        """Ids of a rendered prompt: strings of added tokens become those tokens."""
        ids: list[int] = []
        for part in self._added_pattern.split(text):
            if part in self.added:
                ids.append(self.added[part])
            elif part:
                ids.extend(self.encode_text(part))
        return ids

    def encode_text(self, text: str) -> list[int]:
        """Ids of plain text, in which nothing is an added token."""
        ids: list[int] = []
        for piece in self._splitter.split(text):
            if piece not in self._cache:
                self._cache[piece] = self._encode_piece(to_alphabet(piece))
            ids.extend(self._cache[piece])
        return ids

    def _encode_piece(self, word: str) -> list[int]:
        if word in self._vocab:  # ignore_merges: a whole piece needs no merging
            return [self._vocab[word]]
        return [self._vocab[symbol] for symbol in apply_merges(word, self._ranks)]

    def decode(self, ids: list[int]) -> str:
        """The text of `ids`; half a character at the end becomes U+FFFD."""
        output = bytearray()
        for index in ids:
            if index in self._content_of:
                output += self._content_of[index].encode("utf-8")
            else:
                output += bytes(_CHARACTER_TO_BYTE[c] for c in self._token_of[index])
        return output.decode("utf-8", errors="replace")
