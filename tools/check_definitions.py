#!/usr/bin/env python3
"""Checks the one-definition rule: no two files define a type or a function of the same full name.

  check_definitions.py [--root FOLDER]

Two types of one name are no error for compiler and linker as long as no file sees both, and neither are two inline
functions, or two functions of which a program takes one from an archive. What is compiled of one is then used for the
other, and the program breaks far from the reason. What is in an unnamed namespace, or static, is each file's own.
Functions may share a name if their parameters differ. An *.inc is a part of the files that include it, in a namespace of
theirs, and is not looked at.
"""

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

from tidy import kind_of_brace, without_comments_and_strings
from tree_files import tree_files

ENDINGS = (".h", ".cpp", ".cu", ".cuh")
UNNAMED = "(unnamed)"

NAMESPACE = re.compile(r"\bnamespace\s*([\w:]*)\s*$")
TYPE = re.compile(r"\b(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+(?:alignas\s*\([^)]*\)\s*|\[\[[^\]]*\]\]\s*)*"
                  r"([\w:]+(?:\s*<[^{]*>)?)\s*(?:final\s*)?(?::(?!:).*)?$", re.DOTALL)
FUNCTION = re.compile(r"((?:[\w:~]|<[^<>()]*>)*\boperator\s*(?:\(\s*\)|[^\s(]+)|[\w:~]+(?:<[^<>()]*>(?:::[\w~]+)?)?)\s*\(")
PARAMETER_NAME = re.compile(
    r"(?<=[\s&*>])\s*\b(?!(?:const|int|char|double|float|long|short|unsigned|auto|bool)\b)\w+(?=(?:\[\w*\])?$)")
# Run by name: each program has its own, and so has each test.
OWN_OF_EACH_PROGRAM = {"main", "LLVMFuzzerTestOneInput", "TEST", "TEST_F", "TEST_P"}


def scope_of(statement: str) -> str | None:
    """What a brace after `statement` opens: a namespace by its name, or None for anything else."""
    if match := NAMESPACE.search(statement):
        return match.group(1) or UNNAMED
    return "" if statement.strip() == "extern" else None  # extern "C": its string is blanked


def split_parameters(text: str) -> list[str]:
    """What stands between the commas of a parameter list, which begins at the front of `text` and ends where it is closed."""
    parts, depth, begin = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "(<[{") - (character in ")>]}")
        if depth < 0 or (depth == 0 and character == ","):
            parts.append(text[begin:at])
            begin = at + 1
        if depth < 0:
            break
    return [part.strip() for part in parts if part.strip()]


def type_of_parameter(text: str) -> str:
    """Without its name and its default."""
    text = re.sub(r"\s*=.*", "", text, flags=re.DOTALL)
    unnamed = PARAMETER_NAME.sub("", text)
    type_text = text if re.fullmatch(r"\s*(?:const)?\s*", unnamed) else unnamed
    return re.sub(r"\s*([&*<>,])\s*", r"\1", re.sub(r"\s+", " ", type_text.strip()))


def name_defined_by(statement: str) -> str | None:
    """Of the type or the function whose body a brace after `statement` begins."""
    if match := TYPE.search(statement):
        return re.sub(r"\s", "", match.group(1))
    # A comma: the rest of a constructor's initialisers.
    if kind_of_brace(statement) != "function" or re.match(r",|(?:\[\[\w+\]\]\s*)*static\b", statement.strip()):
        return None
    head = re.sub(r"^\s*template\s*<[^{}]*?>\s*(?=\w)", "", statement)
    match = FUNCTION.search(head)
    if match is None or match.group(1) in OWN_OF_EACH_PROGRAM:
        return None
    name = re.sub(r"\s", "", match.group(1))
    return f"{name}({', '.join(map(type_of_parameter, split_parameters(head[match.end():])))})"


def definitions_of(source: str):
    """(line, full name) of every type and function that C++ source defines at namespace scope."""
    scopes, statement = [], ""
    for number, line in enumerate(without_comments_and_strings(source).split("\n"), 1):
        for character in line + "\n":
            is_inside = None in scopes
            if character == "{":
                name = None if is_inside else name_defined_by(statement)
                if name:
                    yield number, "::".join([scope for scope in scopes if scope] + [name])
                scopes.append(None if is_inside or name else scope_of(statement))
            elif character == "}" and scopes:
                scopes.pop()
            if character in "{};":
                statement = ""
            elif not is_inside:
                statement += character


def check_definitions(root: Path) -> list[str]:
    places = defaultdict(dict)  # of each name, a line of each file
    for path in tree_files(root):
        if path.suffix not in ENDINGS:
            continue
        for number, name in definitions_of((root / path).read_text(encoding="utf-8")):
            if UNNAMED not in name:
                places[name].setdefault(path, number)
    findings = []
    for name, files in places.items():
        (first, line), *others = sorted(files.items())
        findings += [f"{path}:{number}: {name} is defined in {first}:{line} as well" for path, number in others]
    return sorted(findings)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    findings = check_definitions(parser.parse_args().root)
    for finding in findings:
        print(finding)
    print(f"definitions: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
