"""Runs every command that the documents show, so that none goes stale.

  run_documented_commands.py <program> <repository>

A fenced block marked `sh` in README*.md or docs/ (but not docs/zh-CN, whose blocks are the same: tools/check_twins.py)
is run by bash in the repository, with the program in the place of build/youtu and a server of the demo model in the place
of 127.0.0.1:8080. It must end with 0, and an HTTP answer must be a good one. A comment on the line before a block changes
that:

  <!-- not run: REASON -->        the block is left alone, and the reason printed
  <!-- answers an error -->       every HTTP answer of the block must be an error
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

BLOCK = re.compile(r"^(?:<!--\s*(?P<mark>.*?)\s*-->\n)?```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 300
START_TIMEOUT_S = 120
DOCUMENTED_ADDRESS = "127.0.0.1:8080"

# curl ends with 0 on any HTTP answer; these make the answer's kind the command's.
GOOD_ANSWERS = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }\n'
ERROR_ANSWERS = ('curl() { if command curl --silent --fail-with-body "$@"; then echo "answered without an error" >&2; '
                 'return 1; else [ $? -eq 22 ]; fi; }\n')


class Server:
    """A server of the demo model on a port of its own."""

    def __init__(self, program: Path):
        for _ in range(3):  # another process may take the port before the server does
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.address = "127.0.0.1:%d" % probe.getsockname()[1]
            self.log = tempfile.TemporaryFile()
            self.data_dir = tempfile.TemporaryDirectory()
            self.process = subprocess.Popen(
                [program, "serve", "--host", "127.0.0.1", "--port", self.address.rsplit(":", 1)[1]],
                stdout=self.log, stderr=subprocess.STDOUT,
                env={**os.environ, "YOUTU_DATA_DIR": self.data_dir.name})
            if self.wait_until_healthy():
                return
            self.stop()
        self.log.seek(0)
        sys.exit("error: the server did not start:\n" + self.log.read().decode(errors="replace"))

    def wait_until_healthy(self) -> bool:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.address}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def blocks_of(document: Path):
    """(line, mark, text) of every sh block."""
    text = document.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield text[:match.start("text")].count("\n") + 1, match.group("mark") or "", match.group("text")


def run_block(text: str, mark: str, program: Path, repository: Path, server: Server) -> str | None:
    """None, or what went wrong."""
    script = text.replace("build/youtu", str(program)).replace(DOCUMENTED_ADDRESS, server.address)
    prelude = ERROR_ANSWERS if mark == "answers an error" else GOOD_ANSWERS
    with tempfile.TemporaryDirectory() as scratch:
        # The Python that runs this is the one that the distribution's packages are for.
        path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", prelude + script], cwd=repository,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_S, env={**os.environ, "TMPDIR": scratch, "PATH": path})
    output = done.stdout.decode(errors="replace")
    return None if done.returncode == 0 else f"ended with {done.returncode}\n{text}--- printed:\n{output}"


def main() -> int:
    program, repository = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    twins = repository / "docs" / "zh-CN"
    documents = sorted(repository.glob("*.md")) + sorted(
        path for path in (repository / "docs").rglob("*.md") if twins not in path.parents)
    server, num_run, num_failed = Server(program), 0, 0
    try:
        for document in documents:
            for line, mark, text in blocks_of(document):
                where = f"{document.relative_to(repository)}:{line}"
                if mark.startswith("not run:"):
                    print(f"{where}: {mark}")
                    continue
                num_run += 1
                problem = run_block(text, mark, program, repository, server)
                print(f"{where}: {problem or 'ok'}", flush=True)
                num_failed += problem is not None
    finally:
        server.stop()
    print(f"{num_run} blocks run, {num_failed} failed")
    return 1 if num_failed or not num_run else 0


if __name__ == "__main__":
    sys.exit(main())
