#!/usr/bin/env python3
"""Checks that the house is in order: sizes, dead headers, banned words, what the documents name.

  tidy.py [--root FOLDER]

Errors end the run with 1; warnings are questions ("is this file one thing?") and do not. The limits and lists are
the constants below; STYLE.md gives the reason for each.
"""

import argparse
import re
import sys
from itertools import product
from pathlib import Path

from tree_files import tree_files

MAX_LINE = 100
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 600
LONG_FILE_LINES = 400
# Kernels unroll by hand and read better in one piece.
LONG_FUNCTIONS_ALLOWED = ("src/backend/",)

CPP = (".h", ".cpp", ".cu", ".cuh", ".inc")
WEB = (".ts", ".tsx", ".css")
CODE = CPP + WEB + (".py", ".sh", ".mjs", ".js", ".cmake")
TEXT = CODE + (".md", ".txt", ".html", ".json", ".yaml", ".yml", ".jinja")
# Data: not written by hand as code is, so neither sizes nor words are asked of it.
DATA = ("models/", "tests/data/", "tests/golden/", "fuzz/corpus/", "tools/demo_model/data/",
        "tests/node/package-lock.json", "web/package-lock.json", "LICENSE")

BANNED_FILE_WORDS = {"util", "utils", "common", "helper", "helpers", "misc", "manager2", "impl", "stuff"}
# Joined at run time, so that this file does not find itself.
BANNED_MARKS = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
BANNED_MARK = re.compile(r"\b(" + "|".join(BANNED_MARKS) + r")\b")
BANNED_NAME = re.compile(r"\b(?:class|struct|namespace|enum class|enum)\s+(\w*(?:Util|Helper|Misc|Impl)\w*"
                         r"|util|utils|helpers?|misc|impl)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/[\w.]")

DOCUMENT_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
DOCUMENT_PATH = re.compile(
    r"`((?:src|include|apps|tests|tools|docs|fuzz|cmake|bench|configs|models|web|\.ci)/[\w./*{},-]*)`")
# Guides to a change of the code: whatever stands in backquotes there is a name in the code.
GUIDES = ("docs/how-to-add/", "docs/zh-CN/how-to-add/")
QUOTED = re.compile(r"`([^`\n]+)`")
NAME = re.compile(r"[A-Za-z_]\w+")


class Findings:
    """What was found, errors and questions apart."""

    def __init__(self):
        self.errors, self.warnings = [], []

    def error(self, where, what):
        self.errors.append(f"{where}: {what}")

    def warning(self, where, what):
        self.warnings.append(f"{where}: warning: {what}")


