"""Reads the hand-written data: blocks of questions, answers and follow-ups.

One idea: the text files are the source a person edits; this file turns them into typed topics and
knows nothing of tokens or training.  The format is described in README.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from paraphrases import expand

DATA_FOLDER = Path(__file__).resolve().parent / "data"


def language_of(text: str) -> str:
    """"zh" when the text contains a Han character, otherwise "en"."""
    return "zh" if re.search("[\u4e00-\u9fa5]", text) else "en"


@dataclass
class Turn:
    """Interchangeable questions and interchangeable answers to them."""

    questions: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


@dataclass
class Topic:
    """A conversation: the first turn stands alone, the others follow up on it."""

    kind: str
    turns: list[Turn]
    twin: str | None = None
    is_pool: bool = False  # the second turn asks for another answer of the first

    @property
    def language(self) -> str:
        """The language the topic is answered in."""
        return language_of(self.turns[0].answers[0])


def _alternatives(text: str) -> list[str]:
    return [part.strip() for part in text.split(" | ")]


class _BlockReader:
    """Collects the lines of one block and says where a line is wrong."""

    def __init__(self, kind: str) -> None:
        self.topic = Topic(kind, [])
        self._subjects: list[tuple[str, list[str]]] = []

    def take(self, tag: str, text: str) -> None:
        """Adds one `TAG: text` line."""
        turns = self.topic.turns
        if tag == "T":
            self.topic.twin = text
        elif tag == "A":
            turns[-1].answers.append(text.replace("\\n", "\n"))
        elif tag in ("F", "N"):
            turns.append(Turn(_alternatives(text)))
            self.topic.is_pool = self.topic.is_pool or tag == "N"
        else:
            if not turns:
                turns.append(Turn())
            if turns[0].answers:
                raise ValueError("a question after its answer; use F: for a follow-up")
            if tag == "Q":
                turns[0].questions.extend(_alternatives(text))
            else:
                self._subjects.append(({"W": "what", "H": "how"}[tag], _alternatives(text)))

    def finish(self) -> Topic:
        """The topic, with the questions about its subjects in the language of its answer.

        The answers of a pool stand after its second line of questions; they belong to the first.
        """
        topic = self.topic
        if topic.is_pool:
            first, another = topic.turns
            first.answers, another.answers = another.answers, []
        for manner, subjects in self._subjects:
            topic.turns[0].questions.extend(expand(manner, subjects, topic.language))
        for turn in topic.turns[:1] if topic.is_pool else topic.turns:
            if not turn.questions or not turn.answers:
                raise ValueError("a turn needs questions and answers")
        return topic


def read_topics(path: Path) -> list[Topic]:
    """The topics of one data file."""
    topics: list[Topic] = []
    kind = "general"
    reader: _BlockReader | None = None
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        try:
            if line.startswith("#"):
                continue
            if not line.strip():
                if reader is not None:
                    topics.append(reader.finish())
                    reader = None
                continue
            tag, text = line.split(": ", 1)
            if tag == "kind":
                kind = text
                continue
            reader = reader or _BlockReader(kind)
            reader.take(tag, text)
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"{path.name}:{number}: {error}") from error
    return topics


def read_all_topics(folder: Path = DATA_FOLDER) -> list[Topic]:
    """The topics of every data file but the tables, in the order of their names."""
    paths = sorted(path for path in folder.glob("*.txt") if path.name != "tables.txt")
    return [topic for path in paths for topic in read_topics(path)]


def read_tables(path: Path = DATA_FOLDER / "tables.txt") -> dict[str, list[list[str]]]:
    """Rows of `a | b | c` under `[name]` headings."""
    tables: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            rows = tables.setdefault(line.strip("[]"), [])
        else:
            rows.append(_alternatives(line))
    return tables
