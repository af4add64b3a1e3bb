"""Two-stage splitting of text before byte-pair encoding.

The Youtu tokenizer first isolates runs of East-Asian text and then cuts what is left the way GPT-4o
does, with single digits.  Both stages are regular expressions that end up verbatim in
`tokenizer.json`; here they are also run by Python's `re`, which knows no `\\p{..}` classes, so the
one idea of this file is to translate the published pattern instead of writing a second one.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata

# Hangul, CJK punctuation, Bopomofo, Han with kana: each kind forms runs of its own.
EAST_ASIAN_PATTERN = (
    "[\uac00-\ud7a3\u3131-\u318e]+"
    "|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+"
    "|[\u3105-\u312f]+"
    "|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
)

# The contraction is spelled out letter by letter because `(?i:..)` is missing in some engines.
_CONTRACTION = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?"
_CASED = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"
_LOWER = r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
WORD_PATTERN = "|".join([
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_CASED}]*[{_LOWER}]+{_CONTRACTION}",
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_CASED}]+[{_LOWER}]*{_CONTRACTION}",
    r"\p{N}",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r"\s*[\r\n]+",
    r"\s+(?!\S)",
    r"\s+",
])

# Unicode White_Space, which is what `\s` means to Oniguruma; Python's own `\s` has four more.
_WHITE_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@functools.lru_cache(maxsize=None)
def _category_ranges(category: str) -> str:
    """The code points of a general category ("L", "Lu", ..) as the inside of a character class."""
    ranges: list[str] = []
    start: int | None = None
    for point in range(sys.maxunicode + 2):
        inside = point <= sys.maxunicode and unicodedata.category(chr(point)).startswith(category)
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start = None
    return "".join(ranges)


def translate(pattern: str) -> str:
    """Rewrites `\\p{..}`, `\\s` and `\\S` of a published pattern into what Python's `re` reads."""
    output: list[str] = []
    inside_class = False
    position = 0
    while position < len(pattern):
        named = re.compile(r"\\p\{(\w+)\}|\\([sS])").match(pattern, position)
        if named:
            ranges = _category_ranges(named[1]) if named[1] else _WHITE_SPACE
            negation = "^" if named[2] == "S" else ""
            output.append(ranges if inside_class else f"[{negation}{ranges}]")
            position = named.end()
            continue
        character = pattern[position]
        if character == "\\":
            output.append(pattern[position:position + 2])
            position += 2
            continue
        if character in "[]":
            inside_class = character == "["
        output.append(character)
        position += 1
    return "".join(output)


class PreTokenizer:
    """Applies `Split` patterns one after the other; each isolates its matches inside the pieces."""

    def __init__(self, patterns: list[str]) -> None:
        self._stages = [re.compile(translate(pattern)) for pattern in patterns]

    def split(self, text: str) -> list[str]:
        """The pieces of `text`, in order; their concatenation is `text`."""
        pieces = [text]
        for stage in self._stages:
            pieces = [part for piece in pieces for part in self._isolate(stage, piece)]
        return pieces

    @staticmethod
    def _isolate(stage: re.Pattern[str], text: str) -> list[str]:
        parts: list[str] = []
        end = 0
        for match in stage.finditer(text):
            if match.start() > end:
                parts.append(text[end:match.start()])
            if match.end() > match.start():
                parts.append(match[0])
            end = match.end()
        if end < len(text):
            parts.append(text[end:])
        return parts
