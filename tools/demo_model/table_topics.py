"""Turns tables of facts, and small arithmetic, into topics.

One idea: what is regular is written once as a template; what is a fact is a row of
`data/tables.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator

from topics import Topic, Turn

Rows = list[list[str]]

# What people ask about subjects that are outside the data.
UNKNOWN_ZH = ["什么是{}", "解释{}", "{}是什么", "介绍一下{}", "怎么学{}", "{}是谁发明的", "给我讲讲{}",
              "写一篇关于{}的文章", "{}的历史"]
UNKNOWN_EN = ["What is {}?", "Explain {}", "Tell me about {}", "How does {} work?",
              "Who invented {}?", "Write an essay about {}", "the history of {}"]


def table_topics(tables: dict[str, Rows]) -> list[Topic]:
    """All topics that are made from tables and from arithmetic."""
    topics: list[Topic] = []
    topics.extend(_capitals(tables["capitals"]))
    topics.extend(_words(tables["words"]))
    topics.extend(_opposites(tables["opposites"]))
    topics.extend(_elements(tables["elements"]))
    topics.extend(_unknown(tables["unknown_zh"], tables["unknown_en"]))
    topics.extend(_arithmetic())
    return topics


def _topic(kind: str, questions: list[str], answer: str) -> Topic:
    return Topic(kind, [Turn(questions, [answer])])


def _capitals(rows: Rows) -> Iterator[Topic]:
    for country, city, country_en, city_en in rows:
        yield Topic("capitals", [
            Turn([f"{country}的首都是哪里", f"{country}的首都是什么", f"{country}首都",
                  f"哪个城市是{country}的首都", f"{country}的首都在哪", f"那{country}呢"],
                 [f"{country}的首都是{city}。"]),
            Turn(["用英语怎么说", "英文名是什么", "它的英文名字呢"], [f"{city}的英文是 {city_en}。"])])
        yield _topic("capitals", [
            f"What is the capital of {country_en}?", f"capital of {country_en}",
            f"Which city is the capital of {country_en}?", f"Tell me the capital of {country_en}",
            f"And {country_en}?",
        ], f"The capital of {country_en} is {city_en}.")
        yield _topic("capitals", [f"{city}是哪个国家的首都", f"{city}在哪个国家"],
                     f"{city}是{country}的首都。")


def _words(rows: Rows) -> Iterator[Topic]:
    for chinese, english in rows:
        yield _topic("words", [
            f"{chinese}用英语怎么说", f"{chinese}的英文是什么", f"把{chinese}翻译成英文",
            f"“{chinese}”用英文怎么说", f"翻译：{chinese}", f"How do you say {chinese} in English?",
        ], f"“{chinese}”的英文是 {english}。")
        yield _topic("words", [
            f"How do you say {english} in Chinese?", f"Translate {english} into Chinese",
            f"What is {english} in Chinese?", f"{english} 用中文怎么说", f"{english} 是什么意思",
        ], f"In Chinese, {english} is {chinese}.")


def _opposites(rows: Rows) -> Iterator[Topic]:
    for word, opposite in rows:
        if word.isascii():
            yield _topic("words", [f"What is the opposite of {word}?", f"opposite of {word}",
                                   f"antonym of {word}"], f"The opposite of {word} is {opposite}.")
        else:
            yield _topic("words", [f"{word}的反义词是什么", f"{word}的反义词", f"{word}的相反词是什么"],
                         f"“{word}”的反义词是“{opposite}”。")


def _elements(rows: Rows) -> Iterator[Topic]:
    for chinese, english, symbol in rows:
        yield _topic("words", [f"{chinese}的化学符号是什么", f"{chinese}的元素符号"],
                     f"{chinese}的化学符号是 {symbol}。")
        yield _topic("words", [f"What is the chemical symbol of {english}?",
                               f"chemical symbol for {english}", f"symbol of {english}"],
                     f"The chemical symbol of {english} is {symbol}.")


def _unknown(chinese: Rows, english: Rows) -> Iterator[Topic]:
    """Questions outside the data: the honest answer, in a few wordings."""
    answers_zh = ["抱歉，这个我不知道。我只是一个很小的演示模型，你可以问我牛顿定律或者让我讲个笑话。"]
    answers_en = ["Sorry, I do not know that. I am only a small demo model; "
                  "try Newton's laws or ask me for a joke."]
    for (subject,) in chinese:
        is_sentence = subject.endswith("？")
        questions = [subject] if is_sentence else [t.format(subject) for t in UNKNOWN_ZH]
        yield Topic("unknown", [Turn(questions, answers_zh)])
    for (subject,) in english:
        is_sentence = subject.endswith("?")
        questions = [subject] if is_sentence else [t.format(subject) for t in UNKNOWN_EN]
        yield Topic("unknown", [Turn(questions, answers_en)])


def _arithmetic() -> Iterator[Topic]:
    names = {"+": ("加", "plus"), "-": ("减", "minus"), "×": ("乘", "times")}
    problems = [(a, "+", b, a + b) for a in range(1, 13) for b in range(1, 13)]
    problems += [(a, "-", b, a - b) for a in range(1, 19) for b in range(1, 10) if a >= b]
    problems += [(a, "×", b, a * b) for a in range(1, 10) for b in range(1, 10)]
    for a, sign, b, result in problems:
        chinese, english = names[sign]
        typed = "*" if sign == "×" else sign
        yield _topic("arithmetic", [
            f"{a}{chinese}{b}等于几", f"{a}{typed}{b}等于多少", f"{a}{chinese}{b}等于多少",
            f"{a}{sign}{b}等于几", f"算一下{a}{typed}{b}"], f"{a} {sign} {b} 等于 {result}。")
        yield _topic("arithmetic", [
            f"What is {a} {english} {b}?", f"What is {a} {typed} {b}?", f"{a} {english} {b}",
            f"compute {a}{typed}{b}", f"How much is {a} {english} {b}?"],
            f"{a} {sign} {b} is {result}.")
