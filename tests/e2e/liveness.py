"""What must hold after each bad input: the same process is healthy and right, and nothing of the request is left."""

import json
import signal
import sys

from running_server import RunningServer

QUESTION = {"prompt": "ping", "temperature": 0, "max_new_tokens": 4}


class Failed(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


def check_refusal(response):
    """An error has a body that programs read, and tells nothing of the machine."""
    expect(response.fields["content-type"] == "application/json", "content type")
    error = json.loads(response.body)["error"]
    expect(set(error) == {"message", "type", "param", "code"}, f"keys of {error}")
    for word in ("/usr", "/work", "/home", "0x", "std::", "root:"):
        expect(word not in error["message"], error["message"])
    expect(len(error["message"]) < 400, f"a message of {len(error['message'])} characters")
    if response.status == 405:
        expect(response.fields["allow"], "405 without Allow")
    if response.status in (429, 503):
        expect(1 <= int(response.fields["retry-after"]) <= 60, "Retry-After")


class LiveServer(RunningServer):
    """A scripted server, or with `--program` before it the real one with the demo model and what it has of cache."""

    def __init__(self, command):
        self.command = command
        self.is_scripted = command[0] != "--program"
        if self.is_scripted:
            super().__init__(command)
        else:
            super().__init__([*command[1:], "serve", "--port", "0", "--model-name", "Youtu-LLM-2B"],
                             ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)
        self.known_answer = self.answer()

    def answer(self):
        """Status and answer to the known question, without what varies."""
        status, body = self.post("/chat", QUESTION)
        return status, body.split('"usage"')[0]

    def check_alive(self):
        expect(self.process.poll() is None, f"the process has ended:\n{self.output}")
        expect(self.get("/health") == (200, '{"status":"healthy","model":"Youtu-LLM-2B"}'), "/health is wrong")
        answer = self.answer()
        expect(answer == self.known_answer and answer[0] == 200, f"the known answer is {answer}")
        expect(self.is_idle(), f"something is left: {self.busy_gauges()}")


def run_rows(runs):
    """Runs each of (id, what to do with the server) on the server of the command line; the program's exit code."""
    failures = 0
    with LiveServer(sys.argv[1:]) as server:
        cases = runs(server)
        for row, run in cases:
            try:
                run(server)
                server.check_alive()
            except (Failed, OSError, ValueError, KeyError, TypeError) as error:
                failures += 1
                print(f"FAIL {row}: {type(error).__name__} {error}")
                if server.process.poll() is not None:
                    break
        code = server.stop()
        if code != 0:
            failures += 1
            print(f"the server ended with {code}:\n{server.output}")
    print(f"{len(cases)} cases, {failures} failures")
    return 1 if failures else 0
