"""Settings that are read again while the server serves: SIGHUP. Usage: reload_test.py <youtu>"""

import http.client
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from running_server import RunningServer, wait_until

PROGRAM = sys.argv.pop(1)
ALICE, BOB = "a" * 40, "b" * 40


def text_of(stream):
    """What the events of an answer say: how much of it comes in one is a matter of time."""
    return "".join(re.findall(r"^data: ?(.*)$", stream, flags=re.M))


class Reload(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.config = self.path("config.yaml")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write_config(self, text):
        # In place of the old one at once, as editors do it.
        with open(self.config + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.config + ".new", self.config)

    def write_keys(self, **keys):
        path = self.path("keys")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{name} {key}\n" for name, key in keys.items())
        os.chmod(path, 0o600)
        return path

    def start(self, *arguments):
        return RunningServer([PROGRAM, "serve", "--port", "0", "--config", self.config, *arguments],
                             ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM)

    @staticmethod
    def ask(server, method, path, body=None, host="localhost", key=None):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            fields = {"Host": host}
            if key:
                fields["Authorization"] = f"Bearer {key}"
            data = None
            if body is not None:
                data, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
            client.request(method, path, data, fields)
            response = client.getresponse()
            return response.status, response.read().decode()
        finally:
            client.close()

    def reload(self, server, expected):
        """One SIGHUP; waits for the line that it makes."""
        before = server.output.count("\nreload")
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: server.output.count("\nreload") > before), server.output)
        self.assertTrue(wait_until(lambda: server.output.endswith("\n")))
        line = [line for line in server.output.splitlines() if line.startswith("reload")][-1]
        self.assertRegex(line, expected)

    def metric(self, server, name, key=None):
        text = self.ask(server, "GET", "/metrics", key=key)[1]
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.M).group(1))

    def reloads(self, server, result, key=None):
        return self.metric(server, f'youtu:config_reloads_total{{model_name="demo",engine="0",result="{result}"}}', key)

    def test_what_is_live_changes_and_the_rest_is_named(self):
        self.write_config("default_preset: speed\nsession_ttl: 1d\n")
        with self.start() as server:
            self.assertIn('"default":"speed"', self.ask(server, "GET", "/presets")[1].replace(" ", ""))
            self.assertEqual(self.ask(server, "GET", "/health", host="chat.example")[0], 403)
            self.write_config("default_preset: quality\nsession_ttl: 2d\nallowed_hosts: [chat.example]\n"
                              "model_aliases: [youtu]\nmax_batch_size: 4\nport: 1\n")
            # The flag wins over the file, as at the start.
            self.reload(server, "^reloaded, changed: model_aliases, default_preset, allowed_hosts, session_ttl; "
                                "needs a restart: max_batch_size$")
            self.assertIn('"default":"quality"', self.ask(server, "GET", "/presets")[1].replace(" ", ""))
            self.assertEqual(self.ask(server, "GET", "/health", host="chat.example")[0], 200)
            self.assertEqual(self.ask(server, "GET", "/v1/models/youtu")[0], 200)
            self.reload(server, "^reloaded, changed: no setting; needs a restart: max_batch_size$")
            self.assertEqual(self.reloads(server, "success"), 2)

    def test_a_broken_file_changes_nothing(self):
        self.write_config("default_preset: speed\nallowed_hosts: [chat.example]\n")
        with self.start() as server:
            for text, words in (("default_preset: fast\n", 'default_preset is "fast"'), ("a: b: c\n", "config.yaml:1"),
                                ("allowed_hosts: [x.example]\nmax_queued_requests: -1\n", "config.yaml:2: max_queued_requests is -1"),
                                ("api_key_file: /nowhere\ndefault_preset: quality\n", "/nowhere: cannot be read"),
                                ("access_log: /nowhere/log\ndefault_preset: quality\n", "access_log: /nowhere/log: No such file"),
                                ("prefill_slowdown_percent: 5\n", "prefill_slowdown_percent is 5")):
                self.write_config(text)
                self.reload(server, f"^reload failed, everything stays as it was: .*{re.escape(words)}")
                self.assertIn('"default":"speed"', self.ask(server, "GET", "/presets")[1].replace(" ", ""))
                self.assertEqual(self.ask(server, "GET", "/health", host="chat.example")[0], 200)
                self.assertEqual(self.ask(server, "GET", "/health", host="x.example")[0], 403)
            os.remove(self.config)
            self.reload(server, "^reload failed, everything stays as it was: .*config.yaml: No such file")
            self.assertEqual(self.reloads(server, "failure"), 7)
            self.assertEqual(self.reloads(server, "success"), 0)
            suffix = '{model_name="demo",engine="0"}'
            self.assertEqual(self.metric(server, "youtu:config_last_reload_successful" + suffix), 0)
            self.write_config("default_preset: quality\n")
            self.reload(server, "^reloaded, changed: default_preset, allowed_hosts$")
            self.assertEqual(self.metric(server, "youtu:config_last_reload_successful" + suffix), 1)

    def test_a_key_that_is_gone_opens_nothing_more(self):
        keys = self.write_keys(alice=ALICE, bob=BOB)
        self.write_config(f"api_key_file: {keys}\n")
        with self.start() as server:
            question = {"prompt": "hello", "max_new_tokens": 64, "temperature": 0}
            whole = self.ask(server, "POST", "/chat_stream", question, key=BOB)[1]
            # An answer under way goes on with what it began with.
            stream = server.connect()
            body = json.dumps(question).encode()
            stream.send(f"POST /chat_stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {BOB}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            self.assertTrue(wait_until(lambda: self.metric(server, "youtu:http_connections_busy"
                                                           '{model_name="demo",engine="0"}', ALICE) >= 2))
            stream.send(body[:3])
            self.write_keys(alice=ALICE, carol="c" * 40)
            self.reload(server, "^reloaded, changed: no setting$")  # the file has the same name
            stream.send(body[3:])
            text = stream.response().body.decode()
            self.assertEqual(text_of(text), text_of(whole))
            stream.close()
            self.assertEqual(self.ask(server, "GET", "/v1/models", key=BOB)[0], 401)
            self.assertEqual(self.ask(server, "GET", "/v1/models", key=ALICE)[0], 200)
            self.assertEqual(self.ask(server, "GET", "/v1/models", key="c" * 40)[0], 200)
            # Without a key the server would stand open; on this machine it may.
            self.write_config("")
            self.reload(server, "^reloaded, changed: api_key_file$")
            self.assertEqual(self.ask(server, "GET", "/v1/models")[0], 200)

    def test_a_server_that_others_reach_keeps_its_keys(self):
        keys = self.write_keys(alice=ALICE)
        self.write_config(f"api_key_file: {keys}\n")
        server = RunningServer([PROGRAM, "serve", "--port", "0", "--host", "0.0.0.0", "--config", self.config],
                               ready=r"serving +http://0\.0\.0\.0:(\d+)", signal_to_stop=signal.SIGTERM)
        with server:
            self.write_config("")
            self.reload(server, "^reload failed, everything stays as it was: host 0.0.0.0 can be reached")
            self.assertEqual(self.ask(server, "GET", "/v1/models")[0], 401)
            self.assertEqual(self.ask(server, "GET", "/v1/models", key=ALICE)[0], 200)

    def test_under_load_every_answer_is_of_one_set_of_settings(self):
        # Each set has a host name, a key and a preset of its own; an answer has all three of one or is refused.
        sets = {"speed": ALICE, "quality": BOB}

        def write(preset):
            self.write_keys(one=sets[preset])
            self.write_config(f"api_key_file: {self.path('keys')}\ndefault_preset: {preset}\nallowed_hosts: [{preset}.example]\n"
                              "max_queued_requests: 64\n")

        write("speed")
        wrong, served, stopping = [], {preset: 0 for preset in sets}, threading.Event()

        def client(preset):
            while not stopping.is_set():
                status, body = self.ask(server, "POST", "/chat", {"prompt": "hi", "max_new_tokens": 2},
                                        host=f"{preset}.example", key=sets[preset])
                if status == 200:
                    served[preset] += 1
                elif status not in (401, 403, 429):
                    wrong.append(f"{status} {body}")
                status, body = self.ask(server, "GET", "/presets", host=f"{preset}.example", key=sets[preset])
                if status == 200 and json.loads(body)["default"] != preset:
                    wrong.append(body)

        with self.start() as server:
            threads = [threading.Thread(target=client, args=(preset,)) for preset in sets for _ in range(2)]
            for thread in threads:
                thread.start()
            for round_number in range(20):
                write(("quality", "speed")[round_number % 2])
                self.reload(server, "^reloaded, changed: default_preset, allowed_hosts$")
            stopping.set()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])
            self.assertGreater(min(served.values()), 0, served)
            self.assertEqual(self.reloads(server, "success", ALICE), 20)

    def test_many_hangups_in_a_row(self):
        """O01"""
        self.write_config("default_preset: speed\n")
        with self.start() as server:
            for round_number in range(500):
                if round_number == 250:
                    self.write_config("default_preset: quality\n")
                server.process.send_signal(signal.SIGHUP)
            self.reload(server, "^reloaded, changed: ")
            self.assertTrue(wait_until(lambda: '"default":"quality"' in self.ask(server, "GET", "/presets")[1].replace(" ", "")))
            self.assertEqual(self.ask(server, "POST", "/chat", {"prompt": "hi", "max_new_tokens": 2})[0], 200)
            self.assertEqual(self.reloads(server, "failure"), 0)
        self.assertEqual(server.process.returncode, 0)

    def test_a_hangup_while_it_loads_is_no_end(self):
        self.write_config("")
        with tempfile.TemporaryDirectory() as data:
            process = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--config", self.config], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, env={**os.environ, "YOUTU_DATA_DIR": data})
            self.addCleanup(process.stdout.close)
            for line in process.stdout:
                if line.startswith("listening"):
                    process.send_signal(signal.SIGHUP)
                if line.startswith("reloaded"):
                    break
            process.terminate()
            self.assertEqual(process.wait(60), 0)

    def test_a_terminal_that_is_gone_closes_the_server(self):
        self.write_config("")
        with tempfile.TemporaryDirectory() as data:
            child, terminal = pty.fork()
            if child == 0:
                os.environ["YOUTU_DATA_DIR"] = data
                os.execv(PROGRAM, [PROGRAM, "serve", "--port", "0", "--config", self.config])
            seen = b""
            while b"serving" not in seen:
                seen += os.read(terminal, 4096)
            os.kill(child, signal.SIGHUP)  # the terminal is there: settings are read
            while b"reloaded" not in seen:
                seen += os.read(terminal, 4096)
            os.close(terminal)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)


if __name__ == "__main__":
    unittest.main()
