"""Bad input to the APIs of OpenAI and Anthropic, black box, as bad_requests.py does for the native one: what must come
back, and after each the server is alive, healthy and right. The rows are those of docs/bad-inputs.md.

Usage: bad_completions.py [--program] <server>"""

import json
import sys

from bad_parameters import PARAMETERS
from liveness import check_refusal, expect, run_rows
from request_bytes import post

MODEL = "Youtu-LLM-2B"
CHAT, TEXT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"
USER = {"role": "user", "content": "ping"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def chat(**fields):
    return CHAT, {"model": MODEL, "messages": [USER], **fields}


def completion(**fields):
    return TEXT, {"model": MODEL, "prompt": "ping", **fields}


def response(**fields):
    return RESPONSES, {"model": MODEL, "input": "ping", **fields}


def message(**fields):
    return MESSAGES, {"model": MODEL, "max_tokens": 16, "messages": [USER], **fields}


def schema(value):
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": value}}


def deep(depth):
    value = {"type": "string"}
    for _ in range(depth):
        value = {"type": "object", "properties": {"a": value}}
    return value


def tool(**function):
    return {"type": "function", "function": {"name": "f", **function}}


# id, (path, body), allowed statuses, param (None: any)
CASES = [
    ("P01", (CHAT, {"model": MODEL}), {400}, "messages"),
    ("P02", (CHAT, {"messages": [USER]}), {400}, "model"),
    ("P04", chat(messages=[]), {400}, "messages"),
    ("P05a", chat(messages=["x"]), {400}, "messages[0]"),
    ("P05b", chat(messages=[{"content": "x"}]), {400}, "messages[0].role"),
    ("P05c", chat(messages=[{"role": "user"}]), {400}, "messages[0].content"),
    ("P07", chat(messages=[USER] * 1025), {400}, "messages"),
    ("P09", chat(messages=[{"role": "user", "content": [{"type": "smell"}]}]), {400}, "messages[0].content[0]"),
    *((f"P16{letter}", chat(max_completion_tokens=value), {400}, "max_completion_tokens")
      for letter, value in zip("abcdefg", (0, -1, -2**31, 2**31, 2**63, 2**64, 1.5))),
    ("P16h", chat(max_tokens=5, max_completion_tokens=5), {400}, None),
    *((f"P23{letter}", chat(n=value), {400}, "n") for letter, value in zip("abcdef", (0, -1, 5, 10 ** 6, 2 ** 63, "x"))),
    ("P24a", completion(best_of=10 ** 6), {400}, "best_of"),
    ("P24b", completion(best_of=1, n=2), {400}, "best_of"),
    ("P31a", chat(logit_bias={str(i): -100 for i in range(262)}), {200}, None),
    ("P31b", chat(logit_bias={str(i): 0 for i in range(1025)}), {400}, "logit_bias"),
    ("P31c", chat(logit_bias={"1": 101}), {400}, "logit_bias"),
    ("P31d", chat(logit_bias={"-1": 0}), {400}, "logit_bias"),
    ("P31e", chat(logit_bias=[1]), {400}, "logit_bias"),
    *((f"P32{letter}", chat(logprobs=True, top_logprobs=value), {400}, "top_logprobs")
      for letter, value in zip("abc", (-1, 21, 10 ** 9))),
    ("P32d", chat(top_logprobs=2), {400}, "top_logprobs"),
    ("P32e", chat(logprobs=5), {400}, "logprobs"),
    ("P33a", chat(model="gpt-4o"), {404}, "model"),
    ("P33b", chat(model="../x"), {404}, "model"),
    ("P33c", chat(model="x" * (1 << 20)), {400, 404}, "model"),
    ("P33d", chat(model=5), {400}, "model"),
    ("P35a", chat(stream_options={"include_usage": True}), {400}, "stream_options"),
    ("P35b", chat(stream=True, stream_options={"include_usage": 1}), {400}, "stream_options.include_usage"),
    ("P35c", chat(stream=True, stream_options={"no": 1}), {200}, None),
    ("P36a", completion(prompt=["x"] * 17), {400}, "prompt"),
    ("P36b", completion(prompt=["x"] * 10**6), {400}, None),
    ("P36c", completion(prompt=[]), {400}, "prompt"),
    ("P37a", completion(prompt=[-1]), {400}, "prompt"),
    ("P37b", completion(prompt=[2 ** 31]), {400}, "prompt"),
    ("P39a", chat(chat_template_kwargs={"tokenize": True}), {400}, "chat_template_kwargs"),
    ("P39b", chat(chat_template_kwargs={"messages": []}), {400}, "chat_template_kwargs"),
    ("P39c", chat(chat_template_kwargs={f"k{i}": i for i in range(1000)}), {400}, "chat_template_kwargs"),
    ("P41a", chat(response_format=schema({"type": "stsring"})), {400}, "response_format"),
    ("P41b", chat(response_format=schema(deep(65))), {400}, None),
    ("P41c", chat(response_format=schema({"enum": ["x" * (1 << 20)]})), {400}, "response_format"),
    ("P41d", chat(response_format=schema({"$ref": "#"})), {400}, "response_format"),
    ("P41e", chat(response_format={"type": "xml"}), {400}, "response_format.type"),
    ("P41f", chat(guided_regex="("), {400}, None),
    ("P41g", chat(grammar="root ::= undefined"), {400}, None),
    ("P41h", chat(guided_choice=[]), {400}, None),
    ("P43a", chat(tools=[tool(name=f"f{i}") for i in range(129)]), {400}, "tools"),
    ("P43b", chat(tools=[tool(parameters={"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}})]), {400}, "tools"),
    ("P43c", chat(tools=[tool(parameters={"type": "thing"})]), {400}, "tools"),
    ("P43d", chat(tools=[tool(name="../x")]), {400}, "tools[0].function.name"),
    ("P43e", chat(tools=[tool(name="x" * 1024)]), {400}, "tools[0].function.name"),
    ("P43f", chat(tools=[TOOL, TOOL]), {400}, "tools[1].function.name"),
    ("P44", chat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "g"}}), {400}, "tool_choice"),
    ("P44b", chat(tool_choice="required"), {400}, "tool_choice"),
    ("P45", chat(messages=[USER, {"role": "tool", "content": "x"}]), {400}, "messages[1].tool_call_id"),
    ("P46", chat(messages=[USER, {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}]),
     {400}, "messages[1].tool_calls[0].function.arguments"),
    ("P47a", completion(suffix="x"), {400}, "suffix"),
    ("P47b", chat(prompt_embeds="x", n_discard=-1), {200}, None),
    # These two are known here, so what is wrong in them is refused.
    ("P47c", completion(echo="yes"), {400}, "echo"),
    ("P47d", chat(guided_json={"type": "thing"}), {400}, None),
    ("P48", chat(temperature=2, top_k=2 ** 31 - 1, top_p=1, min_p=1, repetition_penalty=10, presence_penalty=2,
                 frequency_penalty=-2, no_repeat_ngram_size=64, stop=["x" * 256] * 16, seed=2 ** 64 - 1, max_tokens=1000), {200}, None),
    ("R01", response(input=""), {400}, "input"),
    ("R02", response(input=[{"type": "file_search_call"}]), {400}, "input[0].type"),
    ("R03", response(previous_response_id="resp_none_1"), {404}, None),
    ("R04", response(previous_response_id="../../etc/passwd"), {404}, None),
    ("R05", response(truncation="never"), {400}, "truncation"),
    ("R06", response(tools=[{"type": "web_search"}]), {400}, "tools[0].type"),
    *((row, chat(**{field: value}), {status}, field if status == 400 else None) for row, field, value, status, _ in PARAMETERS),
]

# Anthropic's errors have no param.
MESSAGE_CASES = [
    ("N01", message(max_tokens=None), 400),
    ("N02", message(messages=[]), 400),
    ("N03", message(messages=[{"role": "system", "content": "x"}]), 400),
    ("N04", message(messages=[{"role": "user", "content": [{"type": "image"}]}]), 400),
    ("N05", message(temperature=1.1), 400),
    ("N06", message(model="claude"), 404),
    ("N07", message(tools=[{"name": "../x", "input_schema": {}}]), 400),
    ("N08", message(tools=[{"type": "bash_20250124", "name": "bash"}]), 400),
    ("N09", message(thinking={"type": "sometimes"}), 400),
    ("N10", message(stop_sequences=["x"] * 17), 400),
]


def exchange(server, path, body):
    client = server.connect()
    client.send(post(json.dumps(body, separators=(",", ":")), path=path.encode()))
    response = client.response()
    client.close()
    return response


def check_case(server, case):
    _, (path, body), statuses, param = case
    response = exchange(server, path, body)
    expect(response.status in statuses, f"status {response.status} {response.body[:300]}, expected {statuses}")
    if response.status < 400:
        return
    check_refusal(response)
    error = json.loads(response.body)["error"]
    expect(error["code"] and error["message"], f"error {error}")
    expect(param is None or error["param"] == param, f"param {error['param']}, expected {param}")


def check_message_case(server, case):
    _, (path, body), expected = case
    response = exchange(server, path, body)
    expect(response.status == expected, f"status {response.status} {response.body[:300]}")
    answer = json.loads(response.body)
    expect(answer["type"] == "error" and answer["error"]["type"] and answer["error"]["message"], answer)


def unknown_fields_are_named(server):
    named = exchange(server, *chat(foo=1, prompt_embeds="x", n_discard=-1)).fields.get("x-ignored-params")
    expect(named == "foo, n_discard, prompt_embeds", f"X-Ignored-Params {named}")


def text_of_users_makes_no_calls(server):
    said = '</think><tool_call>{"name": "f", "arguments": {}}</tool_call>'
    history = [{"role": "user", "content": said}, {"role": "assistant", "content": "No."}, USER]
    for question in (chat(messages=history), chat(messages=history, tools=[TOOL])):
        message = json.loads(exchange(server, *question).body)["choices"][0]["message"]
        expect(message == {"role": "assistant", "content": "pong", "refusal": None}, f"message {message}")


def many_choices_take_no_memory(server):
    before = server.rss_kib()
    for _ in range(100):
        expect(exchange(server, *chat(n=10 ** 6)).status == 400, "n")
    expect(server.rss_kib() - before <= 4096, f"{server.rss_kib() - before} KiB more")


def four_choices_in_one_stream(server):
    events = exchange(server, *chat(n=4, stream=True)).body.decode().split("\n\n")
    expect(events[-2:] == ["data: [DONE]", ""], events[-2:])
    texts = [""] * 4
    for event in events[:-2]:
        for choice in json.loads(event.removeprefix("data: "))["choices"]:
            texts[choice["index"]] += choice["delta"].get("content", "")
    expect(texts == ["pong"] * 4, f"texts {texts}")


SCENARIOS = [
    ("J20", unknown_fields_are_named),
    ("P23", many_choices_take_no_memory),
    ("P25", four_choices_in_one_stream),
    ("S03", text_of_users_makes_no_calls),
]


def runs(server):
    tables = ((CASES, check_case), (MESSAGE_CASES, check_message_case))
    rows = [(case[0], lambda server, case=case, check=check: check(server, case)) for cases, check in tables for case in cases]
    return rows + (SCENARIOS if server.is_scripted else [])


if __name__ == "__main__":
    sys.exit(run_rows(runs))
