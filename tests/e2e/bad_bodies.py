"""Rows J and P of the bad inputs at /chat: JSON, text and parameters. The rows are those of bad_http.py."""

import json
import re
import socket

from bad_parameters import PARAMETERS
from liveness import expect
from request_bytes import get, messages, post, prompt, prompt_raw

MIB = 1 << 20
USER = {"role": "user", "content": "ping"}


def says(text):
    return post(json.dumps({"prompt": text}, ensure_ascii=False))


CASES = [
    ("J01", post(""), {400}, "invalid_json", False),
    ("J02a", post("{"), {400}, "invalid_json", False),
    ("J02b", post('{"prompt":"x"'), {400}, "invalid_json", False),
    ("J02c", post('{"prompt":"x",}'), {400}, "invalid_json", False),
    ("J02d", post("{'prompt':'x'}"), {400}, "invalid_json", False),
    ("J04a", post("{}{}"), {400}, "invalid_json", False),
    ("J04b", post('{"prompt":"x"} and more'), {400}, "invalid_json", False),
    ("J05", post("[" * 100_000), {400}, "too_deep", False),
    ("J06", post('{"a":' * 65 + "1" + "}" * 65), {400}, "too_deep", False),
    ("J08", prompt_raw('"temperature":0,"temperature":9'), {400}, "duplicate_key", False),
    ("J09a", prompt_raw('"temperature":NaN'), {400}, "invalid_json", False),
    ("J09b", prompt_raw('"temperature":Infinity'), {400}, "invalid_json", False),
    ("J09c", prompt_raw('"temperature":-Infinity'), {400}, "invalid_json", False),
    ("J10a", prompt_raw('"temperature":1e999'), {400}, "out_of_range", False),
    ("J10b", prompt_raw('"temperature":-1e999'), {400}, "out_of_range", False),
    ("J10c", prompt_raw('"temperature":1e-999'), {200, 400}, None, False),
    ("J10d", prompt_raw('"max_new_tokens":' + "9" * 400), {400}, "out_of_range", False),
    ("J12a", post('{"prompt":"你好"}'.encode("utf-16")), {400}, "invalid_utf8", False),
    ("J12b", post('{"prompt":"你好"}'.encode("gbk")), {400}, "invalid_utf8", False),
    ("J13a", post(b'{"prompt":"\xff"}'), {400}, "invalid_utf8", False),
    ("J13b", post(b'{"prompt":"\xc0\x80"}'), {400}, "invalid_utf8", False),
    ("J13c", post(b'{"prompt":"\xed\xa0\x80"}'), {400}, "invalid_utf8", False),
    ("J13d", post(b'{"prompt":"\xf4\x90\x80\x80"}'), {400}, "invalid_utf8", False),
    ("J13e", post(b'{"prompt":"\xe4\xbd"}'), {400}, "invalid_utf8", False),
    ("J14a", post('{"prompt":"\\ud800"}'), {400}, "invalid_unicode", False),
    ("J14b", post('{"prompt":"\\udc00\\ud800"}'), {400}, "invalid_unicode", False),
    ("J16", post(b'{"prompt":"a\x01b"}'), {400}, "invalid_json", False),
    ("J17a", says("\u202ea right-to-left override"), {200}, None, False),
    ("J17b", says("zero\u200bwidth\u2060\ufeff"), {200}, None, False),
    ("J17c", says("e" + "\u0301" * 10_000), {200}, None, False),
    ("J17d", says("".join(map(chr, range(0x100000, 0x100400)))), {200}, None, False),
    ("J17e", says("\U0010fffd"), {200}, None, False),
    ("J18", post('{"prompt":"' + "a" * (4 * MIB - 20) + '"}'), {400}, "context_length_exceeded", False),
    ("J20", prompt(foo=1), {200}, None, False),
    ("J21", prompt_raw('"__proto__":{"a":1},"constructor":2'), {200}, None, False),

    ("P01", post("{}"), {400}, "missing", False),
    ("P03a", post('{"prompt":null}'), {400}, "type", False),
    ("P03b", post('{"prompt":1}'), {400}, "type", False),
    ("P03c", post('{"prompt":[]}'), {400}, "type", False),
    ("P03d", post('{"prompt":{}}'), {400}, "type", False),
    ("P04", messages([]), {400}, "empty", False),
    ("P05a", messages([1]), {400}, "type", False),
    ("P05b", messages([{"content": "a"}]), {400}, "missing", False),
    ("P05c", messages([{"role": "user"}]), {400}, "missing", False),
    ("P07", messages([USER] * 1025), {400}, "out_of_range", False),
    ("P09", messages([{"role": "user", "content": [{"type": "x"}]}]), {400}, "unsupported_content", False),
    ("P10", prompt(preset="fast"), {400}, "unknown_preset", False),
    *((f"P16{letter}", prompt(max_new_tokens=value), {400}, code, False) for letter, value, code in (
        ("h", 0, "out_of_range"), ("i", -1, "out_of_range"), ("j", -2**31, "out_of_range"), ("k", 2**31, "out_of_range"),
        ("l", 2**63, "out_of_range"), ("m", 2**64, "out_of_range"), ("n", 1.5, "type"))),
    ("P17b", prompt(max_new_tokens=10**9), {400}, "out_of_range", False),
    ("P18", prompt(max_new_tokens=30_001), {400}, "context_length_exceeded", False),
    # Fields of other interfaces: this one has none of them, says so in X-Ignored-Params (below) and goes on.
    *((f"P23{letter}", prompt(n=value), {200}, None, False)
      for letter, value in zip("abcde", (0, -1, 5, 10**6, 2**63))),
    ("P24", prompt(n=10**6, best_of=10**6), {200}, None, False),
    ("P25", prompt(n=4, stream=True), {200}, None, False),
    ("P31", prompt(logit_bias={str(token): -100 for token in range(262)}), {200}, None, False),
    ("P32", prompt(top_logprobs=10**9), {200}, None, False),
    *((f"P34{letter}", prompt(explain_tokens=value), {400}, code, False) for letter, value, code in (
        ("a", -1, "out_of_range"), ("b", 21, "out_of_range"), ("c", 10**30, "type"), ("d", 1.5, "type"), ("e", "all", "type"),
        ("f", True, "type"))),
    ("P34g", prompt(explain_tokens=1, max_tokens=2049), {400}, "out_of_range", False),
    ("P35", prompt(stream_options={"no": 1}), {200}, None, False),
    ("P36a", post(json.dumps({"prompt": ["a"] * 17})), {400}, "type", False),
    ("P36b", post(json.dumps({"prompt": ["a"] * 10**6}, separators=(",", ":"))), {400}, "too_large", False),
    ("P37", post('{"prompt":[-1]}'), {400}, "type", False),
    ("P39", prompt(chat_template_kwargs={"tokenize": True, "messages": []}), {200}, None, False),
    ("P47", prompt(echo=True, suffix="x", prompt_embeds=[1], n_discard=-1, guided_json={}), {200}, None, False),
    ("P48", prompt(temperature=100, top_k=2**31 - 1, top_p=1, min_p=1, max_new_tokens=10_000, repetition_penalty=10,
                   presence_penalty=2, frequency_penalty=-2, no_repeat_ngram_size=64, seed=2**64 - 1,
                   stop=["a" * 256] * 16), {200}, None, False),
]
CASES += [(row, prompt(**{field: value}), {status}, code, False) for row, field, value, status, code in PARAMETERS]


