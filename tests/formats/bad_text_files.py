"""Broken tokenizers and templates given to the real program: rows T and C of the project's list of bad inputs. What is
wrong when a model is loaded ends the program with exit code 1 and one line; what a template does with a request is that
request's error. The program is named by YOUTU_PROGRAM.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from running_server import RunningServer  # noqa: E402

DEMO = ROOT / "models/demo"
TIME_LIMIT = 5


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def nested(depth):
    stage = BYTE_LEVEL
    for _ in range(depth):
        stage = {"type": "Sequence", "pretokenizers": [stage]}
    return stage


def vocabulary_rows():
    """(label, change to tokenizer.json's object, words)"""
    def model(change):
        return lambda tokenizer: change(tokenizer["model"])

    yield "T02 duplicate id", model(lambda m: m["vocab"].update({"another": 300})), "vocab"
    yield "T02 negative", model(lambda m: m["vocab"].update({"another": -1})), "vocab"
    yield "T02 fraction", model(lambda m: m["vocab"].update({"another": 1.5})), "vocab"
    yield "T02 beyond the embedding", model(lambda m: m["vocab"].update({"another": 2**31})), "vocab"
    yield "T02 one row too far", model(lambda m: m["vocab"].update({"another": 4096})), "vocab"
    yield "T02 empty", model(lambda m: m.update(vocab={}, merges=[])), "vocab"
    yield "T02 no object", model(lambda m: m.update(vocab=[])), "vocab"
    yield "T02 missing", model(lambda m: m.pop("vocab")), "vocab"
    yield "T03 unknown parts", model(lambda m: m["merges"].append(["no-such", "part"])), "merges"
    yield "T03 one part", model(lambda m: m["merges"].append(["a"])), "merges"
    yield "T03 three parts", model(lambda m: m["merges"].append("a b c")), "merges"
    yield "T03 number", model(lambda m: m["merges"].append(7)), "merges"
    yield "T06 unknown model", model(lambda m: m.update(type="Unigram")), "type"


def pre_tokenizer_rows():
    def stage(*stages):
        return lambda tokenizer: tokenizer.update(
            pre_tokenizer={"type": "Sequence", "pretokenizers": [*stages, BYTE_LEVEL]})

    yield "T04 unsupported", stage(split("(?{ code })")), "pre_tokenizer"
    yield "T04 open", stage(split("(")), "pre_tokenizer"
    yield "T04 1 MiB", stage(split("a" * (1 << 20))), "pre_tokenizer"
    yield "T04 deep", stage(split("(" * 5000 + ")" * 5000)), "pre_tokenizer"
    yield "T06 unknown type", stage({"type": "Nonsense"}), "type"
    yield "T06 no type", stage({}), "type"
    yield "T06 nested 40", lambda tokenizer: tokenizer.update(pre_tokenizer=nested(40)), "deeper"


def template_rows():
    """(label, template, words); the line of the error is part of the words where there is one"""
    yield "C01 unclosed tag", "a\n{% if x", "chat_template.jinja:2"
    yield "C01 unclosed expression", "a\n\n{{ x", "chat_template.jinja:3"
    yield "C01 no end", "{% for x in y %}", "chat_template.jinja:1"
    yield "C01 unknown tag", "\n{% nonsense %}", "chat_template.jinja:2"
    yield "C01 include", "{% include 'x' %}", "chat_template.jinja:1"
    yield "C01 import", "{% import 'x' as y %}", "chat_template.jinja:1"
    yield "C01 from", "{% from 'x' import y %}", "chat_template.jinja:1"
    yield "C01 extends", "{% extends 'x' %}", "chat_template.jinja:1"
    yield "C01 unknown filter", "{{ messages | nonsense }}", "chat_template.jinja:1"
    yield "C05 source of 1 MiB", "a" * (1 << 20), "chat_template"
    yield "C05 deep", "{{ " + "(" * 10_000 + ")" * 10_000 + " }}", "chat_template"
    yield "C01 not UTF-8", b"\xff", "chat_template"


class BadTextFiles(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.model = pathlib.Path(temporary.name) / "model"
        shutil.copytree(DEMO, self.model)

    def refuse(self, label, words, time_limit=TIME_LIMIT):
        with self.subTest(label):
            done = subprocess.run([PROGRAM, "inspect", str(self.model)], capture_output=True, timeout=time_limit)
            message = done.stderr.decode()
            self.assertEqual(done.returncode, 1, message or done.stdout[:200])
            self.assertRegex(message, r"\Aerror: [^\n]+\n\Z")
            self.assertIn(words, message)
            self.assertLess(len(message), 600)
            self.assertEqual(done.stdout, b"")

    def refuse_tokenizers(self, rows):
        original = (DEMO / "tokenizer.json").read_text(encoding="utf-8")
        for label, change, words in rows:
            tokenizer = json.loads(original)
            change(tokenizer)
            (self.model / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
            self.refuse(label, words)

    def test_vocabularies(self):
        self.refuse_tokenizers(vocabulary_rows())

    def test_pre_tokenizers(self):
        self.refuse_tokenizers(pre_tokenizer_rows())

    def test_t06_nested_ten_thousand(self):
        text = (DEMO / "tokenizer.json").read_text(encoding="utf-8")
        deep = '{"type":"Sequence","pretokenizers":[' * 10_000 + "]}" * 10_000
        (self.model / "tokenizer.json").write_text(
            re.sub(r'"pre_tokenizer":', lambda _: f'"pre_tokenizer":{deep},"post":', text, count=1), encoding="utf-8")
        self.refuse("T06 nested 10,000", "tokenizer.json")

    def test_t03_ten_million_merges(self):
        tokenizer = json.loads((DEMO / "tokenizer.json").read_text(encoding="utf-8"))
        tokenizer["model"]["merges"] = ["MERGES"]
        text = json.dumps(tokenizer).replace('"MERGES"', ",".join(['"a b"'] * 10_000_000))
        (self.model / "tokenizer.json").write_text(text, encoding="utf-8")
        self.refuse("T03 10^7", "merges: 10000000 entries", time_limit=60)  # 60 MB are read before they can be counted

    def test_templates_that_do_not_parse(self):
        for label, template, words in template_rows():
            content = template if isinstance(template, bytes) else template.encode()
            (self.model / "chat_template.jinja").write_bytes(content)
            self.refuse(label, words)


class TemplatesAtWork(unittest.TestCase):
    """Templates that parse and then misbehave: the request that meets one fails, and the server lives."""

    def ask(self, template, count=1):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "model"
            shutil.copytree(DEMO, model)
            (model / "chat_template.jinja").write_text(template, encoding="utf-8")
            command = [PROGRAM, "serve", "--port", "0", "--model", str(model)]
            with RunningServer(command, ready=r"serving +http://127\.0\.0\.1:(\d+)",
                               signal_to_stop=signal.SIGTERM) as server:
                body = {"messages": [{"role": "user", "content": "ping"}] * count, "max_new_tokens": 4}
                status, text = server.post("/chat", body)
                self.assertEqual(server.get("/health")[0], 200)
                self.assertEqual(server.stop(), 0)
        return status, json.loads(text)

    def refused(self, template, words, count=1):
        status, answer = self.ask(template, count)
        self.assertEqual(status, 400, answer)
        self.assertIn(words, answer["error"]["message"])
        return answer["error"]

    def test_c02_no_way_out_of_the_sandbox(self):
        expressions = ("messages.__class__", "''.__mro__", "cycler.__init__.__globals__", "raise_exception.__globals__",
                       "messages[0].__class__.__subclasses__()", "self.__init__", "lipsum.__globals__.os")
        for expression in expressions:
            with self.subTest(expression):
                status, answer = self.ask("{%% if %s is defined %%}{{ raise_exception('reached') }}{%% endif %%}"
                                          "{{ messages[0].content }}" % expression)
                self.assertIn(status, (200, 400), answer)
                self.assertNotIn("reached", json.dumps(answer))

    def test_c04_a_template_that_raises(self):
        template = ("{% if messages | length > 1 %}{{ raise_exception('Roles must alternate ' ~ 'x' * 500) }}{% endif %}"
                    "{{ messages[0].content }}")
        self.assertEqual(self.ask(template)[0], 200)
        error = self.refused(template, "Roles must alternate", count=2)
        self.assertLessEqual(len(error["message"]), 260)

    def test_c05_a_template_without_end(self):
        self.refused("{% for i in range(100000) %}{% for j in range(100000) %}{{ j }}{% endfor %}{% endfor %}", "limit")

    def test_c05_a_gigabyte(self):
        self.refused("{% set x = 'a' * 1000 %}{% for i in range(30) %}{% set x = x ~ x %}{{ x * 1000 }}{% endfor %}", "limit")

    def test_c05_a_template_that_says_nothing(self):
        status, answer = self.ask("{# nothing #}")
        self.assertEqual(status, 400, answer)


if __name__ == "__main__":
    PROGRAM = os.environ.get("YOUTU_PROGRAM", "")
    if not pathlib.Path(PROGRAM).is_file():
        sys.exit(f"YOUTU_PROGRAM must name the program to test; it is '{PROGRAM}'")
    unittest.main()
