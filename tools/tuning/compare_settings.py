#!/usr/bin/env python3
"""Asks a running server the same questions under several settings, in turns, and prints what each setting does.

  compare_settings.py [--url URL] [--questions FILE.jsonl] [--limit N] [--seed S] [--json] SETTING...

A setting is a preset with fields over it: `speed`, `balanced:repetition_penalty=1.0,top_k=20`. The file has a JSON
object on each line, {"prompt": "...", "answers": ["..."]}; without `answers` nothing is counted as right. Without a
file, the first questions of the demo model's own data (tools/demo_model) are asked, whose answers are known.

Every question is asked under all settings before the next one, so that a machine which becomes slower meanwhile makes
all of them slower. Exit codes: 1 the server refused or is not there, 2 a setting or the file is wrong.
"""

import argparse
import json
import os
import random
import statistics
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "demo_model"))

TIMEOUT_S = 600


@dataclass
class Setting:
    """What the answers to all questions were like."""

    name: str
    fields: dict
    num_right: int = 0
    num_cut: int = 0
    num_loops: int = 0
    tokens: list = field(default_factory=list)
    total_ms: list = field(default_factory=list)
    ms_per_token: list = field(default_factory=list)

    def add(self, answer: dict, right_answers: list):
        self.num_right += answer["response"].strip() in right_answers
        self.num_cut += answer["finish_reason"] == "length"
        self.num_loops += "repetition" in answer
        tokens = answer["usage"]["completion_tokens"]
        self.tokens.append(tokens)
        self.total_ms.append(answer["timings"]["total_ms"])
        if tokens > 1:
            self.ms_per_token.append(answer["timings"]["decode_ms"] / (tokens - 1))

    def row(self) -> dict:
        return {"setting": self.name, "right": self.num_right, "cut": self.num_cut, "loops": self.num_loops,
                "mean_tokens": round(statistics.mean(self.tokens), 1),
                "median_answer_ms": round(statistics.median(self.total_ms), 1),
                "median_ms_per_token": round(statistics.median(self.ms_per_token), 3) if self.ms_per_token else None}


def wrong_usage(message: str):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def parse_setting(text: str) -> Setting:
    preset, _, overrides = text.partition(":")
    fields = {"preset": preset}
    for part in filter(None, overrides.split(",")):
        name, equals, value = part.partition("=")
        try:
            fields[name] = json.loads(value)
        except ValueError:
            wrong_usage(f"setting {text}: '{part}' is not name=value with a value as in JSON")
    return Setting(text, fields)


def demo_questions() -> list:
    from topics import read_all_topics
    return [{"prompt": topic.turns[0].questions[0], "answers": topic.turns[0].answers} for topic in read_all_topics()]


def read_questions(path: Path) -> list:
    questions = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        wrong_usage(f"{path}: {error}")
    for number, line in enumerate(lines, 1):
        try:
            questions.append({"prompt": json.loads(line)["prompt"], "answers": json.loads(line).get("answers", [])})
        except (ValueError, KeyError, TypeError):
            wrong_usage(f"{path}:{number}: not an object with a 'prompt'")
    return questions


def body_of(question: dict, setting: Setting, seed: int) -> dict:
    """Strict, so that a misspelt field is refused; a seed that has no effect would be, too."""
    body = {"prompt": question["prompt"], "timings": True, "strict": True, **setting.fields}
    return body if body.get("temperature") == 0 else {"seed": seed, **body}


def ask(url: str, body: dict) -> dict:
    request = urllib.request.Request(url + "/chat", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"error: {url}/chat: {error.code} {error.read().decode(errors='replace').strip()}")
    except OSError as error:
        sys.exit(f"error: {url}/chat: {error}")


def print_table(settings: list, questions: list):
    num_known = sum(bool(question["answers"]) for question in questions)
    print(f"{len(questions)} questions, {num_known} of them with known answers; load average {os.getloadavg()[0]:.1f}")
    width = max(len(setting.name) for setting in settings)
    print(f"{'setting':<{width}}  right    cut  loops  tokens  ms/answer  ms/token")
    for setting in settings:
        row = setting.row()
        speed = "-" if row["median_ms_per_token"] is None else f"{row['median_ms_per_token']:.2f}"
        print(f"{setting.name:<{width}}  {row['right']:>5}  {row['cut']:>5}  {row['loops']:>5}  "
              f"{row['mean_tokens']:>6}  {row['median_answer_ms']:>9}  {speed:>8}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--limit", type=int, help="ask only so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of questions, and of every answer")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("settings", nargs="+", metavar="SETTING")
    options = parser.parse_args()

    settings = [parse_setting(text) for text in options.settings]
    questions = read_questions(options.questions) if options.questions else demo_questions()
    random.Random(options.seed).shuffle(questions)
    questions = questions[:options.limit]
    if not questions:
        wrong_usage("there is no question to ask")
    for question in questions:
        for setting in settings:
            setting.add(ask(options.url, body_of(question, setting, options.seed)), question["answers"])
    if options.json:
        print(json.dumps({"version": 1, "questions": len(questions), "settings": [s.row() for s in settings]}))
    else:
        print_table(settings, questions)


if __name__ == "__main__":
    main()
