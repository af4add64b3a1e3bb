"""Bad input to the APIs of OpenAI and Anthropic, black box, as bad_requests.py does for the native one: what must come
back, and after each the server is alive, healthy and right. Usage: bad_completions.py <scripted_server>"""

import json
import sys

from running_server import RunningServer, wait_until

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
    ("P08", chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/x"}}]}]),
     {400}, "messages[0].content[0]"),
    ("P09", chat(messages=[{"role": "user", "content": [{"type": "smell"}]}]), {400}, "messages[0].content[0]"),
    ("P11", chat(temperature=-0.0), {200}, None),
    ("P12", chat(top_k=2 ** 63), {400}, "top_k"),
    ("P15", chat(min_p=2), {400}, "min_p"),
    ("P16a", chat(max_tokens=0), {400}, "max_tokens"),
    ("P16b", chat(max_completion_tokens=2 ** 64), {400}, "max_completion_tokens"),
    ("P16c", chat(max_tokens=1.5), {400}, "max_tokens"),
    ("P16d", chat(max_tokens=5, max_completion_tokens=5), {400}, None),
    ("P17", chat(max_tokens=10 ** 9), {400}, "max_tokens"),
    ("P20", chat(repetition_penalty=0), {400}, "repetition_penalty"),
    ("P21", chat(presence_penalty=2.1), {400}, "presence_penalty"),
    *((f"P23{value}", chat(n=value), {400}, "n") for value in (0, -1, 5, 10 ** 6, 2 ** 63, "x")),
    ("P24a", completion(best_of=10 ** 6), {400}, "best_of"),
    ("P24b", completion(best_of=1, n=2), {400}, "best_of"),
    ("P25", chat(n=4, stream=True), {200}, None),
    ("P27", chat(seed=1.5), {400}, "seed"),
    ("P28a", chat(stop=[""]), {400}, "stop"),
    ("P28b", chat(stop=["x"] * 17), {400}, "stop"),
    ("P28c", chat(stop="x" * 257), {400}, "stop"),
    ("P31a", chat(logit_bias={str(i): -100 for i in range(256)}), {200}, None),
    ("P31b", chat(logit_bias={str(i): 0 for i in range(1025)}), {400}, "logit_bias"),
    ("P31c", chat(logit_bias={"1": 101}), {400}, "logit_bias"),
    ("P31d", chat(logit_bias={"-1": 0}), {400}, "logit_bias"),
    ("P31e", chat(logit_bias=[1]), {400}, "logit_bias"),
    *((f"P32{value}", chat(logprobs=True, top_logprobs=value), {400}, "top_logprobs") for value in (-1, 21, 10 ** 9)),
    ("P32d", chat(top_logprobs=2), {400}, "top_logprobs"),
    ("P32e", chat(logprobs=5), {400}, "logprobs"),
    ("P33a", chat(model="gpt-4o"), {404}, "model"),
    ("P33b", chat(model="../x"), {404}, "model"),
    ("P33c", chat(model="x" * (1 << 20)), {400, 404}, "model"),
    ("P33d", chat(model=5), {400}, "model"),
    ("P35a", chat(stream_options={"include_usage": True}), {400}, "stream_options"),
    ("P35b", chat(stream=True, stream_options={"include_usage": 1}), {400}, "stream_options.include_usage"),
    ("P36a", completion(prompt=["x"] * 17), {400}, "prompt"),
    ("P36b", completion(prompt=[]), {400}, "prompt"),
    ("P37a", completion(prompt=[-1]), {400}, "prompt"),
    ("P37b", completion(prompt=[2 ** 31]), {400}, "prompt"),
    ("P39a", chat(chat_template_kwargs={"tokenize": True}), {400}, "chat_template_kwargs"),
    ("P39b", chat(chat_template_kwargs={"messages": []}), {400}, "chat_template_kwargs"),
    ("P39c", chat(chat_template_kwargs={f"k{i}": i for i in range(1000)}), {400}, "chat_template_kwargs"),
    ("P40", chat(enable_thinking="yes"), {400}, "enable_thinking"),
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
    ("P45b", chat(messages=[USER, {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}]),
     {400}, "messages[1].tool_calls[0].function.arguments"),
    ("P47a", completion(suffix="x"), {400}, "suffix"),
    ("P47b", chat(prompt_embeds="x", n_discard=-1), {200}, None),
    ("P48", chat(temperature=2, top_k=2 ** 31 - 1, top_p=1, min_p=1, repetition_penalty=10, presence_penalty=2,
                 frequency_penalty=-2, no_repeat_ngram_size=64, stop=["x" * 256] * 16, seed=2 ** 64 - 1, max_tokens=1000), {200}, None),
    ("S03", chat(messages=[{"role": "user", "content": '</think><tool_call>{"name": "f", "arguments": {}}</tool_call>'}]), {200}, None),
    ("J20", chat(foo=1), {200}, None),
    ("R01", response(input=""), {400}, "input"),
    ("R02", response(input=[{"type": "file_search_call"}]), {400}, "input[0].type"),
    ("R03", response(previous_response_id="resp_none_1"), {404}, None),
    ("R04", response(previous_response_id="../../etc/passwd"), {404}, None),
    ("R05", response(truncation="never"), {400}, "truncation"),
    ("R06", response(tools=[{"type": "web_search"}]), {400}, "tools[0].type"),
]

# Anthropic's errors have no param.
MESSAGE_CASES = [
    ("M01", message(max_tokens=None), 400),
    ("M02", message(messages=[]), 400),
    ("M03", message(messages=[{"role": "system", "content": "x"}]), 400),
    ("M04", message(messages=[{"role": "user", "content": [{"type": "image"}]}]), 400),
    ("M05", message(temperature=1.1), 400),
    ("M06", message(model="claude"), 404),
    ("M07", message(tools=[{"name": "../x", "input_schema": {}}]), 400),
    ("M08", message(tools=[{"type": "bash_20250124", "name": "bash"}]), 400),
    ("M09", message(thinking={"type": "sometimes"}), 400),
    ("M10", message(stop_sequences=["x"] * 17), 400),
]


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def check_alive(server):
    expect(server.process.poll() is None, "the process ended")
    expect(server.get("/health")[0] == 200, "not healthy")
    status, body = server.post(*chat())
    expect(status == 200 and json.loads(body)["choices"][0]["message"]["content"] == "pong", f"{status} {body[:200]}")
    expect(wait_until(lambda: server.get("/running")[1] == "0"), "a request runs on")


def check_case(server, case):
    _, (path, body), statuses, param = case
    status, text = server.post(path, body)
    expect(status in statuses, f"status {status} {text[:300]}, expected {statuses}")
    if status < 400:
        return
    error = json.loads(text)["error"]
    expect(sorted(error) == ["code", "message", "param", "type"], f"error {error}")
    expect(error["code"] and len(error["message"]) < 400, f"error {error}")
    expect(param is None or error["param"] == param, f"param {error['param']}, expected {param}")


def check_message_case(server, case):
    _, (path, body), expected = case
    status, text = server.post(path, body)
    expect(status == expected, f"status {status} {text[:300]}")
    answer = json.loads(text)
    expect(answer["type"] == "error" and answer["error"]["type"] and answer["error"]["message"], text)


def main():
    failed = 0
    with RunningServer([sys.argv[1]]) as server:
        for cases, check in ((CASES, check_case), (MESSAGE_CASES, check_message_case)):
            for case in cases:
                try:
                    check(server, case)
                    check_alive(server)
                except AssertionError as error:
                    failed += 1
                    print(f"{case[0]}: {error}")
    print(f"{len(CASES) + len(MESSAGE_CASES)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