def ignored_params(server, **fields):
    client = server.connect()
    client.send(prompt(**fields))
    return client.response().fields.get("x-ignored-params")


def unknown_fields_are_named(server):
    expect(ignored_params(server, foo=1, **{"b\r\nSet-Cookie": 2}) == "b??Set-Cookie, foo", "X-Ignored-Params")


def prototypes_are_names(server):
    expect(ignored_params(server, __proto__={"a": 1}, constructor=2) == "__proto__, constructor", "X-Ignored-Params")


def nothing_is_fetched(server):
    """Pictures are refused wherever they are, and nobody asks the server that has them."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        urls = (f"http://127.0.0.1:{canary.getsockname()[1]}/x.png", "file:///etc/passwd", "data:image/png;base64,iVBORw0K")
        for url in urls:
            content = [{"type": "image_url", "image_url": {"url": url}}]
            for path, more in (("/chat", {}), ("/v1/chat/completions", {"model": "Youtu-LLM-2B"})):
                status, body = server.post(path, {"messages": [{"role": "user", "content": content}], **more})
                error = json.loads(body)["error"]
                expect((status, error["code"]) == (400, "unsupported_content"), f"{path} {url}: {status} {error}")
        server.check_alive()
        try:
            canary.accept()
        except BlockingIOError:
            return
        expect(False, "somebody asked for the picture")


def the_whole_context(server):
    # The largest max_new_tokens that the prompt leaves room for is taken, and one more is not.
    body = {"prompt": "ping", "max_new_tokens": 30_000}
    status, answer = server.post("/chat", body)
    expect(status == 400, f"status {status}")
    num_prompt = int(re.search(r"prompt \((\d+) tokens\)", json.loads(answer)["error"]["message"]).group(1))
    expect(server.post("/chat", {**body, "max_new_tokens": 30_000 - num_prompt})[0] == 200, "exactly the context")
    expect(server.post("/chat", {**body, "max_new_tokens": 30_001 - num_prompt})[0] == 400, "one more")


def the_limit_is_told(server):
    message = json.loads(server.post("/chat", {"prompt": "ping", "max_new_tokens": 10**9})[1])["error"]["message"]
    expect("1048576" in message, message)


def choices_are_no_field_of_chat(server):
    expect(ignored_params(server, n=3, logit_bias={}, top_logprobs=1) == "n, top_logprobs", "X-Ignored-Params")


SCRIPTED_ONLY = {"J17c", "J17d", "P48"}  # the demo model has a shorter context
SCENARIOS = [
    ("J20", unknown_fields_are_named),
    ("J21", prototypes_are_names),
    ("P08", nothing_is_fetched),
    ("P17", the_limit_is_told),
    ("P19", the_whole_context),
    ("P23", choices_are_no_field_of_chat),
]
