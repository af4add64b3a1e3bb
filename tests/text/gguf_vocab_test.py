"""Token ids on published GGUF vocabularies must be those that llama.cpp's tests expect.

    gguf_vocab_test.py <encode_lines> <folder with *.gguf, *.gguf.inp, *.gguf.out>

Each .inp file holds texts between separator lines, each .out file the ids, one line for each text. Exit status 77
(skipped) where the folder is missing: the files are not part of the repository.
"""
import json
import pathlib
import subprocess
import sys

SEPARATOR = "\n__ggml_vocab_test__\n"
SKIPPED = 77


def token_ids(program, vocabulary, texts, *options):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(
        [program, str(vocabulary), *options], input=lines, capture_output=True, text=True, timeout=100
    )
    if done.returncode != 0:
        raise RuntimeError(f"{vocabulary.name}: {done.stderr.strip()}")
    return done.stdout.split("\n")[:-1]


def check(program, vocabulary):
    texts = (vocabulary.parent / (vocabulary.name + ".inp")).read_bytes().decode().split(SEPARATOR)
    expected = (vocabulary.parent / (vocabulary.name + ".out")).read_text().split("\n")[: len(texts)]
    expected = [" ".join(line.split()) for line in expected]
    different = 0
    # None of the texts spells an added token, so trust makes no difference.
    for options in ([], ["--untrusted"]):
        found = token_ids(program, vocabulary, texts, *options)
        assert len(found) == len(texts) == len(expected), f"{len(found)} answers, {len(texts)} texts"
        for text, ours, theirs in zip(texts, found, expected):
            if ours != theirs:
                different += 1
                print(f"{vocabulary.name}: {text!r}\n  expected {theirs}\n  got      {ours}")
    print(f"{vocabulary.name}: {len(texts)} texts, {different} different")
    return different


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    vocabularies = sorted(folder.glob("*.gguf"))
    if not vocabularies:
        print(f"SKIPPED: there are no GGUF vocabularies in {folder}")
        return SKIPPED
    different = sum(check(program, vocabulary) for vocabulary in vocabularies)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
