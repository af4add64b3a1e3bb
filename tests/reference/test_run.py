"""How these test programs end and what they report: a line per measured comparison, and exit status
77, which ctest shows as "skipped", where a peer that they need is not installed.
"""
import os
import pathlib
import sys
import tempfile
import unittest

SKIPPED = 77


def program_from_environment(variable):
    """The program under test. Its absence is a mistake of whoever started the test, not a reason to
    pass.
    """
    path = os.environ.get(variable)
    if not path or not pathlib.Path(path).exists():
        sys.exit(f"{variable} must name the program to test; it is '{path}'")
    return path


class ProgramTest(unittest.TestCase):
    """Tests of `self.program` (YOUTU_PROGRAM), each with a folder of its own, `self.folder`."""

    @classmethod
    def setUpClass(cls):
        cls.program = program_from_environment("YOUTU_PROGRAM")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


def report(label, **measured):
    values = "  ".join(
        f"{name} {value:.2e}" if isinstance(value, float) else f"{name} {value}"
        for name, value in measured.items()
    )
    print(f"{label:44} {values}", flush=True)


def run():
    result = unittest.main(module="__main__", exit=False, verbosity=1).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.skipped else 0)
