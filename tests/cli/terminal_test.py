"""`youtu chat` as a person at a terminal has it: a pseudo-terminal, keys typed into it, and what was said looked up in the
file that /save writes.

  terminal_test.py <program> [unittest arguments]
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv.pop(1))
TIMEOUT_S = 60
FLAGS = ("--temperature", "0", "--max-new-tokens", "12")
UP, LEFT, HOME, BACKSPACE, ALT_ENTER, CTRL_C, CTRL_D = "\x1b[A", "\x1b[D", "\x1b[H", "\x7f", "\x1b\r", "\x03", "\x04"
MORE = r"\.(\x1b\[0m)? "  # the prompt of a further line


class Terminal:
    """A chat in a pseudo-terminal of 80 columns."""

    def __init__(self, test, home: Path, *flags, base=FLAGS, **environment):
        self.test, self.seen = test, ""
        settings = {**os.environ, "HOME": str(home), "TERM": "xterm", "LC_ALL": "C", **environment}
        for name in ("XDG_STATE_HOME", *(() if "NO_COLOR" in environment else ("NO_COLOR",))):
            settings.pop(name, None)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execve(PROGRAM, [PROGRAM, "chat", *base, *flags], settings)
        self.resize(80)
        self.code = None
        test.addCleanup(self.end)
        self.expect("/help names the commands")
        self.prompt()

    def resize(self, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def end(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def read(self) -> bool:
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            data = os.read(self.terminal, 4096)
        except OSError:
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern):
        """Reads until `pattern` is seen; what came up to its end, which is then forgotten."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (match := re.search(pattern, self.seen)):
            self.test.assertLess(time.monotonic(), deadline, f"no {pattern!r} in {self.seen!r}")
            if not self.read():
                self.test.fail(f"the program ended before {pattern!r}: {self.seen!r}")
        before, self.seen = self.seen[:match.end()], self.seen[match.end():]
        return before

    def prompt(self):
        """Waits until a line may be typed: that pastes are told comes just before the prompt."""
        return self.expect(r"\x1b\[\?2004h\r?(\x1b\[1m)?>(\x1b\[0m)? ")

    def type(self, text):
        os.write(self.terminal, text if isinstance(text, bytes) else text.encode())

    def say(self, text):
        """Types, and reads until the next prompt."""
        self.type(text + "\r")
        return self.prompt()

    def wait(self):
        """Reads to the end; the exit code."""
        deadline = time.monotonic() + TIMEOUT_S
        while self.read():
            self.test.assertLess(time.monotonic(), deadline, f"no end, but {self.seen!r}")
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code


class TerminalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.history = self.home / ".local/state/youtu-serve/chat_history"

    def start(self, *flags, **settings):
        return Terminal(self, self.home, *flags, **settings)

    def said(self, terminal, name="saved"):
        """What the model was told, by the conversation's own account."""
        self.assertIn("Saved", terminal.say(f"/save! {name}"))
        messages = json.loads((self.home / name).read_text())["messages"]
        return [message["content"] for message in messages if message["role"] == "user"]


