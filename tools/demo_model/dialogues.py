"""Makes training conversations out of topics and tables.

One idea: an epoch visits every topic a fixed number of times, and every visit is told differently:
another wording, another answer of a pool, other conversations before it, with or without a system
text and a thought.  Everything is drawn from one seeded generator.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from chat_format import Conversation, Exchange
from paraphrases import invent_subject, splice, vary
from table_topics import UNKNOWN_EN, UNKNOWN_ZH, table_topics
from topics import Topic, Turn, read_all_topics, read_tables

_SYSTEMS = [
    "You are a helpful assistant.", "You are a friendly assistant. Answer briefly.",
    "Answer in one or two sentences.", "You are a demo model.",
    "你是一个有帮助的助手。", "你是一个友好的助手，请简短回答。", "请用一两句话回答。", "你是一个演示模型。",
]
_THOUGHTS = {
    "zh": {
        "joke": "用户想听笑话，我挑一个短的。", "science": "这是科学问题，我用简单的话说明。",
        "unknown": "这个我没学过，应该老实说不知道。", "dial": "这是关于推理参数的问题，我直接说明它的作用。",
        "arithmetic": "这是一道小算术题，算出来就行。", "chat": "用户在和我聊天，友好地回应就好。",
        "": "我知道这个，简短回答即可。",
    },
    "en": {
        "joke": "The user wants a joke, so I pick a short one.",
        "science": "This is a science question; plain words will do.",
        "unknown": "I have not learned this, so I should say so honestly.",
        "dial": "This is about a parameter of inference; I describe what it does.",
        "arithmetic": "A small sum; I just compute it.",
        "chat": "The user is chatting with me, so I answer kindly.",
        "": "I know this one, so a short answer is enough.",
    },
}
_TRANSLATE = {
    "en": ["翻译成英文", "用英文说", "翻译成英语", "in English, please", "用英语再说一遍"],
    "zh": ["翻译成中文", "用中文说", "请用中文再说一遍", "in Chinese, please", "say it in Chinese"],
}
_LONG_HISTORY_SHARE = 0.06
_TRANSLATION_SHARE = 0.4
_INVENTED_SHARE = 0.6
# Regular topics are many and alike, so an epoch visits only a share of them.
_VISIT_SHARE = {"capitals": 0.6, "words": 0.5, "arithmetic": 0.25}
# What people try first is visited more often.
_EXTRA_VISITS = {"chat": 3, "science": 2}


def _exchange(turn: Turn, rng: random.Random) -> Exchange:
    return Exchange(vary(rng.choice(turn.questions), rng), rng.choice(turn.answers))


class DialogueSource:
    """All topics of the project, and conversations drawn from them."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        written = read_all_topics()
        tables = read_tables()
        self.topics: list[Topic] = written + table_topics(tables)
        # Histories are made of these, not of hundreds of sums.
        self._written = written + [t for t in self.topics if t.kind == "unknown"]
        self._subjects = {
            "zh": [row[0] for row in tables["unknown_zh"] if not row[0].endswith("？")],
            "en": [row[0] for row in tables["unknown_en"] if not row[0].endswith("?")]}
        self._twins: dict[tuple[str, str], Topic] = {
            (topic.twin, topic.language): topic for topic in written if topic.twin}

    def texts(self) -> Iterator[tuple[str, int]]:
        """Every text of the data with a weight, for the training of the tokenizer."""
        for topic in self.topics:
            for turn in topic.turns:
                yield from ((answer, 3) for answer in turn.answers)
                yield from ((question, 1) for question in turn.questions)
        for system in _SYSTEMS:
            yield system, 1
        for thoughts in _THOUGHTS.values():
            yield from ((thought, 2) for thought in thoughts.values())

    def epoch(self) -> list[Conversation]:
        """Every topic as often as its weight says, in random order."""
        visits = [topic for topic in self.topics for _ in range(self._visits(topic))]
        self._rng.shuffle(visits)
        return [self._conversation(topic) for topic in visits]

    def _visits(self, topic: Topic) -> int:
        if topic.kind in _VISIT_SHARE:
            return int(self._rng.random() < _VISIT_SHARE[topic.kind])
        if topic.is_pool:
            return len(topic.turns[0].answers)
        return _EXTRA_VISITS.get(topic.kind, 1) + len(topic.turns)

    def _conversation(self, topic: Topic) -> Conversation:
        rng = self._rng
        exchanges: list[Exchange] = []
        for _ in range(self._history_length()):
            exchanges += self._tell(rng.choice(self._written))
        exchanges += self._tell(topic)
        self._add_thought(exchanges[-1], topic)
        system = rng.choice(_SYSTEMS) if rng.random() < 0.15 else ""
        return Conversation(system, exchanges)

    def _history_length(self) -> int:
        choice = self._rng.random()
        if choice < _LONG_HISTORY_SHARE:
            return self._rng.randint(4, 10)
        return self._rng.randint(1, 3) if choice < 0.4 else 0

    def _tell(self, topic: Topic) -> list[Exchange]:
        rng = self._rng
        if topic.is_pool:
            first, another = topic.turns
            count = min(rng.choice([1, 1, 2, 3, 4]), len(first.answers))
            answers = rng.sample(first.answers, count)
            asked = [first if index == 0 or rng.random() < 0.2 else another
                     for index in range(count)]
            return [Exchange(vary(rng.choice(turn.questions), rng), answer)
                    for turn, answer in zip(asked, answers)]
        if topic.kind == "unknown" and rng.random() < _INVENTED_SHARE:
            return [Exchange(self._invented_question(topic.language),
                             topic.turns[0].answers[0])]
        depth = rng.randint(1, len(topic.turns))
        exchanges = [_exchange(turn, rng) for turn in topic.turns[:depth]]
        twin = self._twins.get((topic.twin or "", "en" if topic.language == "zh" else "zh"))
        if twin is not None and depth == 1 and rng.random() < _TRANSLATION_SHARE:
            question = vary(rng.choice(_TRANSLATE[twin.language]), rng)
            exchanges.append(Exchange(question, rng.choice(twin.turns[0].answers)))
        return exchanges

    def _invented_question(self, language: str) -> str:
        rng = self._rng
        subject = invent_subject(language, rng)
        if rng.random() < 0.5:
            subject = splice(*rng.sample(self._subjects[language], 2))
        template = rng.choice(UNKNOWN_ZH if language == "zh" else UNKNOWN_EN)
        return vary(template.format(subject), rng)

    def _add_thought(self, exchange: Exchange, topic: Topic) -> None:
        choice = self._rng.random()
        if choice < 0.15:
            exchange.thought = ""
        elif choice < 0.25:
            thoughts = _THOUGHTS[topic.language]
            exchange.thought = thoughts.get(topic.kind, thoughts[""])
