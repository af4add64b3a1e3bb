"""A model server whose answers are known, for tests of `youtu bench serve`: it speaks both interfaces, and `behave` of
a test may answer in its own way. Standard library only."""

import json
import socket
import threading


class Exchange:
    """One request, with the means to answer it."""

    def __init__(self, connection, path, body, number):
        self.connection, self.path, self.body, self.number = connection, path, body, number
        self.stays_open = True

    def send(self, data):
        self.connection.sendall(data)

    def head(self, status=200, kind="text/event-stream", fields=(), length=None):
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", *fields]
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def chunk(self, text):
        data = text.encode()
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.send(b"0\r\n\r\n")

    def refuse(self, status, code, fields=()):
        body = json.dumps({"error": {"code": code, "message": "no"}})
        self.head(status, "application/json", fields, len(body))
        self.send(body.encode())

    def answer(self, pieces, prompt_tokens=10):
        self.head()
        if self.path.startswith("/v1/"):
            for piece in pieces:
                choice = {"delta": {"content": piece}} if "chat" in self.path else {"text": piece}
                self.chunk("data: " + json.dumps({"choices": [choice]}) + "\n\n")
            self.chunk('data: {"choices":[{"finish_reason":"length"}]}\n\n')
            usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(pieces)}
            self.chunk("data: " + json.dumps({"choices": [], "usage": usage}) + "\n\ndata: [DONE]\n\n")
        else:
            for piece in pieces:
                self.chunk("data: " + json.dumps({"text": piece}) + "\n\n")
            usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(pieces), "cached_tokens": 0}
            self.chunk("event: done\ndata: " + json.dumps({"finish_reason": "length", "usage": usage}) + "\n\n")
        self.end()


def words_of(body):
    """How many words a request's prompt has, history included."""
    texts = [body["prompt"]] if "prompt" in body else [message["content"] for message in body["messages"]]
    return sum(len(text.split()) for text in texts)


def well_behaved(exchange):
    length = exchange.body.get("max_new_tokens") or exchange.body["max_tokens"]
    exchange.answer(["x "] * length, prompt_tokens=2 * words_of(exchange.body) + 5)


class FakeServer:
    """Every exchange goes to `behave`, on a thread of its connection. `requests` has the (path, body) of all."""

    def __init__(self, behave=well_behaved, port=0):
        self.behave, self.requests, self.num_connections = behave, [], 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.num_connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        received = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in received:
                    data = connection.recv(65536)
                    if not data:
                        return
                    received += data
                head, received = received.split(b"\r\n\r\n", 1)
                if head.startswith(b"GET "):  # /health
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    continue
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                while len(received) < length:
                    received += connection.recv(65536)
                body, received = json.loads(received[:length]), received[length:]
                path = head.split(b" ")[1].decode()
                with self.lock:
                    self.requests.append((path, body))
                    exchange = Exchange(connection, path, body, len(self.requests))
                try:
                    self.behave(exchange)
                except OSError:
                    return  # the client has gone
                if not exchange.stays_open:
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
