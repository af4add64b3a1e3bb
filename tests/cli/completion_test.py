"""`youtu completion`: each shell's script and the manual page know every command and every option that the help names.

  completion_test.py <program> [unittest arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv.pop(1))


def printed(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def commands_of(*path):
    """The commands under `path`, from the help."""
    text = printed(*path, "--help")
    match = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
    return re.findall(r"^  (\w+)", match.group(1), re.MULTILINE) if match else []


def all_paths():
    return [path for name in commands_of() for path in [(name,), *((name, inner) for inner in commands_of(name))]]


def options_of(*path):
    """From the lines of the help that begin with names."""
    names = set()
    for line in re.findall(r"^  (-.*)", printed(*path, "--help"), re.MULTILINE):
        names |= set(re.findall(r"(?<![\w-])--[a-z][\w-]*", line.split("  ")[0]))
    return names


class Completion(unittest.TestCase):
    def complete(self, *words):
        """What bash suggests for the last of `words`."""
        script = ('source <("$0" completion bash); COMP_WORDS=(youtu "$@"); COMP_CWORD=$#; _youtu; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-uc", script, PROGRAM, *words], capture_output=True, text=True, timeout=60,
                              cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        (Path(self.folder) / "model.gguf").touch()

    def test_bash(self):
        self.assertEqual(self.complete("ser"), ["serve"])
        self.assertLessEqual(set(commands_of()), set(self.complete("")))
        for path in all_paths():
            self.assertLessEqual(options_of(*path), set(self.complete(*path, "--")), path)
        self.assertEqual(self.complete("chat", "--isa", "avx5"), ["avx512", "avx512vnni"])
        self.assertEqual(self.complete("chat", "--load", ""), ["auto", "map", "read"])
        self.assertEqual(self.complete("inspect", "mod"), ["model.gguf"])
        self.assertLessEqual({"ops", "serve"}, set(self.complete("bench", "")))

    def test_every_script_has_everything(self):
        for shell, written in (("bash", "{}"), ("zsh", "{}["), ("fish", "-l {}")):
            script = printed("completion", shell)
            for path in all_paths():
                self.assertIn(path[-1], script)
                for option in options_of(*path):
                    name = option[2:] if shell == "fish" else option
                    self.assertIn(written.format(name), script, (shell, path))
            if program := shutil.which(shell):
                done = subprocess.run([program, "-n"], input=script, capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_zsh_loads_it(self):
        zsh = shutil.which("zsh")
        if not zsh:
            self.skipTest("zsh is not installed")
        done = subprocess.run([zsh, "-fc", 'autoload -U compinit; compinit -u -D; source =("$0" completion zsh); '
                               "print $_comps[youtu]", PROGRAM], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("_youtu\n", ""))

    def test_manual_page(self):
        page = printed("completion", "man")
        text = page.replace("\\-", "-").replace("\\e", "\\")
        for path in all_paths():
            section = text.split(f"\n.SS youtu {' '.join(path)}\n", 1)
            self.assertEqual(len(section), 2, path)
            section = section[1].split("\n.SS ")[0].split("\n.SH ")[0]
            for option in options_of(*path):
                self.assertIn(f"\\fB{option}\\fR", section, path)
        for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"):
            self.assertIn(f".SH {heading}\n", page)
        if groff := shutil.which("groff"):
            done = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_only_what_there_is(self):
        done = subprocess.run([PROGRAM, "completion", "tcsh"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("tcsh", done.stderr)


if __name__ == "__main__":
    unittest.main()
