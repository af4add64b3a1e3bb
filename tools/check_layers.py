#!/usr/bin/env python3
"""Checks that an #include only goes down: the floors of ARCHITECTURE.md as data, and three rules beside them.

  check_layers.py [--root FOLDER] [--compile-commands BUILD/compile_commands.json]

1. A folder includes only the folders that FLOORS allows it, and the public headers.
2. The public headers include only the standard library and each other.
3. The instruction-set files of the CPU backend include only intrinsics, C headers and the kernels' own headers, and
   define exactly one global symbol each. The symbol is looked for with nm in an unoptimised object, because an
   optimiser hides the inline functions that would otherwise carry AVX code into shared symbols. (Needs
   --compile-commands.)

Tests (*_test.cpp) stand on top of the house and may include everything.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tree_files import tree_files

FLOORS = {
    "base": [],
    "tensor": ["base"],
    "text": ["base"],
    "grammar": ["base"],
    "cache": ["base"],
    "sampling": ["base"],
    "chat": ["base"],
    "http": ["base"],
    "load": ["base"],
    "hub": ["base"],
    "config": ["base"],
    "formats": ["tensor", "text", "base"],
    "backend": ["tensor", "base"],
    "server": ["chat", "http", "config", "base"],
    "webpage": ["http", "base"],
    "model": ["backend", "formats", "tensor", "base"],
    "bench": ["model", "backend", "formats", "sampling", "tensor", "base"],
    "engine": ["model", "backend", "formats", "cache", "grammar", "sampling", "text", "tensor", "base"],
}
PROGRAM = ["server", "webpage", "chat", "http", "hub", "config", "base"]
MODEL_TOOLS = PROGRAM + ["formats", "tensor", "text", "model", "backend", "bench", "load"]
MODEL_TOOL_FILES = ("inspect", "pack", "quantize", "eval", "bench", "doctor")  # apps/youtu/inspect.cpp, inspect_json.cpp, ...

# An implementation of the Backend interface sees the interface, never another implementation, and the interface sees
# none of them.
BACKEND_IMPLEMENTATIONS = ("cpu", "cuda")

KERNEL_HEADER = "kernels.h"  # kernels.h itself, packed_kernels.h, ...
KERNEL_SYSTEM_HEADERS = {"immintrin.h", "arm_neon.h", "stdbool.h", "stdint.h", "stddef.h", "string.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CODE_ENDINGS = (".h", ".cpp", ".cu", ".cuh", ".inc")


def includes_of(path: Path):
    """(line number, '<' or '"', name) of each include of a file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def is_test(path: Path) -> bool:
    return path.stem.endswith("_test") or "testing" in path.parts


def is_isa_kernel(path: Path) -> bool:
    return (path.parent.as_posix() == "src/backend/cpu" and path.suffix == ".cpp"
            and path.stem.startswith("kernels_") and path.stem != "kernels_scalar" and not is_test(path))


def is_kernel_part(path: Path) -> bool:
    """Whether the instruction-set files are, or include, this file."""
    return is_isa_kernel(path) or (path.parent.as_posix() == "src/backend/cpu"
                                   and (path.suffix == ".inc" or path.name.endswith(KERNEL_HEADER)))


def check_public(path: Path, quote: str, name: str) -> str | None:
    if quote == '"' and not name.startswith("youtu/"):
        return f'a public header includes "{name}" (only the standard library and youtu/)'
    if quote == "<" and ("." in name or "/" in name):
        return f"a public header includes <{name}> (only the standard library and youtu/)"
    return None


def check_backend(path: Path, name: str) -> str | None:
    """The rule between src/backend and the implementations under it."""
    target = Path(name).parts
    if len(target) < 3 or target[0] != "backend" or target[1] not in BACKEND_IMPLEMENTATIONS:
        return None
    own = path.parts[2] if len(path.parts) > 3 else None
    if own == target[1]:
        return None
    return f'"{name}" is inside an implementation of the backend (see only the interface)'


