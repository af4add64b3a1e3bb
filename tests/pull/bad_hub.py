"""A hub on this machine: Hugging Face's and ModelScope's interfaces for a few files, and every way to misbehave.

A Hub has repositories of files. A fault is a function that sees a request before it is answered and may answer it itself:

  hub = Hub({"org/model": {"config.json": b"{}", ...}})
  hub.fault = lambda request, kind, name: request.fail(500)
"""

import hashlib
import http.server
import json
import re
import socket
import ssl
import struct
import threading
import urllib.parse

COMMIT = "c0ffee" + "0" * 34


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sibling(name: str, data: bytes) -> dict:
    """A file in Hugging Face's list; large ones as LFS has them."""
    entry = {"rfilename": name, "size": len(data), "blobId": git_blob(data)}
    if name.endswith((".gguf", ".safetensors")):
        entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return entry


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server.hub
        with hub.lock:
            hub.requests.append((self.path, dict(self.headers)))
        kind, repository, name = self.place()
        try:
            if hub.fault and hub.fault(self, kind, name):
                return
            self.answer(kind, repository, name)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def place(self):
        """(list, files or none; repository; file's name) of the path."""
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", url.path):
            return "list", match[1], match[2]
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", url.path):
            if match[2] != COMMIT:
                return "none", match[1], match[2]
            return "file", match[1], urllib.parse.unquote(match[3])
        if match := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/repo/files", url.path):
            return "modelscope list", match[1], query["Revision"][0]
        if match := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/repo", url.path):
            return "file", match[1], query["FilePath"][0]
        return "none", "", url.path

    def answer(self, kind, repository, name):
        files = self.server.hub.repositories.get(repository)
        if kind == "list" and files is not None and name in ("main", "v1", COMMIT):
            return self.send_json(self.server.hub.list_of(files))
        if kind == "modelscope list" and files is not None and name == "master":
            return self.send_json(self.server.hub.modelscope_list_of(files))
        if kind == "file" and files and name in files:
            return self.send_file(files[name])
        self.fail(404)

    def send_json(self, value):
        self.send_body(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send_file(self, data: bytes, headers=None):
        """With ranges, as a good server does."""
        headers = {"ETag": '"%s"' % hashlib.sha256(data).hexdigest(), **(headers or {})}
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not match:
            return self.send_body(200, data, headers)
        first, last = int(match[1]), min(int(match[2]), len(data) - 1)
        if first >= len(data):
            return self.fail(416)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        self.send_body(206, data[first:last + 1], headers)

    def send_body(self, status, body: bytes, headers=None, length=None):
        """`length`: the Content-Length to claim. The body may be shorter, and the connection ends then."""
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.hang_up()
        return True

    def fail(self, status, headers=None):
        return self.send_body(status, b'{"error": "no"}', headers)

    def redirect(self, where, status=302):
        return self.send_body(status, b"", {"Location": where})

    def hang_up(self, reset=False):
        """Ends the connection in the middle: politely, or by RST."""
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close() if reset else self.connection.shutdown(socket.SHUT_WR)
        return True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients that leave are the rule here


class Hub:
    def __init__(self, repositories=None, host="127.0.0.1", tls=None):
        self.repositories = repositories or {}
        self.fault = None
        self.requests = []
        self.lock = threading.Lock()
        self.server = Server((host, 0), Request)
        self.server.hub = self
        self.port = self.server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
            self.url = f"https://localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def list_of(self, files):
        return {"id": "x", "sha": COMMIT, "siblings": [sibling(name, data) for name, data in files.items()]}

    def modelscope_list_of(self, files):
        entries = [{"Name": name, "Path": name, "Size": len(data), "Type": "blob",
                    "Sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()]
        return {"Code": 200, "Data": {"Files": [{"Name": "assets", "Path": "assets", "Type": "tree"}, *entries]}}

    def paths(self):
        with self.lock:
            return [path for path, _ in self.requests]

    def num_file_requests(self):
        return sum("/resolve/" in path for path in self.paths())

    def close(self):
        self.server.shutdown()
        self.server.server_close()
