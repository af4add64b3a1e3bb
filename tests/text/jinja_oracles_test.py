"""Renders generated and written templates with our interpreter, with @huggingface/jinja and, where it is
installed (Debian: python3-jinja2), with Python's own Jinja set up as Hugging Face sets it up.

usage: jinja_oracles_test.py <render_template> <node or ""> [cases] [seed]
"""
import copy
import json
import pathlib
import random
import subprocess
import sys

from jinja_snippets import ERRORS, PLAIN, PYTHON_ONLY

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKENS = {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>", "pad_token": "<|end_of_text|>"}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "Wetter für \"eine\" Stadt 天气",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 3}},
                       "required": ["city"]}}}


def call(name, **arguments):
    return {"type": "function", "id": "call_1", "function": {"name": name, "arguments": arguments}}


CONVERSATIONS = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": "你好\n世界 🙂"}],
    [{"role": "system", "content": "S"}, {"role": "user", "content": "one\ntwo"},
     {"role": "assistant", "content": "", "tool_calls": [call("get_weather", city="Köln", days=2)]},
     {"role": "tool", "content": " {\"t\": 20} ", "tool_call_id": "call_1"},
     {"role": "assistant", "content": "<think>\nwarm\n</think>\n\n20 degrees."}, {"role": "user", "content": "Thanks!"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nt\n</think>\n\nb"}, {"role": "user", "content": "c"},
     {"role": "assistant", "content": "d"}, {"role": "user", "content": "  spaced  "}],
    [{"role": "user", "content": "two calls"},
     {"role": "assistant", "content": "<think>x</think>ok", "tool_calls": [call("a"), call("b", q="\"<|User|>\"")]},
     {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}],
    [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "unfinished"}],
]


def case(template, messages, **options):
    return {"template": template, "messages": messages, "add_generation_prompt": True, **options}


