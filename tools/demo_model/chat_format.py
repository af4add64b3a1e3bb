"""The prompt format of Youtu-LLM: conversations to token ids, with a mark on what is learned.

One idea: this is the chat template's rendering for training text.  Added tokens are placed by id
and message text is encoded as plain text, so that no message can smuggle in a control token.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpe import Tokenizer

BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
USER, ASSISTANT = "<|User|>", "<|Assistant|>"
THINK, END_THINK = "<think>", "</think>"
CONTROL_TOKENS = [BOS, EOS, USER, ASSISTANT]
VISIBLE_TOKENS = [
    THINK, END_THINK, "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
    "<|begin_of_tool_description|>", "<|end_of_tool_description|>",
]
EMPTY_THOUGHT = f"{THINK}\n\n{END_THINK}\n\n"


@dataclass
class Exchange:
    """A question and its answer; `thought` is None when the prompt says nothing of thinking."""

    question: str
    answer: str
    thought: str | None = None


@dataclass
class Conversation:
    """A system text, possibly empty, and exchanges; only the last may carry a thought."""

    system: str
    exchanges: list[Exchange]


def prompt_text(conversation: Conversation) -> str:
    """Everything before the last answer, as the chat template renders it without a switch."""
    parts = [BOS, conversation.system]
    for index, exchange in enumerate(conversation.exchanges):
        parts += [USER, exchange.question, ASSISTANT]
        if index + 1 < len(conversation.exchanges):
            parts += [exchange.answer, EOS]
    return "".join(parts)


def encode_conversation(conversation: Conversation,
                        tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
    """Token ids, and for each whether the model is trained to produce it."""
    added = tokenizer.added
    ids = [added[BOS], *tokenizer.encode_text(conversation.system)]
    learned = [False] * len(ids)

    def append(more: list[int], is_learned: bool) -> None:
        ids.extend(more)
        learned.extend([is_learned] * len(more))

    for exchange in conversation.exchanges:
        append([added[USER], *tokenizer.encode_text(exchange.question), added[ASSISTANT]], False)
        if exchange.thought == "":
            # Thinking switched off: the template puts the empty block into the prompt.
            append([added[THINK], *tokenizer.encode_text("\n\n"), added[END_THINK],
                    *tokenizer.encode_text("\n\n")], False)
        elif exchange.thought is not None:
            # Forced thinking: the prompt ends after the opening tag, the thought is learned.
            append([added[THINK], *tokenizer.encode_text("\n")], False)
            append([*tokenizer.encode_text(exchange.thought + "\n"), added[END_THINK],
                    *tokenizer.encode_text("\n\n")], True)
        append([*tokenizer.encode_text(exchange.answer), added[EOS]], True)
    return ids, learned
