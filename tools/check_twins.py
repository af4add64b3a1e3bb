#!/usr/bin/env python3
"""Checks that each document for users has a Chinese twin of the same build, so that neither is changed alone.

  check_twins.py [--root FOLDER]

The twin of README.md is README.zh-CN.md, that of docs/x.md is docs/zh-CN/x.md. Both have, in the same order, headings of
the same levels, tables with as many columns and rows, and the same blocks of code. What differs may be words: of a block,
the comments behind `#`. The commands of twins are therefore run where those of the English documents are (tests/docs);
the READMEs' are run both, and may differ. Each links to the other, and a twin links to twins where there are some.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from tree_files import tree_files

TWIN_FOLDER = "docs/zh-CN"
README = Path("README.md")
# For those who change or measure the engine; English only.
WITHOUT_TWIN = {"attention.md", "bad-inputs.md", "eval.md", "glossary.md", "mla.md", "packed-file.md", "peers.md", "performance.md",
                "scheduling.md", "testing.md"}

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
MARK = re.compile(r"<!--\s*([\w ]+?)\s*(?::.*)?-->$")
SHELL_COMMENT = re.compile(r"(?:^|\s+)#\s.*$")


@dataclass
class Part:
    """What a twin has to have, too."""

    line: int
    what: str  # comparable; the text of a block of code included

    def __str__(self):
        first, *others = self.what.split("\n")
        return first + (f" ({len(others)} lines)" if others else "")


@dataclass
class Outline:
    headings: list = field(default_factory=list)
    tables: list = field(default_factory=list)
    blocks: list = field(default_factory=list)

    def kinds(self):
        return {"heading": self.headings, "table": self.tables, "block of code": self.blocks}.items()


def without_comment(line: str, language: str) -> str:
    return SHELL_COMMENT.sub("", line) if language == "sh" else line


def runs_of(lines: list, belongs) -> list:
    """(index of the first, lines) of each run of lines that belong together."""
    runs = []
    for index, line in enumerate(lines):
        if not belongs(line):
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == index:
            runs[-1][1].append(line)
        else:
            runs.append((index, [line]))
    return runs


def take_fenced_blocks(lines: list, with_text: bool) -> tuple:
    """The fenced blocks, and the lines with those of the blocks made empty."""
    blocks, rest, block, mark = [], [], None, ""
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            if block is None:
                block, language = Part(number, f"```{line[3:]} {mark}".rstrip()), line[3:]
            else:
                blocks.append(block)
                block = None
        elif block is not None and with_text:
            block.what += "\n" + without_comment(line, language)
        rest.append("" if block is not None or line.startswith("```") else line)
        mark = found.group(1) if (found := MARK.match(line)) else ""
    return blocks, rest


def outline_of(text: str, with_text: bool) -> Outline:
    outline = Outline()
    fenced, lines = take_fenced_blocks(text.splitlines(), with_text)
    for number, line in enumerate(lines, 1):
        if match := re.match(r"#+(?= )", line):
            outline.headings.append(Part(number, match.group(0)))
    for first, rows in runs_of(lines, lambda line: line.startswith("|")):
        columns = len(re.sub(r"`[^`]*`", "", rows[0]).replace("\\|", "").strip().strip("|").split("|"))
        outline.tables.append(Part(first + 1, f"{columns} columns, {len(rows) - 2} rows"))
    indented = [Part(first + 1, "\n".join(["indented", *(rows if with_text else [])]))
                for first, rows in runs_of(lines, lambda line: line.startswith("    "))]
    outline.blocks = sorted(fenced + indented, key=lambda block: block.line)
    return outline


def first_difference(english: str, twin: str) -> str:
    """Of two blocks of code that are not the same."""
    for line, twin_line in zip_longest(english.split("\n"), twin.split("\n"), fillvalue="(end)"):
        if line != twin_line:
            return f"has '{twin_line.strip()}' for '{line.strip()}'"
    return ""


def compare(english: Path, twin: Path, root: Path):
    """Yields what is wrong with a pair."""
    with_text = english != README
    ours = outline_of((root / english).read_text(encoding="utf-8"), with_text)
    theirs = outline_of((root / twin).read_text(encoding="utf-8"), with_text)
    for (kind, parts), (_, twin_parts) in zip(ours.kinds(), theirs.kinds()):
        for part, twin_part in zip_longest(parts, twin_parts):
            if twin_part is None:
                yield f"{english}:{part.line}: {kind} '{part}' has no twin in {twin}"
            elif part is None:
                yield f"{twin}:{twin_part.line}: {kind} '{twin_part}' is not in {english}"
            elif part.what != twin_part.what:
                yield (f"{twin}:{twin_part.line}: this {kind} {first_difference(part.what, twin_part.what)} "
                       f"of {english}:{part.line}")
            else:
                continue
            break  # what follows is out of step, too


def twin_of(document: Path) -> Path | None:
    """None for documents that need none."""
    if document == README:
        return Path("README.zh-CN.md")
    if document.parts[0] != "docs" or document.as_posix().startswith(TWIN_FOLDER + "/"):
        return None
    return None if document.name in WITHOUT_TWIN else Path(TWIN_FOLDER, *document.parts[1:])


def resolved(base: Path, link: str) -> Path:
    """Where a link of a file in `base` leads, relative to the root."""
    parts = list(base.parts)
    for part in Path(link).parts:
        if part == "..":
            del parts[-1:]
        elif part != ".":
            parts.append(part)
    return Path(*parts)


def check_links(document: Path, other: Path, twins: dict, root: Path):
    """Yields what is wrong with the links of one of a pair; `twins` has for it those that it should not link to."""
    leads_to_other = False
    for number, line in enumerate((root / document).read_text(encoding="utf-8").splitlines(), 1):
        for link in LINK.findall(line):
            if "://" in link:
                continue
            target = resolved(document.parent, link)
            if target == other:
                leads_to_other = True
            elif target in twins:
                yield f"{document}:{number}: links to {target} instead of {twins[target]}"
    if not leads_to_other:
        yield f"{document}: has no link to {other}"


def check_tree(root: Path) -> list:
    documents = [path for path in tree_files(root) if path.suffix == ".md"]
    pairs = {path: twin for path in documents if (twin := twin_of(path))}
    errors = []
    for english, twin in pairs.items():
        if twin not in documents:
            errors.append(f"{english}: has no Chinese twin {twin}")
            continue
        errors += compare(english, twin, root)
        errors += check_links(english, twin, {}, root)
        errors += check_links(twin, english, pairs, root)
    for path in documents:
        if path.as_posix().startswith(TWIN_FOLDER + "/") and path not in pairs.values():
            errors.append(f"{path}: is a twin of nothing")
    return errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    errors = check_tree(parser.parse_args().root)
    for line in errors:
        print(line)
    print(f"twins: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
