"""The command line as people and scripts use it, with the real program and the demo model.

  cli_test.py <program> [unittest arguments]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from thinking_demo import thinking_demo

PROGRAM = sys.argv.pop(1)
COMMANDS = ("serve", "plan", "chat", "generate", "inspect", "pack", "eval", "bench", "pull", "list", "rm", "completion", "doctor",
            "healthcheck")
TIMEOUT_S = 120
DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "demo")


def run(*arguments, stdin="", environment=None):
    """Runs the program to its end; its exit code, stdout and stderr."""
    return subprocess.run([PROGRAM, *arguments], input=stdin.encode(), capture_output=True, timeout=TIMEOUT_S,
                          env={**os.environ, **(environment or {})})


class Help(unittest.TestCase):
    def test_every_command_has_help(self):
        listed = run("--help").stdout.decode()
        for command in COMMANDS:
            self.assertIn(command, listed)
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0, command)
            self.assertIn("--", done.stdout.decode(), command)

    def test_help_names_defaults_and_ranges(self):
        text = run("generate", "--help").stdout.decode()
        for needle in ("balanced", "0 to 100", "speed", "quality", "2048", "1 to 1048576", "YOUTU_ISA"):
            self.assertIn(needle, text)

    def test_version(self):
        self.assertRegex(run("--version").stdout.decode(), r"^youtu \d+\.\d+\.\d+\n$")


class Failing(unittest.TestCase):
    def fails(self, code, pattern, *arguments, stdin="", environment=None):
        done = run(*arguments, stdin=stdin, environment=environment)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        lines = done.stderr.decode().strip().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], "^error: .*" + pattern)


class Errors(Failing):
    def test_usage(self):
        self.fails(2, "subcommand")
        self.fails(2, "gone", "generate", "--gone")
        self.fails(2, "temperature", "generate", "--temperature", "hot")

    def test_sampling_out_of_range(self):
        self.fails(2, "thinking_token_budget is -2", "generate", "-p", "a", "--thinking-token-budget", "-2")
        self.fails(2, r"temperature is 101 \(0 to 100\)", "generate", "-p", "a", "--temperature", "101")
        self.fails(2, "top_p is 0", "chat", "--top-p", "0")
        self.fails(2, "max_new_tokens is 0", "generate", "-p", "a", "--max-new-tokens", "0")

    def test_unknown_preset_names_the_known(self):
        self.fails(2, "--preset is 'fast' .*speed, balanced, quality", "generate", "-p", "a", "--preset", "fast")

    def test_isa(self):
        self.fails(2, "isa", "generate", "-p", "a", "--isa", "avx1024")

    def test_healthcheck_asks_a_port(self):
        self.fails(2, "--port: Value x not in range 1 to 65535", "healthcheck", "--port", "x")
        for port in ("http", "0", "65536"):
            self.fails(2, f"YOUTU_PORT: Value {port} not in range", "healthcheck", environment={"YOUTU_PORT": port})
            self.assertEqual(run("list", environment={"YOUTU_PORT": port}).returncode, 0)
        self.fails(1, "no server answers at 127.0.0.1:1$", "healthcheck", environment={"YOUTU_PORT": "1"})
        self.fails(1, "no server answers at 127.0.0.1:1$", "healthcheck", "--port", "1", environment={"YOUTU_PORT": "2"})

    def test_model_that_is_not_there(self):
        self.fails(1, "not-there", "generate", "-p", "a", "--model", "/not-there")
        self.fails(1, "not-there", "chat", "--model", "/not-there")
        self.fails(1, "not-there", "plan", "--model", "/not-there")

    def test_context_out_of_range(self):
        self.fails(2, "max_context_tokens is 1 ", "generate", "-p", "a", "--max-context-tokens", "1")

    def test_prompt_longer_than_the_context(self):
        done = run("generate", "--max-context-tokens", "64", stdin="one two three " * 200)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"64", done.stderr)

    def test_system_with_raw(self):
        self.fails(2, "--raw", "generate", "-p", "a", "--raw", "--system", "b")

    def test_prompt_that_is_no_utf8(self):
        for command, what in (("generate", b"the prompt"), ("chat", b"the line")):
            done = subprocess.run([PROGRAM, command], input=b"a\xff", capture_output=True, timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(done.stderr, b"error: " + what + b" is not UTF-8\n")
            self.assertEqual(done.stdout, b"")


class Plan(unittest.TestCase):
    """What is said of memory; that it is right is asked in src/engine/memory_planner_test.cpp."""

    HUGE = ("--max-context-tokens", "2048", "--cache-tokens", str(200 << 20))

    def plan(self, *arguments, environment=None):
        done = run("plan", *arguments, environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def test_table(self):
        text = self.plan()
        for part in ("weights", "cache", "index", "workspace", "program", "requests", "connections", "sessions", "available"):
            self.assertRegex(text, rf"(?m)^  {part} +[0-9.]+ [MG]iB")

    def test_json_follows_the_settings(self):
        plan, half = json.loads(self.plan("--json")), json.loads(self.plan("--json", "--max-batch-size", "4"))
        self.assertTrue(plan["fits"])
        self.assertEqual(plan["remedies"], [])
        self.assertEqual(plan["cache_tokens"], 8 * 2048)
        self.assertEqual(half["cache_bytes"] * 2, plan["cache_bytes"])
        self.assertLess(half["workspace_bytes"], plan["workspace_bytes"])
        kept = sum(plan[f"{part}_bytes"] for part in ("weight", "cache", "index", "workspace"))
        self.assertEqual(plan["start_bytes"], kept)
        by_environment = self.plan("--json", environment={"YOUTU_MAX_BATCH_SIZE": "4"})
        self.assertEqual(json.loads(by_environment)["cache_tokens"], 4 * 2048)

    def test_a_packed_file_is_mapped_or_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "demo.youtu")
            self.assertEqual(run("pack", "--model", DEMO, "--weights", "q4", "--output", path).returncode, 0)
            mapped, read = (json.loads(self.plan("--json", "--model", path, "--load", load)) for load in ("map", "read"))
        self.assertEqual((mapped["weights_mapped"], read["weights_mapped"]), (True, False))
        self.assertLessEqual(mapped["weight_bytes"], read["weight_bytes"])

    def test_what_does_not_fit(self):
        done = run("plan", "--json", *self.HUGE)
        self.assertEqual(done.returncode, 1)
        plan = json.loads(done.stdout)
        self.assertFalse(plan["fits"])
        self.assertRegex(plan["remedies"][0]["change"], "^cache_tokens [0-9]+$")
        self.assertLess(plan["remedies"][0]["start_bytes"], plan["available_bytes"])
        error = done.stderr.decode()
        self.assertRegex(error, r"^error: not enough memory: the start takes .* are missing; it would fit with cache_tokens")
        self.assertEqual(error.count("\n"), 1)

    def test_the_remedy_helps(self):
        done = run("plan", "--json", *self.HUGE)
        name, value = json.loads(done.stdout)["remedies"][0]["change"].split()
        self.assertEqual(name, "cache_tokens")
        self.plan(*self.HUGE[:2], "--cache-tokens", value)


class EvalErrors(Failing):
    """`youtu eval`: what tests/model does not ask, namely what is refused."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def refused(self, pattern, *arguments, code=2):
        self.fails(code, pattern, "eval", "--model", DEMO, *arguments)

    def test_what_to_do_is_said_once(self):
        self.refused("one of --logits and --kld is needed", "--tokens", "1,2")
        self.refused("one of --logits and --kld is needed", "--tokens", "1,2", "--kld", "--logits", "x.npy")
        self.refused("one of --tokens, --text and --random-tokens is needed", "--kld")
        self.refused("one of --tokens, --text and --random-tokens is needed", "--kld", "--tokens", "1,2",
                     "--random-tokens", "5")

    def test_flags_of_the_comparison_need_it(self):
        for flag, value in (("--window", "8"), ("--reference", "x"), ("--reference-isa", "scalar"), ("--positions", "x")):
            self.refused(flag, "--tokens", "1,2", "--logits", "x.npy", flag, value)
        self.refused("--json", "--tokens", "1,2", "--logits", "x.npy", "--json")
        self.refused("--seed", "--kld", "--tokens", "1,2", "--seed", "3")

    def test_text_files(self):
        for name, content, words in (("empty", b"", r"empty: is empty \(at least 2 tokens"),
                                     ("short", b"a", r"short: is 1 tokens long \(at least 2"),
                                     ("latin", b"abc\xff", r"latin: is not UTF-8 \(byte 3 of 4\)"),
                                     ("long", b"a" * ((16 << 20) + 1), r"long: 16777217 bytes \(at most 16777216\)")):
            self.refused(words, "--kld", "--text", self.file(name, content))
        self.refused("missing: No such file", "--kld", "--text", os.path.join(self.folder, "missing"))
        self.refused("is a directory", "--kld", "--text", self.folder)

    def test_tokens(self):
        self.refused(r"token 4096 \(0 to 4095\)", "--kld", "--tokens", "1,4096")
        self.refused(r"token -1 \(0 to 4095\)", "--kld", "--tokens", "1,-1")
        self.refused("at least 2", "--kld", "--tokens", "1")
        self.refused("at least 2", "--kld", "--random-tokens", "1")
        self.refused("random-tokens", "--kld", "--random-tokens", "0")
        self.refused("random-tokens", "--kld", "--random-tokens", "1048577")
        self.refused(r"2049 tokens \(at most 2048", "--logits", os.path.join(self.folder, "x.npy"), "--random-tokens",
                     "2049")

    def test_windows(self):
        for window in ("-1", "0", "1", "2049"):
            self.refused(rf"a window of {window} tokens \(2 to 2048, the model's context\)", "--kld", "--tokens", "1,2",
                         f"--window={window}")
        self.refused("window", "--kld", "--tokens", "1,2", "--window", "many")

    def test_instruction_sets(self):
        self.refused('isa "avx1024" is not available', "--kld", "--tokens", "1,2", "--isa", "avx1024")
        self.refused('--reference-isa: isa "avx1024" is not available', "--kld", "--tokens", "1,2", "--reference-isa",
                     "avx1024")

    def test_the_file_of_positions(self):
        self.refused("no/such.csv: No such file", "--kld", "--tokens", "1,2", "--positions",
                     os.path.join(self.folder, "no/such.csv"))

    def test_models(self):
        self.fails(1, "not-there", "eval", "--model", "/not-there", "--kld", "--tokens", "1,2")
        self.refused("not-there", "--kld", "--tokens", "1,2", "--reference", "/not-there", code=1)

    def test_a_reference_with_another_vocabulary(self):
        copy = os.path.join(self.folder, "demo")
        shutil.copytree(DEMO, copy)
        path = os.path.join(copy, "tokenizer.json")
        with open(path, encoding="utf-8") as file:
            tokenizer = json.load(file)
        vocab = tokenizer["model"]["vocab"]
        by_id = {id: piece for piece, id in vocab.items()}
        vocab[by_id[5]], vocab[by_id[6]] = 6, 5
        with open(path, "w", encoding="utf-8") as file:
            json.dump(tokenizer, file)
        self.refused("demo: token 5 is another text than in the tested model", "--kld", "--tokens", "1,2", "--reference",
                     copy)


