"""The budget of a thought through every API, with a model that thinks. Usage: thinking_test.py <youtu>"""

import json
import signal
import sys
import threading
import unittest

from running_server import RunningServer, join_messages
from thinking_demo import thinking_demo

PROGRAM = sys.argv.pop(1)
SERVER = None
QUESTION = "写个笑话"


def ask(path, body):
    status, text = SERVER.post(path, body)
    assert status == 200, text
    return json.loads(text)


def events(path, body):
    status, text = SERVER.post(path, {**body, "stream": True})
    assert status == 200, text
    lines = [line[6:] for line in text.split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def native(**fields):
    return ask("/chat", {"prompt": QUESTION, "temperature": 0, "max_new_tokens": 64, "enable_thinking": True, **fields})


def chat_body(**fields):
    return {"model": "demo", "messages": [{"role": "user", "content": QUESTION}], "temperature": 0, "max_tokens": 64,
            "enable_thinking": True, **fields}


class Thinking(unittest.TestCase):
    def test_native(self):
        free = native()
        self.assertGreater(free["usage"]["reasoning_tokens"], 8)
        for budget in (1, 4, 8):
            short = native(thinking_token_budget=budget)
            self.assertEqual(short["usage"]["reasoning_tokens"], budget)
            self.assertTrue(free["reasoning"].startswith(short["reasoning"]), (free, short))
            self.assertTrue(short["response"])
            self.assertNotIn("think>", short["response"])
        long = native(thinking_token_budget=free["usage"]["reasoning_tokens"])
        self.assertEqual((long["reasoning"], long["response"]), (free["reasoning"], free["response"]))
        none = native(thinking_token_budget=0)
        self.assertNotIn("reasoning", none)
        self.assertEqual(none["response"], native(enable_thinking=False)["response"])

    def test_the_last_words_are_thought(self):
        answer = native(thinking_token_budget=3, reasoning_budget_message="…够了。")
        self.assertTrue(answer["reasoning"].endswith("…够了。"), answer)
        self.assertGreater(answer["usage"]["reasoning_tokens"], 3)

    def test_a_stream_is_the_plain_answer(self):
        body = {"prompt": QUESTION, "temperature": 0, "enable_thinking": True, "thinking_token_budget": 5}
        self.assertEqual(join_messages(SERVER.post("/chat_stream", body)[1]), ask("/chat", body)["response"])
        body = chat_body(reasoning_budget=5)
        message = ask("/v1/chat/completions", body)["choices"][0]["message"]
        deltas = [event["choices"][0]["delta"] for event in events("/v1/chat/completions", body)]
        for field in ("content", "reasoning_content"):
            self.assertEqual("".join(delta.get(field) or "" for delta in deltas), message[field])

    def test_the_neighbours_and_guesses_have_no_say(self):
        budgets = list(range(1, 9))
        alone = [native(thinking_token_budget=budget, speculation=False) for budget in budgets]
        together = [None] * len(budgets)

        def work(i):
            together[i] = native(thinking_token_budget=budgets[i], prediction=alone[i]["reasoning"] + alone[i]["response"])

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(budgets))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one, other in zip(alone, together):
            self.assertEqual((one["reasoning"], one["response"]), (other["reasoning"], other["response"]))
            self.assertEqual(one["usage"]["reasoning_tokens"], other["usage"]["reasoning_tokens"])

    def test_openai(self):
        answer = ask("/v1/chat/completions", chat_body(thinking_token_budget=4))
        self.assertEqual(answer["usage"]["completion_tokens_details"]["reasoning_tokens"], 4)
        self.assertTrue(answer["choices"][0]["message"]["content"])
        answer = ask("/v1/responses", {"model": "demo", "input": QUESTION, "temperature": 0, "max_output_tokens": 64,
                                       "reasoning": {"effort": "low"}, "thinking_token_budget": 4})
        self.assertEqual(answer["usage"]["output_tokens_details"]["reasoning_tokens"], 4)
        self.assertEqual([item["type"] for item in answer["output"]], ["reasoning", "message"])

    def test_anthropic(self):
        body = {"model": "demo", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 64, "temperature": 0}
        free = ask("/v1/messages", {**body, "thinking": {"type": "enabled", "budget_tokens": 1024}})["content"]
        short = ask("/v1/messages", {**body, "thinking": {"type": "enabled", "budget_tokens": 4}})["content"]
        self.assertEqual([block["type"] for block in short], ["thinking", "text"])
        self.assertTrue(free[0]["thinking"].startswith(short[0]["thinking"]))
        self.assertLess(len(short[0]["thinking"]), len(free[0]["thinking"]))

    def test_a_form_holds_behind_a_thought_that_was_closed(self):
        schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"],
                  "additionalProperties": False}
        for budget in (1, 6):
            answer = native(thinking_token_budget=budget, guided_json=schema)
            self.assertEqual(answer["usage"]["reasoning_tokens"], budget)
            self.assertIsInstance(json.loads(answer["response"])["a"], bool)


if __name__ == "__main__":
    with thinking_demo() as model:
        SERVER = RunningServer([PROGRAM, "serve", "--port", "0", "--model-name", "demo", "--model", model],
                               ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)
        with SERVER:
            unittest.main()