def check_include(root: Path, path: Path, name: str) -> str | None:
    """What is wrong with the quoted include `name` in `path`, if anything."""
    if name.startswith("youtu/"):
        return None
    parts = path.parts
    if parts[0] == "apps":
        own, is_tool = None, path.stem.split("_")[0] in MODEL_TOOL_FILES
        allowed = MODEL_TOOLS if is_tool else PROGRAM
    else:
        own = parts[1]
        if own not in FLOORS:
            return f"folder src/{own} has no row in FLOORS of tools/check_layers.py"
        allowed = FLOORS[own]
    target = Path(name).parts[0]
    if "/" not in name:
        if (root / path.parent / name).is_file():
            return None
        return f'"{name}" is not beside this file (name its folder)'
    if target not in FLOORS:
        return f'"{name}" is in no floor'
    if target != own and target not in allowed:
        where = own or "the program"
        return f'{where} may not include {target} ("{name}"; allowed: {", ".join(allowed) or "nothing"})'
    return check_backend(path, name)


def check_kernel_include(quote: str, name: str) -> str | None:
    if quote == "<" and name not in KERNEL_SYSTEM_HEADERS:
        return f"an instruction-set file includes <{name}> (only {', '.join(sorted(KERNEL_SYSTEM_HEADERS))})"
    if quote == '"' and not name.endswith(KERNEL_HEADER) and not name.endswith(".inc"):
        return f'an instruction-set file includes "{name}" (only *kernels.h and *.inc)'
    return None


def check_includes(root: Path) -> list[str]:
    findings = []
    for path in tree_files(root):
        if path.suffix not in CODE_ENDINGS or path.parts[0] not in ("include", "src", "apps"):
            continue
        if is_test(path):
            continue
        for number, quote, name in includes_of(root / path):
            problems = []
            if path.parts[0] == "include":
                problems.append(check_public(path, quote, name))
            elif quote == '"':
                problems.append(check_include(root, path, name))
            if is_kernel_part(path):
                problems.append(check_kernel_include(quote, name))
            findings += [f"{path}:{number}: {problem}" for problem in problems if problem]
    return findings


def global_symbols(command: list[str], directory: str) -> list[str]:
    """The global symbols that a compile command defines when nothing is optimised."""
    with tempfile.TemporaryDirectory() as folder:
        object_file = str(Path(folder) / "kernel.o")
        kept, skip = [], False
        for word in command:
            if skip:
                skip = False
            elif word in ("-o", "-MF", "-MT"):
                skip = True
            elif not word.startswith("-O") and word not in ("-MD", "-Werror") and "ccache" not in word:
                kept.append(word)
        subprocess.run([*kept, "-O0", "-o", object_file], cwd=directory, check=True)
        listed = subprocess.run(["nm", "--defined-only", "--extern-only", "-C", object_file], check=True,
                                capture_output=True, text=True).stdout
        return [line.split(maxsplit=2)[-1] for line in listed.splitlines() if line.strip()]


def check_symbols(root: Path, compile_commands: Path) -> list[str]:
    findings, checked = [], 0
    for entry in json.loads(compile_commands.read_text()):
        file = Path(entry["directory"], entry["file"]).resolve()
        if not file.is_relative_to(root.resolve()):
            continue
        path = file.relative_to(root.resolve())
        if not is_isa_kernel(path):
            continue
        checked += 1
        symbols = global_symbols(shlex.split(entry["command"]), entry["directory"])
        if len(symbols) != 1:
            findings.append(f"{path}: defines {len(symbols)} global symbols, 1 is allowed: {', '.join(symbols)}")
    print(f"{checked} instruction-set files define one global symbol each" if not findings else "")
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--compile-commands", type=Path)
    arguments = parser.parse_args()
    findings = check_includes(arguments.root)
    if arguments.compile_commands:
        findings += check_symbols(arguments.root, arguments.compile_commands)
    for finding in findings:
        print(finding)
    print(f"layers: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
