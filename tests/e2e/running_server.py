"""Starts a server program on a free port, talks to it in raw bytes, and ends it again. Standard library only."""

import http.client
import json
import os
import queue
import re
import socket
import subprocess
import tempfile
import threading
import time

# What must be nothing when nobody asks for anything.
IDLE_GAUGES = ("vllm:num_requests_running", "vllm:num_requests_waiting", "youtu:cache_blocks_in_use")


class Response:
    """What came back on a raw socket. status is 0 if nothing did."""

    def __init__(self, status=0, fields=None, body=b""):
        self.status = status
        self.fields = fields or {}
        self.body = body

    def code(self):
        try:
            return json.loads(self.body)["error"]["code"]
        except (ValueError, KeyError, TypeError):
            return None


class Connection:
    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.buffer = b""

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:  # the server may have refused already
            pass

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            return False
        self.buffer += data
        return bool(data)

    def _until(self, end):
        while end not in self.buffer:
            if not self._fill():
                return None
        line, self.buffer = self.buffer.split(end, 1)
        return line

    def _exactly(self, size):
        while len(self.buffer) < size and self._fill():
            pass
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def head(self):
        """The head of a response, without its empty line; None if there is none."""
        return self._until(b"\r\n\r\n")

    def rest(self):
        """Everything until the server ends the connection."""
        while self._fill():
            pass
        return self.buffer

    def response(self, head_only=False):
        head = self.head()
        if head is None:
            return Response()
        lines = head.decode("latin-1").split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            fields[name.lower()] = value
        status = int(lines[0].split(" ")[1])
        body = b""
        if head_only or status in (100, 204):
            return Response(status, fields)
        if fields.get("transfer-encoding") == "chunked":
            while True:
                size = int(self._until(b"\r\n") or b"0", 16)
                body += self._exactly(size)
                self._exactly(2)
                if size == 0:
                    break
        else:
            body = self._exactly(int(fields.get("content-length", "0")))
        return Response(status, fields, body)

    def closed(self):
        """True if the server ends the connection without another byte."""
        return not self.buffer and not self._fill()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class RunningServer:
    """The program must print a line that `ready` matches when it serves; the first group is its port."""

    def __init__(self, command, ready=r"port (\d+)", patience=120, signal_to_stop=None):
        self.signal_to_stop = signal_to_stop  # none: the program ends with its standard input
        # Sessions of its own, unless the command says where they are.
        self.data_dir = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, "YOUTU_DATA_DIR": self.data_dir.name})
        self.output = ""
        lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, args=(lines,), daemon=True)
        self.reader.start()
        give_up = time.monotonic() + patience
        while True:
            try:
                line = lines.get(timeout=max(0.1, give_up - time.monotonic()))
            except queue.Empty:
                self.process.kill()
                raise SystemExit(f"the server did not become ready:\n{self.output}")
            if line is None:
                raise SystemExit(f"the server ended with {self.process.wait()}:\n{self.output}")
            found = re.search(ready, line)
            if found:
                self.port = int(found.group(1))
                return

    def _read(self, lines):
        for line in self.process.stdout:
            self.output += line
            lines.put(line)
        lines.put(None)

    def connect(self, timeout=20):
        return Connection(self.port, timeout)

    def request(self, *request):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            client.request(*request)
            response = client.getresponse()
            return response.status, response.read().decode("utf-8")
        finally:
            client.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body):
        data = json.dumps(body).encode("utf-8")
        return self.request("POST", path, data, {"Content-Type": "application/json"})

    def gauges(self, **fields):
        """name: value, of all that /metrics has for who sends these fields."""
        text = self.request("GET", "/metrics", None, fields)[1]
        return {name: float(value) for name, value in re.findall(r"^([\w:]+)(?:\{.*\})? (\S+)$", text, re.MULTILINE)}

    def num_running(self):
        return self.gauges()["vllm:num_requests_running"]

    def busy_gauges(self, **fields):
        """Those that say that requests are running, waiting or hold blocks of the cache."""
        gauges = self.gauges(**fields)
        return {name: gauges[name] for name in IDLE_GAUGES if gauges[name] != 0}

    def is_idle(self, **fields):
        return wait_until(lambda: not self.busy_gauges(**fields), 10)

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * 4

    def stop(self):
        """Ends the program; its exit code."""
        self.process.stdin.close()
        if self.process.poll() is None and self.signal_to_stop:
            self.process.send_signal(self.signal_to_stop)
        code = self.process.wait(timeout=60)
        self.reader.join()
        self.process.stdout.close()
        self.data_dir.cleanup()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def join_messages(stream):
    """The data of the unnamed events of a text/event-stream, put together as the standard says."""
    text, data, named = "", None, False
    for line in stream.split("\n"):
        if line == "":
            if data is not None and not named:
                text += data
            data, named = None, False
        elif line.startswith("data:"):
            value = line[5:].removeprefix(" ")
            data = value if data is None else data + "\n" + value
        elif line.startswith("event:"):
            named = True
    return text


def wait_until(condition, seconds=20):
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True
