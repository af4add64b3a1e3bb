"""The official clients of OpenAI and Anthropic (npm) against the real program. Usage: official_clients_test.py <youtu> <scripted_server>"""

import os
import signal
import subprocess
import sys
import unittest

from running_server import RunningServer

PROGRAM = sys.argv.pop(1)
SCRIPTED = sys.argv.pop(1)
SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "node")


def start(*arguments):
    return RunningServer([PROGRAM, "serve", "--port", "0", "--model-name", "Youtu-Demo", *arguments],
                         ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)


def client(server, step="", model="Youtu-Demo", script="openai_client.mjs"):
    environment = dict(os.environ, YOUTU_TEST_URL=f"http://127.0.0.1:{server.port}", YOUTU_TEST_STEP=step,
                       YOUTU_TEST_MODEL=model)
    return subprocess.Popen(["node", os.path.join(SCRIPTS, script)], env=environment, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


class OfficialClients(unittest.TestCase):
    def check(self, process):
        output, _ = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 0, output)

    def test_a_plain_server(self):
        with start() as server:
            self.check(client(server))
            self.check(client(server, script="anthropic_client.mjs"))

    def test_a_model_that_calls_tools(self):
        with RunningServer([SCRIPTED]) as server:
            self.check(client(server, "toolLoop", model="Youtu-LLM-2B"))

    def test_a_full_server(self):
        with start("--max-batch-size", "1", "--max-queued-requests", "0") as server:
            self.check(client(server, "flood"))

    def test_a_server_that_is_told_to_end(self):
        with start("--drain-timeout", "0s") as server:
            process = client(server, "killed")
            for line in process.stdout:
                if line.startswith("streaming"):
                    break
            server.process.send_signal(signal.SIGTERM)
            self.check(process)

    def test_a_server_without_a_model_yet(self):
        with RunningServer([SCRIPTED, "--loading"]) as server:
            self.check(client(server, "loading"))


if __name__ == "__main__":
    unittest.main()