class Generator:
    """Random expressions whose value is defined, and statements around them."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def number(self, depth):
        if depth <= 0:
            return self.pick("0", "1", "2", "7", "i", "messages | length", "3")
        a, b = self.number(depth - 1), self.number(depth - 1)
        return self.pick(f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} % 5)", f"({self.text(depth - 1)} | length)",
                         f"({a} if {self.truth(depth - 1)} else {b})", f"({self.list(depth - 1)} | length)")

    def text(self, depth):
        if depth <= 0:
            return self.pick("'a'", "'Bc '", "' d\\n'", "'中 文'", "s", "messages[0].content", "messages[-1]['role']", "'a,b,,c'")
        a, b = self.text(depth - 1), self.text(depth - 1)
        low, high = self.random.randint(-4, 4), self.random.randint(-4, 5)
        return self.pick(f"({a} + {b})", f"({a} ~ {b})", f"({a} | trim)", f"({a} | upper)", f"({a} | lower)", f"({a})[{low}:{high}]",
                         f"({a})[:{high}]", f"({a})[::-1]", f"({a}).strip()", f"({a}).split(',')[-1]", f"({a}).replace('a', {b})",
                         f"({self.list(depth - 1)} | join({b}))", f"({a} if {self.truth(depth - 1)} else {b})", f"({a} | tojson)",
                         f"({self.list(depth - 1)} | tojson)", f"({a} | replace('c', 'CC'))", f"({self.number(depth - 1)} | string)",
                         f"({a}).rstrip('a ')", f"({a}).lstrip('\\n ')", f"({a} or {b})", f"({a} | capitalize)")

    def list(self, depth):
        if depth <= 0:
            return self.pick("['x', 'y']", "[]", "['b', 'a', 'b']", "l")
        a, b = self.list(depth - 1), self.text(depth - 1)
        return self.pick(f"({a} + [{b}])", f"({a})[1:]", f"({a})[::-1]", f"({a} | map('upper') | list)", f"({b}).split('a')",
                         f"({a} | sort(case_sensitive=true))", f"({a} | select('ne', {b}) | list)", f"({a} | reverse | list)",
                         f"({a} | reject('equalto', 'b') | list)", f"(messages | map(attribute='role') | list)")

    def truth(self, depth):
        if depth <= 0:
            return self.pick("true", "false", "add_generation_prompt", "tools is defined", "x is defined")
        return self.pick(f"({self.number(depth - 1)} < {self.number(depth - 1)})", f"({self.text(depth - 1)} == {self.text(depth - 1)})",
                         f"({self.text(depth - 1)} in {self.text(depth - 1)})", f"(not {self.truth(depth - 1)})",
                         f"({self.truth(depth - 1)} and {self.truth(depth - 1)})", f"({self.truth(depth - 1)} or {self.truth(depth - 1)})",
                         f"({self.text(depth - 1)} in {self.list(depth - 1)})", f"({self.text(depth - 1)}).startswith('a')",
                         f"({self.number(depth - 1)} is even)", f"({self.list(depth - 1)} != {self.list(depth - 1)})")

    def open(self):
        return self.pick("{%", "{%-", "{%", "\n  {%", " {%-")

    def close(self):
        return self.pick("%}", "-%}", "%}\n", "%} \n ", "-%}\n\n")

    def tag(self, code):
        return f"{self.open()} {code} {self.close()}"

    def block(self, depth):
        parts = []
        for _ in range(self.random.randint(1, 3)):
            kind = self.random.randint(0, 9 if depth > 0 else 3)
            if kind <= 1:
                parts.append(self.pick(" text ", "\n", "<|x|>", "  \n  ", "é", "{ }"))
            elif kind <= 3:
                parts.append(self.pick("{{ %s }}", "{{- %s }}", "{{ %s -}}\n", "\n {{- %s -}} ") % self.text(2))
            elif kind == 4:
                parts.append(self.tag(f"if {self.truth(2)}") + self.block(depth - 1) + self.tag("else") + self.block(depth - 1) + self.tag("endif"))
            elif kind == 5:
                parts.append(self.tag("for i in range(3)") + self.block(depth - 1) + "{{ loop.index }}" + self.tag("endfor"))
            elif kind == 6:
                parts.append(self.tag(f"for s in {self.list(2)}") + self.block(depth - 1) + self.tag("endfor"))
            elif kind == 7:
                parts.append(self.tag(f"set s = {self.text(2)}"))
            elif kind == 8:
                parts.append(self.tag(f"set ns.t = ns.t ~ {self.text(1)}") + "{{ ns.t }}")
            else:
                parts.append(self.pick("{# c #}", "{#- c -#}", "\n{# c #}\n", "{% raw %}{{ x }}{% endraw %}"))
        return "".join(parts)

    def template(self):
        return "{% set i = 4 %}{% set s = 'st' %}{% set l = ['p', 'q'] %}{% set ns = namespace(t='') %}" + self.block(3)


def written_templates():
    names = sorted((ROOT / "tests/data/templates").glob("*.jinja")) + [ROOT / "models/demo/chat_template.jinja"]
    cases = []
    for path in names:
        template = path.read_text(encoding="utf-8")
        for messages in CONVERSATIONS:
            for options in ({}, {"enable_thinking": False}, {"enable_thinking": True}, {"tools": [TOOL]}, {"tools": [TOOL, TOOL], "add_generation_prompt": False}):
                cases.append({**case(template, messages, **options), "name": path.name})
    return cases


def run_lines(command, cases):
    text = "".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases)
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    # Not splitlines(): JSON may hold U+2028 as it is.
    lines = [json.loads(line) for line in done.stdout.split("\n") if line]
    if done.returncode != 0 or len(lines) != len(cases):
        raise SystemExit(f"{command[0]} failed after {len(lines)} of {len(cases)}: {done.stderr[:2000]}")
    return lines


def context(test_case):
    values = {k: copy.deepcopy(v) for k, v in test_case.items() if k not in ("template", "name")}
    return {**values, **TOKENS}


def python_renderer():
    try:
        from jinja2 import nodes
        from jinja2.ext import Extension
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        return None

    class Generation(Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return nodes.Scope(body, lineno=line)

    def fail(message):
        raise ValueError(message)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation])
    env.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    env.globals["raise_exception"] = fail

    def render(test_case):
        try:
            return {"text": env.from_string(test_case["template"]).render(**context(test_case))}
        except Exception as error:  # pylint: disable=broad-except
            return {"error": f"{type(error).__name__}: {error}"}

    return render


def differences(label, cases, ours, theirs):
    wrong = 0
    for test_case, our, their in zip(cases, ours, theirs):
        same = ("error" in our) == ("error" in their) and our.get("text") == their.get("text")
        if same:
            continue
        wrong += 1
        if wrong <= 8:
            shown = test_case.get("name") or test_case["template"]
            print(f"{label} differs\n  template {shown!r}\n  ours   {our}\n  theirs {their}")
    print(f"{label}: {len(cases)} cases, {wrong} differences")
    return wrong


def main():
    tool, node = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1500
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 20260101
    print(f"seed {seed}, {count} generated templates")
    options = {"tools": [TOOL]}
    plain = [case(t, CONVERSATIONS[2], **options) for t in PLAIN] + written_templates()
    python_only = [case(t, CONVERSATIONS[2], **options) for t in PYTHON_ONLY]
    errors = [case(t, CONVERSATIONS[2], **options) for t in ERRORS]
    generator = Generator(seed)
    generated = [case(generator.template(), generator.random.choice(CONVERSATIONS)) for _ in range(count)]
    wrong = 0

    refused = run_lines([tool], errors)
    for test_case, our in zip(errors, refused):
        if "error" not in our:
            wrong += 1
            print(f"not refused: {test_case['template']!r} gives {our}")
    ours = run_lines([tool], plain)
    ours_generated = run_lines([tool], generated)
    for test_case, our in zip(plain + generated, ours + ours_generated):
        if "error" in our and "name" not in test_case:
            wrong += 1
            print(f"refused: {test_case['template']!r}: {our['error']}")

    if node:
        oracle = [node, str(ROOT / "tests/node/jinja_oracle.mjs")]
        wrong += differences("@huggingface/jinja", plain, ours, run_lines(oracle, plain))
    render = python_renderer()
    if render:
        everything = plain + python_only + errors + generated
        wrong += differences("Python's Jinja", everything, ours + run_lines([tool], python_only) + refused + ours_generated,
                             [render(c) for c in everything])
    else:
        print("Python's Jinja is not installed (python3-jinja2): not compared")
    if not node and not render:
        raise SystemExit(77)
    raise SystemExit(1 if wrong else 0)


main()