class Editing(TerminalTest):
    def test_chinese_is_as_wide_as_it_is(self):
        terminal = self.start()
        terminal.type("中文")
        terminal.expect("中文")
        terminal.type(LEFT)
        terminal.expect("\x08\x08")  # one character, two columns
        terminal.type("国")
        terminal.expect("国文")
        terminal.say("")
        terminal.say("你好吗" + BACKSPACE + "呀")
        terminal.say("second" + HOME + "the ")
        self.assertEqual(self.said(terminal), ["中国文", "你好呀", "the second"])

    def test_several_lines(self):
        terminal = self.start()
        terminal.type("one\\\r")
        terminal.expect(MORE)
        terminal.say("two")
        terminal.type('"""first\r')
        terminal.expect(MORE)
        terminal.type("second\r")
        terminal.expect(MORE)
        terminal.say('third"""')
        terminal.say("upper" + ALT_ENTER + "lower")
        terminal.say("\x1b[200~def f():\r\treturn 1\r\x1b[201~")
        self.assertEqual(self.said(terminal), ["one\ntwo", "first\nsecond\nthird", "upper\nlower", "def f():\n\treturn 1"])

    def test_a_line_longer_than_the_terminal(self):
        terminal = self.start()
        text = "字" * 60 + "x" * 60
        terminal.say(text)
        terminal.resize(40)
        terminal.say(text[::-1])
        self.assertEqual(self.said(terminal), [text, text[::-1]])

    def test_bytes_that_are_no_text(self):
        terminal = self.start()
        terminal.type(b"a\xffb\xc3(\r")
        terminal.prompt()
        self.assertEqual(len(self.said(terminal)), 1)

    def test_tab(self):
        terminal = self.start()
        terminal.type("/sa\t")
        terminal.expect("ve ")
        terminal.say("conversation.json")
        self.assertTrue((self.home / "conversation.json").exists())
        terminal.type("/load conv\t")
        terminal.expect("ersation.json")
        self.assertIn("0 messages", terminal.say(""))
        terminal.type("/set temp\t0.25\r")
        self.assertIn("temperature 0.25", terminal.prompt())
        terminal.type("/set top\t\t")
        listed = terminal.expect("top_p")
        self.assertIn("top_k", listed)
        terminal.say("_p 0.5")
        terminal.type("/preset q\t\r")
        self.assertIn("Preset quality", terminal.prompt())

    def test_a_terminal_that_cannot_move_its_cursor(self):
        terminal = Terminal.__new__(Terminal)
        terminal.prompt = lambda: terminal.expect("> ")
        terminal.__init__(self, self.home, TERM="dumb")
        terminal.say("hello")
        self.assertEqual(self.said(terminal), ["hello"])
        self.assertFalse(self.history.exists() and self.history.read_text() == "")
        terminal.type(CTRL_D)
        self.assertEqual(terminal.wait(), 0)


class History(TerminalTest):
    def test_arrows_find_what_was_said(self):
        terminal = self.start()
        terminal.say("first")
        terminal.say("二\\\r三")
        terminal.type(CTRL_D)
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.history.read_text(), "first\n二\\n三\n")
        self.assertEqual(stat.S_IMODE(self.history.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.history.parent.stat().st_mode), 0o700)
        terminal = self.start()
        terminal.say(UP)
        terminal.say(UP + UP)
        terminal.say("\x12fir")  # Ctrl-R searches backwards
        self.assertEqual(self.said(terminal), ["二\n三", "first", "first"])

    def test_none_is_kept(self):
        terminal = self.start("--no-history")
        terminal.say("secret")
        terminal.say(UP)
        self.assertEqual(self.said(terminal), ["secret", "secret"])
        self.assertFalse(self.history.exists())

    def test_a_file_of_many_lines_is_cut(self):
        self.history.parent.mkdir(parents=True)
        self.history.write_text("".join(f"line {i}\n" for i in range(2500)) + "half a line")
        terminal = self.start()
        terminal.say(UP)
        self.assertEqual(self.said(terminal), ["line 2499"])
        lines = self.history.read_text().splitlines()
        self.assertEqual(lines[:2], ["line 1500", "line 1501"])
        self.assertEqual(lines[1000:1001], ["line 2499"])

    def test_a_file_that_cannot_be_used(self):
        self.history.mkdir(parents=True)
        terminal = self.start()
        terminal.say("hello")
        self.assertEqual(self.said(terminal), ["hello"])


class Interrupting(TerminalTest):
    def test_ctrl_c_twice_leaves(self):
        terminal = self.start()
        terminal.type("half a line" + CTRL_C)
        terminal.expect("Ctrl-C again")
        terminal.prompt()
        terminal.say("whole")
        self.assertEqual(self.said(terminal), ["whole"])
        terminal.type(CTRL_C)
        terminal.expect("Ctrl-C again")
        terminal.prompt()
        terminal.type(CTRL_C)
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_c_stops_an_answer(self):
        terminal = self.start(base=("--max-new-tokens", "1500", "--temperature", "2"))
        terminal.say("/set ignore_eos true")  # an answer that ends by itself just then would say nothing
        terminal.type("Tell me a long story.\r")
        terminal.expect(r"\x1b\[\?2004l[^\x1b]*\w")  # its first word
        terminal.type(CTRL_C)
        terminal.expect(r"\(stopped\)|\(the answer reached|Ctrl-C again")  # it may have had all its tokens before
        terminal.prompt()
        self.assertEqual(len(self.said(terminal)), 1)