def without_comments_and_strings(source: str) -> str:
    """C++ with comments, strings and preprocessor lines blanked; every line keeps its number."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''
        r'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.DOTALL | re.MULTILINE)
    return pattern.sub(lambda match: "\n" * match.group(0).count("\n") or " ", source)


def kind_of_brace(statement: str) -> str:
    """What a '{' opens outside of functions, from the text before it: scope, function or value."""
    text = re.sub(r"^(?:\s|public:|private:|protected:|template\s*<[^{}]*?>\s*(?=\w))+", "", statement).strip()
    if re.match(r"(inline\s+)?namespace\b", text) or text == "extern":
        return "scope"
    if re.match(r"(class|struct|union)\b", text) and not re.search(r"\)\s*(const)?$", text):
        return "scope"
    if re.match(r"(typedef\s+)?enum\b", text):
        return "value"
    if re.search(r"(?<![=!<>])=(?!=)", re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)|operator\s*\S+", "", text)):
        return "value"
    if re.search(r"\)(?:\s*(?:const|noexcept|override|final|mutable|try|&&?|->\s*[\w:<>,*&\s]+|requires\b.*))*\s*$", text):
        return "function"
    if re.search(r"\)\s*(?:noexcept\s*)?:", text) and re.search(r"[})]\s*$", text):
        return "function"  # a constructor after its initialisers
    return "value"


def functions_of(source: str):
    """(first line, number of lines, name) of every function body in C++ source."""
    code = without_comments_and_strings(source)
    stack, statement, start = [], "", None
    line = 1
    for character in code:
        if character == "\n":
            line += 1
        inside_function = any(kind == "function" for kind, *_ in stack)
        if character == "{":
            kind = "inner" if inside_function else kind_of_brace(statement)
            stack.append((kind, start or line, statement))
            if kind in ("scope", "function"):
                statement, start = "", None
            elif not inside_function:
                statement += "{"
        elif character == "}":
            if not stack:
                return  # unbalanced: the compiler says more about it
            kind, first, head = stack.pop()
            if kind == "function":
                names = re.findall(r"([\w:~]+)\s*\(", head)
                yield first, line - first + 1, names[0] if names else "?"
            if kind in ("scope", "function"):
                statement, start = "", None
            elif not inside_function:
                statement += "}"
        elif character == ";" and not inside_function:
            statement, start = "", None
        elif not inside_function:
            if start is None and not character.isspace():
                start = line
            statement += character


def check_sizes(path: Path, text: str, findings: Findings):
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        findings.error(path, f"{len(lines)} lines, limit {MAX_FILE_LINES}")
    elif len(lines) > LONG_FILE_LINES:
        findings.warning(path, f"{len(lines)} lines; is it still one thing?")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE and path.suffix in CPP and not re.search(r'R"|https?://', line):
            findings.error(f"{path}:{number}", f"{len(line)} columns, limit {MAX_LINE}")
    if path.suffix in CPP and not path.as_posix().startswith(LONG_FUNCTIONS_ALLOWED):
        for first, length, name in functions_of(text):
            if length > MAX_FUNCTION_LINES:
                findings.error(f"{path}:{first}",
                               f"function {name} is {length} lines, limit {MAX_FUNCTION_LINES}")


def check_words(path: Path, text: str, findings: Findings):
    words = set(re.split(r"[_.\-]", path.name.lower()))
    if path.suffix in CODE and words & BANNED_FILE_WORDS:
        findings.error(path, f"file name says '{(words & BANNED_FILE_WORDS).pop()}' (name it after what it holds)")
    for number, line in enumerate(text.splitlines(), 1):
        if match := BANNED_MARK.search(line):
            findings.error(f"{path}:{number}", f"'{match.group(1)}' (finish it or write an issue)")
        if path.suffix in CPP and (match := BANNED_NAME.search(line)):
            findings.error(f"{path}:{number}", f"the name '{match.group(1)}' says nothing")
        if match := MACHINE_PATH.search(line):
            findings.error(f"{path}:{number}", f"path of a machine: {match.group(0)}…")


def check_beginning(root: Path, path: Path, text: str, findings: Findings):
    # What x.h says of itself holds for x.cpp and x_test.cpp beside it.
    stem = path.stem.removesuffix("_test")
    introduced = path.suffix != ".h" and any((root / path.parent / (stem + ending)).exists()
                                             for ending in (".h", ".cpp") if stem + ending != path.name)
    if not text.startswith(("//", "/*")) and not introduced:
        findings.error(path, "does not begin with a comment that says what it is")
    if path.suffix == ".h" and "#pragma once" not in text:
        findings.error(path, "has no #pragma once")


def check_dead_headers(root: Path, files: list[Path], findings: Findings):
    named = set()
    for path in files:
        if path.suffix in CPP:
            for name in re.findall(r'#\s*include\s*["<]([^">]+)[">]', (root / path).read_text(encoding="utf-8")):
                named.add(Path(name).name if "/" not in name else name)
    for path in files:
        if path.suffix not in (".h", ".cuh", ".inc") or path.parts[0] == "include":
            continue
        known_as = {"/".join(path.parts[i:]) for i in range(len(path.parts))}
        if not known_as & named:
            findings.error(path, "never included")


def expand_braces(pattern: str) -> list[str]:
    """src/base/clock.{h,cpp} -> src/base/clock.h, src/base/clock.cpp"""
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    choices = [piece.split(",") if i % 2 else [piece] for i, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in product(*choices)]


def anchors_of(text: str) -> set[str]:
    """What `#...` may name in a document: its headings as GitHub and GitLab spell them."""
    without_blocks = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", without_blocks, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def check_document(root: Path, path: Path, text: str, findings: Findings):
    def exists(base: Path, name: str) -> bool:
        if "*" in name:
            return any(base.glob(name))
        return (base / name).exists()

    for number, line in enumerate(text.splitlines(), 1):
        for target, anchor in DOCUMENT_LINK.findall(line):
            if "://" in target or target.startswith("mailto:"):
                continue
            document = root / path.parent / target if target else root / path
            if not exists(root / path.parent, target):
                findings.error(f"{path}:{number}", f"links to {target}, which is not there")
            elif anchor and document.suffix == ".md" and anchor not in anchors_of(document.read_text(encoding="utf-8")):
                findings.error(f"{path}:{number}", f"links to {target}#{anchor}, a heading that is not there")
        for target in DOCUMENT_PATH.findall(line):
            for name in expand_braces(target):
                if not exists(root, name):
                    findings.error(f"{path}:{number}", f"names {name}, which is not there")


def check_named_documents(root: Path, path: Path, text: str, findings: Findings):
    """Code that sends its reader to a document."""
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"\bdocs/[\w-]+\.md\b", line):
            if not (root / name).exists():
                findings.error(f"{path}:{number}", f"names {name}, which is not there")


def names_in_code(root: Path, files: list[Path]) -> set[str]:
    """Every word of the code and of its files' names."""
    names = set()
    for path in files:
        names.update(NAME.findall(path.as_posix()))
        if path.suffix in CODE or path.name in ("CMakeLists.txt", "Makefile"):
            names.update(NAME.findall((root / path).read_text(encoding="utf-8")))
    return names


def check_guide(path: Path, text: str, names: set[str], findings: Findings):
    for number, line in enumerate(text.splitlines(), 1):
        for name in NAME.findall(" ".join(QUOTED.findall(line))):
            if name not in names:
                findings.error(f"{path}:{number}", f"says `{name}`, which is nowhere in the code")


def check_tree(root: Path) -> Findings:
    findings = Findings()
    files = tree_files(root)
    guides = [path for path in files if path.as_posix().startswith(GUIDES) and path.suffix == ".md"]
    names = names_in_code(root, files) if guides else set()
    for path in files:
        if path.as_posix().startswith(DATA) or not (path.suffix in TEXT or path.name == "Makefile"):
            continue
        text = (root / path).read_text(encoding="utf-8")
        if path.suffix in CODE:
            check_sizes(path, text, findings)
        if path.suffix in CPP + WEB:
            check_beginning(root, path, text, findings)
        if path.suffix in CPP:
            check_named_documents(root, path, text, findings)
        if path.suffix == ".md":
            check_document(root, path, text, findings)
        if path in guides:
            check_guide(path, text, names, findings)
        check_words(path, text, findings)
    check_dead_headers(root, files, findings)
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    findings = check_tree(parser.parse_args().root)
    for line in findings.warnings + findings.errors:
        print(line)
    print(f"tidy: {len(findings.errors)} errors, {len(findings.warnings)} warnings")
    return 1 if findings.errors else 0


if __name__ == "__main__":
    sys.exit(main())
