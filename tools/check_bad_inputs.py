#!/usr/bin/env python3
"""Checks that each bad input of the list is tested, and that the list says where.

  check_bad_inputs.py [--root FOLDER]

The list is docs/bad-inputs.md: tables whose rows begin with an id (`H29`) and end with the files that test it. A test
carries an id as a string of its own: "H29", or "H29a", "H29-3", f"H29{x}" for one of several cases. In a table of cases
it is the first item, elsewhere the message of a subTest, the docstring of a test or a SCOPED_TRACE. Letters that begin
no row of the list are left alone.
"""

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

from tree_files import tree_files

LIST = Path("docs/bad-inputs.md")
ROW = re.compile(r"^\| ([A-Z]\d\d) \|.*\|([^|]*)\|$")
FILE = re.compile(r"`([^`]+)`")
CARRIED = re.compile(r"""["'`]([A-Z]\d\d)[a-z]?["'`{-]""")


def is_test(path: Path) -> bool:
    if path.suffix == ".cpp":
        return path.stem.endswith("_test")
    return path.parts[0] == "tests" and path.parts[1] != "house" and path.suffix in (".py", ".mjs")


def listed_rows(text: str) -> tuple[dict, list]:
    """id: the files that it names; and what is wrong with the list itself."""
    rows, findings = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        match = ROW.match(line)
        if not match:
            continue
        if match[1] in rows:
            findings.append(f"{LIST}:{number}: {match[1]} is listed twice")
        rows[match[1]] = set(FILE.findall(match[2]))
    return rows, findings


def carried_rows(root: Path) -> dict:
    """id: the files whose tests carry it."""
    carried = defaultdict(set)
    for path in tree_files(root):
        if is_test(path):
            for row in CARRIED.findall((root / path).read_text(encoding="utf-8")):
                carried[row].add(path.as_posix())
    return carried


def check_rows(root: Path) -> list:
    rows, findings = listed_rows((root / LIST).read_text(encoding="utf-8"))
    if not rows:
        findings.append(f"{LIST}: there are no rows")
    letters = {row[0] for row in rows}
    carried = {row: files for row, files in carried_rows(root).items() if row[0] in letters}
    for row, files in sorted(rows.items()):
        there = carried.get(row, set())
        if not there:
            findings.append(f"{LIST}: no test carries {row}")
            continue
        findings += [f"{LIST}: {row} is not tested in {name}" for name in sorted(files - there)]
        findings += [f"{LIST}: {row} is also tested in {name}" for name in sorted(there - files)]
    for row in sorted(set(carried) - set(rows)):
        findings.append(f"{', '.join(sorted(carried[row]))}: {row} is not in {LIST}")
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    root = parser.parse_args().root
    findings = check_rows(root)
    for finding in findings:
        print(finding)
    rows, _ = listed_rows((root / LIST).read_text(encoding="utf-8"))
    print(f"{len(rows)} bad inputs, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