class Commands(TerminalTest):
    def test_settings(self):
        terminal = self.start()
        self.assertIn("top_p 0.5", terminal.say("/set top_p 0.5"))
        self.assertIn("top_p", terminal.say("/set top_p 7"))
        self.assertIn("did you mean top_p?", terminal.say("/set topp 1"))
        self.assertIn('top_k is "many"', terminal.say("/set top_k many"))
        everything = terminal.say("/set")
        for line in ("top_p 0.5", "temperature 0", "seed a fresh one", "max_new_tokens 12"):
            self.assertIn(line, everything)
        self.assertIn("top_p 0.9", terminal.say("/set top_p default"))
        self.assertIn("did you mean /save?", terminal.say("/sve x"))
        self.assertIn("answers at once", terminal.say("/think off"))
        self.assertIn("thinks first", terminal.say("/think on"))
        self.assertIn("/think on, off or auto", terminal.say("/think maybe"))

    def test_speed(self):
        terminal = self.start()
        self.assertIn("There is no answer yet", terminal.say("/stats"))
        terminal.say("/stats on")
        self.assertRegex(terminal.say("hello"), r"\d+ tokens?, [\d.]+ a second; the first after [\d.]+ s; prompt \d+ tokens")
        terminal.say("/stats off")
        self.assertNotIn("a second", terminal.say("hello"))
        self.assertIn("a second", terminal.say("/stats"))

    def test_colours(self):
        self.assertIn("\x1b[1m", self.start().say("/stats"))
        self.assertNotRegex(self.start(NO_COLOR="1").say("/stats"), r"\x1b\[[0-9;]*m")

    def test_files(self):
        terminal = self.start()
        terminal.say("hello")
        self.assertIn("Saved a.json", terminal.say("/save a.json"))
        self.assertEqual(stat.S_IMODE((self.home / "a.json").stat().st_mode), 0o600)
        self.assertIn("is there already (/save! replaces it)", terminal.say("/save a.json"))
        self.assertIn("Saved", terminal.say("/save! ~/a.json"))
        self.assertIn("No such file", terminal.say("/load none.json"))
        for text, told in (("", "a.json"), ("[]", "no conversation"), ('{"messages": 3}', "messages is no array"),
                           ('{"messages": [{"role": "robot", "content": ""}]}', 'role is "robot"'),
                           ('{"messages": [], "preset": "x"}', "is 'x'"), ('{"messages": [' + "[" * 50, "a.json"),
                           ('{"messages": [], "preset": "speed", "settings": [{"name": "top_p", "value": "9"}]}', "top_p")):
            (self.home / "a.json").write_text(text)
            self.assertIn(told, terminal.say("/load a.json").split("\n", 1)[1])
        self.assertEqual(self.said(terminal), ["hello"])


class FromAPipe(TerminalTest):
    def chat(self, text, *flags):
        done = subprocess.run([PROGRAM, "chat", *FLAGS, *flags], input=text.encode(), capture_output=True, timeout=TIMEOUT_S,
                              cwd=self.home, env={**os.environ, "HOME": str(self.home), "TERM": "xterm"})
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)
        return done

    def test_no_prompts_no_colours_no_history(self):
        done = self.chat('hello\n"""two\nlines"""\na\\\nb\n/save x.json\n')
        self.assertEqual(done.returncode, 0, done.stderr)
        messages = json.loads((self.home / "x.json").read_text())["messages"]
        self.assertEqual([message["content"] for message in messages[::2]], ["hello", "two\nlines", "a\nb"])
        self.assertNotIn(b"> ", done.stdout)
        self.assertFalse(self.history.exists())

    def test_a_loaded_conversation_goes_on_as_if_never_left(self):
        whole = self.chat("Who are you?\nExplain Newton's first law.\n", "--system", "Be brief.").stdout
        self.chat("/set top_k 7\nWho are you?\n/save x.json\n", "--system", "Be brief.")
        done = self.chat("/load x.json\nExplain Newton's first law.\n/set top_k\n")
        self.assertIn(b"3 messages", done.stderr)
        self.assertIn(b"top_k 7", done.stderr)
        self.assertTrue(whole.endswith(done.stdout))
        self.assertGreater(len(done.stdout), 1)

    def test_clear_keeps_the_system_message(self):
        done = self.chat("hello\n/clear\n/save x.json\n/system\n/save y.json\n", "--system", "Be brief.")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads((self.home / "x.json").read_text())["messages"],
                         [{"role": "system", "content": "Be brief."}])
        self.assertEqual(json.loads((self.home / "y.json").read_text())["messages"], [])


if __name__ == "__main__":
    unittest.main()