class Generate(unittest.TestCase):
    def text(self, *arguments, stdin=""):
        done = run("generate", *arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def test_prompt_and_stdin_are_the_same(self):
        answer = self.text("--prompt", "写个笑话", "--temperature", "0")
        self.assertTrue(answer.strip())
        self.assertTrue(answer.endswith("\n"))
        self.assertEqual(self.text("--temperature", "0", stdin="写个笑话\n"), answer)

    def test_a_seed_repeats(self):
        flags = ("-p", "Tell me a joke.", "--temperature", "2", "--seed", "7", "--max-new-tokens", "20")
        self.assertEqual(self.text(*flags), self.text(*flags))
        others = {self.text(*flags[:-3], str(seed), *flags[-2:]) for seed in range(3)}
        self.assertGreater(len(others), 1)

    def test_json(self):
        flags = ("-p", "写个笑话", "--temperature", "0")
        answer = json.loads(self.text(*flags, "--json"))
        self.assertEqual(answer["text"] + "\n", self.text(*flags))
        self.assertIn(answer["finish_reason"], ("stop", "length"))
        self.assertGreater(answer["usage"]["prompt_tokens"], 0)
        self.assertGreater(answer["usage"]["completion_tokens"], 0)

    def test_max_new_tokens(self):
        answer = json.loads(self.text("-p", "写个笑话", "--max-new-tokens", "3", "--json"))
        self.assertEqual(answer["usage"]["completion_tokens"], 3)
        self.assertEqual(answer["finish_reason"], "length")

    def test_a_thought_has_a_budget(self):
        with thinking_demo() as model:
            def ask(*flags):
                return json.loads(self.text("-p", "写个笑话", "--temperature", "0", "--json", "--thinking", "--model", model,
                                            *flags))

            free = ask()
            self.assertGreater(free["usage"]["reasoning_tokens"], 5)
            short = ask("--thinking-token-budget", "5")
            self.assertEqual(short["usage"]["reasoning_tokens"], 5)
            thought, answer = short["text"].split("</think>")
            self.assertTrue(free["text"].startswith(thought), (free, short))
            self.assertTrue(answer.strip())
            none = ask("--thinking-token-budget", "0")
            self.assertEqual(none["usage"]["reasoning_tokens"], 0)
            self.assertNotIn("think", none["text"])

    def test_stop_string(self):
        flags = ("-p", "Explain Newton's first law.", "--temperature", "0")
        whole = self.text(*flags).strip()
        word = whole.split()[2]
        self.assertEqual(self.text(*flags, "--stop", word).rstrip("\n"), whole[:whole.index(word)])

    def test_raw_has_no_template(self):
        raw = json.loads(self.text("-p", "a", "--raw", "--max-new-tokens", "1", "--json"))
        templated = json.loads(self.text("-p", "a", "--max-new-tokens", "1", "--json"))
        self.assertLess(raw["usage"]["prompt_tokens"], templated["usage"]["prompt_tokens"])

    def test_every_isa_of_this_machine_answers_alike(self):
        flags = ("-p", "Explain Newton's first law.", "--temperature", "0", "--max-new-tokens", "24")
        answers = {}
        for isa in ("scalar", "avx2", "avxvnni", "avx512", "avx512vnni", "amx"):
            done = run("generate", *flags, environment={"YOUTU_ISA": isa})
            if done.returncode == 0:
                answers[isa] = done.stdout
        self.assertIn("scalar", answers)
        self.assertEqual(len(set(answers.values())), 1, answers)


class ChatFromPipe(unittest.TestCase):
    def chat(self, text, *arguments):
        return run("chat", "--temperature", "0", *arguments, stdin=text)

    def test_lines_become_answers_only(self):
        done = self.chat("写个笑话\n/exit\n")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        alone = run("generate", "-p", "写个笑话", "--temperature", "0")
        self.assertEqual(done.stdout, alone.stdout)
        self.assertEqual(done.stderr, b"")

    def test_reset_forgets(self):
        first, again = self.chat("Who are you?\n/reset\nWho are you?\n").stdout.decode().strip().rsplit("\n", 1)
        self.assertEqual(first.splitlines()[-1], again)

    def test_commands(self):
        done = self.chat("/help\n/preset\n/preset speed\n/preset none\n/system Be brief.\n/nonsense\n\n")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, b"")
        told = done.stderr.decode()
        for needle in ("/reset", "Preset balanced", "Preset speed", "--preset is 'none'", "A new conversation",
                       "There is no /nonsense"):
            self.assertIn(needle, told)

    def test_system_message_from_flag_and_command_agree(self):
        by_flag = self.chat("Who are you?\n", "--system", "You are a pirate.")
        by_command = self.chat("/system You are a pirate.\nWho are you?\n")
        self.assertEqual(by_flag.stdout, by_command.stdout)

    def test_a_conversation_too_long_for_the_context_ends_with_an_error(self):
        done = self.chat("one two three " * 50 + "\n", "--max-context-tokens", "64")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"error: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
