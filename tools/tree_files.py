"""The files of this project, for the programs that check them: what git tracks or would track, sorted.

As a program: tree_files.py <root> <ending>... prints their paths.
"""

import subprocess
import sys
from pathlib import Path

LEFT_OUT = {"build", "node_modules", ".git", "__pycache__"}


def tree_files(root: Path) -> list[Path]:
    """All files under `root` that belong to the project, relative to it."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True).stdout.decode()
        names = [Path(name) for name in listed.split("\0") if name]
    else:  # an unpacked archive
        names = [path.relative_to(root) for path in root.rglob("*")
                 if not LEFT_OUT.intersection(path.relative_to(root).parts)]
    return sorted(name for name in set(names) if (root / name).is_file())


def main() -> int:
    root, endings = Path(sys.argv[1]), tuple(sys.argv[2:])
    for name in tree_files(root):
        if not endings or name.name.endswith(endings):
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
