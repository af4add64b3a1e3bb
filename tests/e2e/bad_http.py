"""Rows H and A of the bad inputs that need no key: each case is raw bytes and what must come back."""

import json

from liveness import expect
from request_bytes import CHUNKED, HOST, JSON, chunk_of_size, get, post, prompt, with_head
from running_server import wait_until

MIB = 1 << 20

# id, bytes, allowed statuses, code (None: any), connection must close
CASES = [
    ("H02", bytes((i * 97 + 13) % 256 for i in range(MIB)), {400}, None, True),
    ("H03", get(version=b"HTTP/9.9"), {505}, None, True),
    ("H05", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, {400}, None, True),
    ("H06", b"GET  /health HTTP/1.1\r\n" + HOST + b"\r\n", {400}, None, True),
    ("H07", b"GET /health HTTP/1.1\nHost: localhost\n\n", {400}, None, True),
    ("H09", get(b"/" + b"a" * MIB), {414}, None, True),
    ("H10", get(method=b"A" * 65536), {400, 501}, None, True),
    ("H11", get(b"/chat", method=b"DELETE"), {405}, "method_not_allowed", False),
    ("H13a", get(b"/../../etc/passwd"), {400, 404}, None, False),
    ("H13b", get(b"/%2e%2e/etc/passwd"), {400, 404}, None, False),
    ("H13c", get(b"/static/..%2f..%2fetc/passwd"), {400, 404}, None, False),
    ("H14", get(b"/health%00.html"), {400}, None, True),
    ("H15a", get(b"//health"), {404}, "unknown_path", False),
    ("H15b", get(b"/HEALTH"), {404}, "unknown_path", False),
    ("H15c", get(b"/health/"), {404}, "unknown_path", False),
    ("H17", get(fields=HOST + HOST), {400}, None, True),
    ("H18", get(fields=HOST + b"A: " + b"a" * 17_000 + b"\r\n"), {431}, None, True),
    ("H19", get(fields=HOST + b"A: b\r\n" * 100), {431}, None, True),
    ("H21a", get(fields=HOST + b"A B: c\r\n"), {400}, None, True),
    ("H21b", get(fields=HOST + b"A\0B: c\r\n"), {400}, None, True),
    ("H21c", get(fields=HOST + "Ä: c\r\n".encode()), {400}, None, True),
    ("H22a", get(fields=HOST + b"A: b\0c\r\n"), {400}, None, True),
    ("H22b", get(fields=HOST + b"A: b\rc\r\n"), {400}, None, True),
    ("H23", get(fields=HOST + b"A: b\r\n c\r\n"), {400}, None, True),
    ("H25", with_head(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello"), {400}, None, True),
    ("H26", with_head(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), {400}, None, True),
    ("H27a", with_head(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"), {400, 501}, None, True),
    ("H27b", with_head(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), {400, 501}, None, True),
    ("H27c", with_head(b"Transfer-Encoding: chunked\r\n" * 2, b"0\r\n\r\n"), {400, 501}, None, True),
    ("H27d", with_head(b"Transfer-Encoding:\tchunked\r\n", b"0\r\n\r\n"), {400, 501}, None, True),
    ("H27e", with_head(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"), {400, 501}, None, True),
    ("H29a", chunk_of_size(b"-2"), {400}, None, True),
    ("H29b", chunk_of_size(b"0x5"), {400}, None, True),
    ("H29c", chunk_of_size(b"+5"), {400}, None, True),
    ("H29d", chunk_of_size(b"5 "), {400}, None, True),
    ("H29e", chunk_of_size(b"5_0"), {400}, None, True),
    ("H29f", chunk_of_size(b"1" + b"0" * 16), {400, 413}, None, True),
    ("H29g", chunk_of_size(b"f" * 16), {400, 413}, None, True),
    ("H30a", CHUNKED + b"5\nhello\r\n0\r\n\r\n", {400}, None, True),
    ("H30b", CHUNKED + b"5\r\nhelloo\r\n0\r\n\r\n", {400}, None, True),
    ("H31", CHUNKED + b"5;" + b"e" * 65536 + b"\r\nhello\r\n0\r\n\r\n", {400}, None, True),
    ("H31b", CHUNKED + b"1\r\n{\r\n" * 100_000 + b"0\r\n\r\n", {400}, None, True),
    ("H33", CHUNKED + b"5\r\nhello\r\n", {408}, "request_timeout", True),
    ("H33b", b"GET /health HTTP/1.1\r\nHost: loc", {408}, "request_timeout", True),
    ("H34", CHUNKED + b'11\r\n{"prompt":"ping"}\r\n0\r\nHost: evil.com\r\nAuthorization: y\r\n\r\n', {200}, None, False),
    ("H35", with_head(b"Content-Length: %d\r\n" % (5 * MIB), b"x" * MIB), {413}, "body_too_large", True),
    ("H35b", with_head(b"Content-Length: 99999999999999999999999\r\n"), {413}, "body_too_large", True),
    ("H39", get(b"/chat", method=b"POST", fields=HOST + JSON), {411}, None, True),
    ("H41a", post('{"prompt":"ping"}', HOST + b"Content-Type: text/plain\r\n"), {415}, None, False),
    ("H41b", post("prompt=ping", HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"), {415}, None, False),
    ("H41c", post("--x", HOST + b"Content-Type: multipart/form-data; boundary=x\r\n"), {415}, None, False),
    ("H41d", post('{"prompt":"ping"}', HOST), {415}, None, False),
    ("H42", post('{"prompt":"ping"}', HOST + b"Content-Type: application/json; charset=gbk\r\n"), {415}, None, False),
    ("H42b", post('{"prompt":"ping"}', HOST + b"Content-Type: application/json; charset=UTF-8\r\n"), {200}, None, False),
    ("H43", with_head(b"Expect: 100-continue\r\nContent-Length: %d\r\n" % (5 * MIB)), {413}, None, True),
    ("H44", post(b"\x1f\x8b\x08", HOST + JSON + b"Content-Encoding: gzip\r\n"), {415}, "content_encoding", True),
    ("H45a", get(fields=HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), {200}, None, False),
    ("H45b", get(fields=HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), {200}, None, False),
    ("H51", get(fields=HOST + b"Range: bytes=0-1\r\nIf-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT\r\n"), {200}, None, False),
    ("H53a", b"CONNECT host:443 HTTP/1.1\r\n" + HOST + b"\r\n", {405}, None, False),
    ("H53b", get(b"/", method=b"TRACE"), {405}, None, False),
    ("H54", get(b"http://evil/health"), {403}, "host_not_allowed", True),
    ("H55", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}, None, True),

    ("A07", get(fields=b"Host: evil.com\r\n"), {403}, "host_not_allowed", True),
    ("A08a", get(fields=b"Host: localhost.evil.com\r\n"), {403}, "host_not_allowed", True),
    ("A08b", get(fields=b"Host: 127.0.0.1.nip.io\r\n"), {403}, "host_not_allowed", True),
    ("A08c", get(fields=b"Host: localhost:99999\r\n"), {400, 403}, None, True),
    ("A08d", get(fields=b"Host:\r\n"), {400, 403}, None, True),
    ("A09", post('{"prompt":"ping"}', HOST + JSON + b"Origin: https://evil.com\r\n"), {403}, "origin_not_allowed", True),
    ("A09b", post('{"prompt":"ping"}', HOST + JSON + b"Origin: null\r\n"), {403}, "origin_not_allowed", True),
    ("A09c", post('{"prompt":"ping"}', HOST + JSON + b"Origin: http://localhost\r\n"), {200}, None, False),
    ("A11", get(b"/chat", HOST + b"Origin: https://evil.com\r\nAccess-Control-Request-Method: POST\r\n", b"OPTIONS"),
     {403}, "origin_not_allowed", True),
]


def nothing_at_all(server):
    before = server.output
    server.connect().close()
    server.check_alive()
    expect(server.output == before, f"it says {server.output[len(before):]}")


def allowed_methods(server):
    client = server.connect()
    client.send(get(b"/chat", method=b"DELETE"))
    expect(client.response().fields.get("allow") == "POST", "Allow")


def long_paths_take_no_memory(server):
    before = server.rss_kib()
    for _ in range(100):
        client = server.connect()
        client.send(get(b"/" + b"a" * 100_000))
        client.response()
        client.close()
    expect(server.rss_kib() - before <= 4096, f"{server.rss_kib() - before} KiB more")


def half_a_body(server):
    # What has come is a whole question; it would be answered for ever.
    client = server.connect()
    body = b'{"prompt":"forever","max_new_tokens":19000}'
    client.send(with_head(b"Content-Length: %d\r\n" % (len(body) + 5), body))
    client.close()


def a_body_behind_get(server):
    client = server.connect()
    client.send(get(fields=HOST + b"Content-Length: 20\r\n") + b"GET /no HTTP/1.1\r\n\r\n" + prompt())
    first, second = client.response(), client.response()
    expect(first.status == 200, f"first is {first.status}")
    expect(second.status == 200 and json.loads(second.body)["response"] == "pong", f"second is {second.status}")


def ten_at_once(server):
    client = server.connect()
    client.send(b"".join(post(json.dumps({"prompt": f"n{i}"})) for i in range(10)))
    for i in range(10):
        expect(json.loads(client.response().body)["response"] == f"You said: n{i}", f"answer {i}")


def nonsense_behind_a_request(server):
    client = server.connect()
    client.send(get() + b"NONSENSE\r\n\r\n")
    expect(client.response().status == 200, "the good request")
    expect(client.response().status == 400 and client.closed(), "the garbage")


def a_reader_that_stands_still(server):
    client = server.connect()
    client.send(post('{"prompt":"flood","max_new_tokens":10000}', path=b"/chat_stream"))
    expect(wait_until(lambda: server.num_running() == 1), "never ran")
    expect(wait_until(lambda: server.num_running() == 0), "a reader that stands still is not cut")
    client.close()


def clients_that_leave(server):
    for path in (b"/chat_stream", b"/chat"):
        for leave in ("reset", "close"):
            client = server.connect()
            client.send(post('{"prompt":"forever","max_new_tokens":19000}', path=path))
            expect(wait_until(lambda: server.num_running() == 1), "never ran")
            getattr(client, leave)()
            expect(wait_until(lambda: server.num_running() == 0, 5), f"{path} goes on after {leave}")


SCRIPTED_ONLY = {"H33", "H33b"}  # the scripted server waits a second, the program many
SCENARIOS = [
    ("H01", nothing_at_all),
    ("H09", long_paths_take_no_memory),
    ("H11", allowed_methods),
    ("H37", half_a_body),
    ("H38", a_body_behind_get),
    ("H46", ten_at_once),
    ("H47", nonsense_behind_a_request),
    ("H49", a_reader_that_stands_still),
    ("H50", clients_that_leave),
]
