"""Requests as the bytes of which they consist, so that each of them can be wrong."""

import json

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"POST /chat HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"


def get(path=b"/health", fields=HOST, method=b"GET", version=b"HTTP/1.1"):
    return method + b" " + path + b" " + version + b"\r\n" + fields + b"\r\n"


def post(body, fields=HOST + JSON, path=b"/chat"):
    body = body if isinstance(body, bytes) else body.encode("utf-8")
    return b"POST " + path + b" HTTP/1.1\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


def with_head(fields, body=b""):
    """A POST whose head says of its body what `fields` say."""
    return b"POST /chat HTTP/1.1\r\n" + HOST + JSON + fields + b"\r\n" + body


def chunk_of_size(size):
    return CHUNKED + size + b"\r\nhello\r\n0\r\n\r\n"


def prompt(**fields):
    return post(json.dumps({"prompt": "ping", **fields}))


def prompt_raw(field):
    """Of a field that json.dumps would not write."""
    return post('{"prompt":"ping",' + field + "}")


def messages(value):
    return post(json.dumps({"messages": value}))


def endless_stream():
    return post('{"prompt":"forever","max_new_tokens":19000}', path=b"/chat_stream")
