"""What `youtu serve` says and how it ends when it cannot start: one line, a code, and no model is loaded first.
Usage: serve_command_test.py <youtu>"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

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

    def test_y01_config_file_that_cannot_be_read(self):
        self.refused("No such file", "--config", "/no/such.yaml")
        self.refused("directory", "--config", "/")
        self.refused("config.yaml", config="a" * (1 << 20))
        self.refused("not UTF-8", config=b"port: \xff\n")

    def test_y03_yaml_that_could_grow(self):
        self.refused("config.yaml:1: anchors are not supported", config="port: &x [*x]\n")
        self.refused("config.yaml:1: tags are not supported", config="port: !!python/object 1\n")

    def test_y04_unknown_key(self):
        self.refused("config.yaml:1: unknown setting max_batch_sise (did you mean max_batch_size?)",
                     config="max_batch_sise: 8\n")

    def test_y05_values_out_of_range(self):
        for value in ("0", "-1", "1e9", '"8"', "8.5"):
            self.refused("(1 to 256)", config=f"max_batch_size: {value}\n")
        self.refused("--max-batch-size: max_batch_size is 0 (1 to 256)", "--max-batch-size", "0")
        self.refused("YOUTU_MAX_BATCH_SIZE: ", YOUTU_MAX_BATCH_SIZE="none")

    def test_y07_ports(self):
        for value in ("-1", "65536", "http"):
            self.refused("(0 to 65535)", f"--port={value}")

    def test_y08_port_in_use_before_the_model_is_looked_at(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            begin = time.monotonic()
            self.refused("Address already in use", "--port", str(taken.getsockname()[1]), "--model", "/dev/null")
            self.assertLess(time.monotonic() - begin, 5)

    def test_y09_hosts(self):
        self.refused("cannot be resolved", "--host", "no.such.host.invalid", "--insecure-no-auth", "--model", "/dev/null")
        self.refused("--insecure-no-auth", "--host", "0.0.0.0")

    def test_what_does_not_fit_into_memory(self):
        code, out, error = self.serve("--port", "0", "--cache-tokens", str(200 << 20))
        self.assertEqual(code, BAD_MODEL, error)
        self.assertRegex(out, r"(?m)^memory    [0-9.]+ GiB: weights .* cache .* workspace ")
        self.assertRegex(error, r"^error: not enough memory: .* missing; it would fit with cache_tokens [0-9]+ \(.*\)\n$")

    def test_y13_settings_and_where_they_come_from(self):
        code, out, error = self.serve("--print-config", "--port", "9", config="port: 1\nthreads: 1\n", YOUTU_THREADS="2")
        self.assertEqual(code, 0, error)
        self.assertIn("port: 9  # flag\n", out)
        self.assertIn("threads: 2  # environment\n", out)
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
