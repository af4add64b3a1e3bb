#!/usr/bin/env python3
"""How much of a text repeats itself: the tokens of it that no_repeat_ngram_size would forbid.

  repeated_ngrams.py [--url URL] [--size 3] FILE...

A running server cuts each file into tokens (/tokenize). A token that ends an n-gram which stood in the text before could
not be written there: the answer would have to go on with something else. Exit code 1: the server or a file failed.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


def tokens_of(url: str, text: str) -> list:
    body = json.dumps({"prompt": text, "add_special_tokens": False}).encode()
    request = urllib.request.Request(url + "/tokenize", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["tokens"]


def num_forbidden(tokens: list, size: int) -> int:
    seen, forbidden = set(), 0
    for end in range(size, len(tokens) + 1):
        ngram = tuple(tokens[end - size:end])
        forbidden += ngram in seen
        seen.add(ngram)
    return forbidden


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--size", type=int, default=3)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    options = parser.parse_args()
    for path in options.files:
        try:
            tokens = tokens_of(options.url, path.read_text(encoding="utf-8"))
        except urllib.error.HTTPError as error:
            sys.exit(f"error: {path}: {error.code} {error.read().decode(errors='replace').strip()}")
        except (OSError, ValueError) as error:
            sys.exit(f"error: {path}: {error}")
        forbidden = num_forbidden(tokens, options.size)
        print(f"{path}: {forbidden} of {len(tokens)} tokens ({100 * forbidden / max(len(tokens), 1):.0f} %)")


if __name__ == "__main__":
    main()
