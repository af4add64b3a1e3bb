"""Ways to ask the same thing, and the small noise of people who type.

One idea: a question is written once in the data; the phrasings around it are made here, so that
the model learns the subject and not one exact wording.
"""

from __future__ import annotations

import random
import re

_WHAT_ZH = ["解释{}", "什么是{}", "{}是什么", "请解释{}", "解释一下{}", "请解释一下{}", "介绍一下{}",
            "说说{}", "讲讲{}", "{}是什么意思", "给我解释一下{}", "你知道{}吗", "请介绍{}", "简单解释{}",
            "用一句话解释{}", "告诉我什么是{}", "那{}呢", "{}"]
_WHAT_EN = ["Explain {}", "What is {}?", "Tell me about {}", "What does {} mean?", "Describe {}",
            "Can you explain {}?", "Please explain {}", "Explain {} in simple words",
            "Do you know {}?", "Give me a short explanation of {}", "Could you explain {} to me?", "What about {}?", "{}"]
_HOW_ZH = ["怎么{}", "如何{}", "怎样{}", "教我{}", "请教我怎么{}", "我想{}，该怎么做", "{}的方法"]
_HOW_EN = ["How do I {}?", "How can I {}?", "How to {}", "Tell me how to {}", "Teach me how to {}",
           "What is the best way to {}?", "I want to {}"]


def _has_han(text: str) -> bool:
    return re.search("[\u4e00-\u9fa5]", text) is not None


def expand(manner: str, subjects: list[str], language: str) -> list[str]:
    """Questions about subjects: for an explanation ("what") or for a way to do it ("how")."""
    templates = {("what", "zh"): _WHAT_ZH, ("what", "en"): _WHAT_EN,
                 ("how", "zh"): _HOW_ZH, ("how", "en"): _HOW_EN}[manner, language]
    # A bare "JSON" does not tell in which language to answer: it is left to English.
    return [template.format(subject) for subject in subjects for template in templates
            if template != "{}" or language == "en" or _has_han(subject)]


def vary(question: str, rng: random.Random) -> str:
    """The same question with other punctuation, letter case or a polite word."""
    text = question.rstrip("?？。.!！")
    if _has_han(text):
        if rng.random() < 0.08:
            text = rng.choice(["请问", "请", "你好，", "麻烦你", "那么"]) + text
        return text + rng.choice(["", "", "", "？", "。", "?", "！", question[len(text):]])
    if rng.random() < 0.08:
        text = rng.choice(["please ", "hey, ", "so, ", "now "]) + text[:1].lower() + text[1:]
    choice = rng.random()
    if choice < 0.35:
        text = text[:1].upper() + text[1:]
    elif choice < 0.5:
        text = text.lower()
    return text + rng.choice(["", "", ".", "?", "?", "!", question[len(question.rstrip("?.!")):]])


def invent_subject(language: str, rng: random.Random) -> str:
    """A subject nobody has heard of: rare characters, or made-up syllables."""
    if language == "zh":
        return "".join(chr(rng.randint(0x4E00, 0x9FA5)) for _ in range(rng.randint(1, 4)))
    syllables = [rng.choice("bcdfghjklmnprstvwz") + rng.choice(["a", "e", "i", "o", "u", "ar", "en",
                 "ol", "um", "ist", "ech"]) for _ in range(rng.randint(2, 4))]
    word = "".join(syllables)
    return rng.choice([word, word.capitalize(), f"the {word}", f"{word} theory"])


def splice(first: str, second: str) -> str:
    """Half of one subject and half of another: known characters, unknown meaning."""
    if _has_han(first):
        return first[:(len(first) + 1) // 2] + second[len(second) // 2:]
    return first.split()[0] + " " + second.split()[-1]
