"""What `youtu serve` says and how it ends when it cannot start: one line, a code, and no model is loaded first.
Usage: serve_command_test.py <youtu>"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from running_server import RunningServer

PROGRAM = sys.argv.pop(1)
BAD_CONFIGURATION, BAD_MODEL = 2, 1


class ServeCommand(unittest.TestCase):
    def serve(self, *arguments, config=None, **environment):
        with tempfile.TemporaryDirectory() as folder:
            command = [PROGRAM, "serve", *arguments]
            if config is not None:
                path = os.path.join(folder, "config.yaml")
                with open(path, "wb") as file:
                    file.write(config if isinstance(config, bytes) else config.encode("utf-8"))
                command += ["--config", path]
            variables = {**os.environ, "YOUTU_DATA_DIR": folder + "/data", **environment}
            done = subprocess.run(command, env=variables, capture_output=True, text=True,
                                  timeout=60, check=False)
            return done.returncode, done.stdout, done.stderr.replace(folder + "/", "")

    def refused(self, expected, *arguments, code=BAD_CONFIGURATION, **keywords):
        returncode, out, error = self.serve(*arguments, **keywords)
        self.assertEqual((returncode, out), (code, ""), error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.startswith("error: "), error)
        self.assertIn(expected, error)

    def test_config_file_that_cannot_be_read(self):
        with self.subTest("Y01"):
            self.refused("No such file", "--config", "/no/such.yaml")
            self.refused("directory", "--config", "/")
            self.refused("config.yaml", config="a" * (1 << 20))
            self.refused("not UTF-8", config=b"port: \xff\n")

    def test_config_file_of_somebody_else(self):
        with tempfile.TemporaryDirectory() as folder, self.subTest("Y01"):
            os.chmod(folder, 0o755)
            path = os.path.join(folder, "config.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("port: 0\n")
            os.chmod(path, 0)
            # Nothing is closed to root, so it tells of the file as nobody; who is not root is that already.
            user = {"user": 65534} if os.geteuid() == 0 else {}
            try:
                done = subprocess.run([PROGRAM, "serve", "--config", path], capture_output=True, text=True, timeout=60,
                                      check=False, **user)
            except PermissionError:
                self.skipTest("nobody may not run the program where it lies")
            self.assertEqual((done.returncode, done.stdout), (BAD_CONFIGURATION, ""), done.stderr)
            self.assertEqual(done.stderr, f"error: {path}: Permission denied\n")

    def test_yaml_that_could_grow(self):
        bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
        for config, word in (("port: &x [*x]\n", "anchors"), (bomb, "anchors"), ("port: *x\n", ""),
                             ("port: !!python/object 1\n", "tags")):
            with self.subTest("Y03", config=config):
                self.refused(f"config.yaml:1: {word} are not supported" if word else "config.yaml:1", config=config)

    def test_unknown_key(self):
        with self.subTest("Y04"):
            self.refused("config.yaml:1: unknown setting max_batch_sise (did you mean max_batch_size?)",
                         config="max_batch_sise: 8\n")

    def test_values_out_of_range(self):
        for value in ("0", "-1", "1e9", '"8"', "8.5"):
            with self.subTest("Y05", value=value):
                self.refused("(1 to 256)", config=f"max_batch_size: {value}\n")
        self.refused("--max-batch-size: max_batch_size is 0 (1 to 256)", "--max-batch-size", "0")
        self.refused("YOUTU_MAX_BATCH_SIZE: ", YOUTU_MAX_BATCH_SIZE="none")

    def test_ports(self):
        for value in ("-1", "65536", "http"):
            with self.subTest("Y07", port=value):
                self.refused("(0 to 65535)", f"--port={value}")
        with self.subTest("Y07", port=0):
            server = RunningServer([PROGRAM, "serve", "--port", "0"], ready=r"serving +http://127\.0\.0\.1:(\d+)",
                                   signal_to_stop=signal.SIGTERM)
            with server:
                self.assertEqual(server.get("/health")[0], 200)  # at the port that it printed

    def test_a_port_in_use_is_told_before_the_model_is_looked_at(self):
        with socket.socket() as taken, self.subTest("Y08"):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.refused("Address already in use", "--port", str(taken.getsockname()[1]), "--model", "/dev/null")

    def test_hosts(self):
        for host, words in (("no.such.host.invalid", "cannot be resolved"), ("192.0.2.1", "Cannot assign requested address")):
            with self.subTest("Y09", host=host):
                self.refused(words, "--port", "0", "--host", host, "--insecure-no-auth", "--model", "/dev/null")
        self.refused("--insecure-no-auth", "--host", "0.0.0.0")

    def test_what_does_not_fit_into_memory(self):
        # Code 1: what there is room for depends on the model, which is loaded only where it fits.
        with self.subTest("Y11"):
            code, out, error = self.serve("--port", "0", "--cache-tokens", str(200 << 20))
            self.assertEqual(code, BAD_MODEL, error)
            self.assertRegex(out, r"(?m)^memory    [0-9.]+ GiB: weights .* cache .* workspace ")
            self.assertRegex(error, r"^error: not enough memory: the start takes .* and .* are available, .* missing; "
                                    r"it would fit with cache_tokens [0-9]+ \(.*\)\n$")

    def told_of_the_model(self, expected, *arguments):
        """Refused where the model is known, so there are lines of its loading before."""
        code, _, error = self.serve("--port", "0", *arguments)
        self.assertEqual((code, error), (BAD_CONFIGURATION, f"error: {expected}\n"))

    def test_a_cache_smaller_than_one_context(self):
        with self.subTest("Y11"):
            self.told_of_the_model("cache_tokens is 100, less than max_context_tokens, which is 512",
                                   "--cache-tokens", "100", "--max-context-tokens", "512")

    def test_a_context_longer_than_the_models(self):
        with self.subTest("Y12"):
            self.told_of_the_model("max_context_tokens is 4096 (2 to 2048)", "--max-context-tokens", "4096")

    def test_settings_and_where_they_come_from(self):
        with self.subTest("Y13"):
            code, out, error = self.serve("--print-config", "--port", "9", config="port: 1\nthreads: 1\nhost: 127.0.0.2\n",
                                          YOUTU_PORT="5", YOUTU_THREADS="2")
            self.assertEqual(code, 0, error)
            self.assertIn("port: 9  # flag\n", out)
            self.assertIn("threads: 2  # environment\n", out)
            self.assertIn("host: 127.0.0.2  # file\n", out)
            self.assertIn("max_batch_size: 8  # default\n", out)

    def test_the_documents_have_each_setting_and_say_whether_it_is_live(self):
        printed = dict(re.findall(r"(?m)^(\w+): .*  # default(, live)?$", self.serve("--print-config")[1]))
        path = os.path.join(os.path.dirname(__file__), "../../docs/config.md")
        with open(path, encoding="utf-8") as file:
            rows = [line.split("|") for line in file if line.startswith("| `")]
        documented = {row[1].strip(" `"): ", live" if row[4].strip() == "yes" else "" for row in rows}
        printed["data_dir"] = ""  # this test's own
        self.assertEqual(documented, printed)

    def test_settings_can_be_checked_without_serving(self):
        code, out, error = self.serve("--check-config", "--model", "/nowhere", config="port: 1\n")
        self.assertEqual((code, out, error), (0, "the settings are good\n", ""))
        for config, word in (("port: x\n", "port"), ("api_key_file: /nowhere\n", "/nowhere"), ("host: 0.0.0.0\n", "key")):
            code, out, error = self.serve("--check-config", config=config)
            self.assertEqual((code, out), (2, ""), config)
            self.assertIn(word, error)

    def test_forms_of_weights(self):
        self.refused('weights "q5": there is no form "q5"', "--weights", "q5", "--port", "0")
        self.refused('there is no matrix "neck"', config="weights: q4,neck=q8\nport: 0\n")

    def test_a_model_that_is_none(self):
        code, _, error = self.serve("--port", "0", "--model", "/dev/null")
        self.assertEqual(code, BAD_MODEL, error)
        self.assertEqual(error.count("\n"), 1, error)

    def test_help_has_every_setting(self):
        code, out, _ = self.serve("--help")
        self.assertEqual(code, 0)
        for flag in ("--host", "--port", "--model", "--max-context-tokens", "--batch-timeout", "--clean-input"):
            self.assertIn(flag, out)


if __name__ == "__main__":
    unittest.main()
