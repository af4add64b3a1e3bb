"""youtu-serve's numbers against those that transformers recorded (tests/golden/transformers): the logits of the golden
models, and the demo model's answers to questions, from the chat template to the log probability of each
token. The program under test is YOUTU_PROGRAM.
"""
import json
import pathlib
import signal
import sys

import numpy as np

from logits_test import ATTENTION, instruction_sets
from peers import youtu_eval
from test_run import ProgramTest, report, run
from transformers_recording import DEMO, MAX_NEW_TOKENS, RECORDING, recorded_answers
from write_goldens import GOLDEN_FOLDER, GOLDEN_SHAPES
from youtu_numpy import log_softmax, relative_error

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from running_server import RunningServer  # noqa: E402

# Largest difference over the largest logit, both in float32.
LIMIT = 1e-5
# Of a log probability; the recording has five digits.
LOGPROB_LIMIT = 2e-5
EXACT = ("--weights", "exact", "--cache-dtype", "f32", "--pack-cache", "off")


class Transformers(ProgramTest):
    def each_computation(self, model, tokens):
        """(its name, logits) with every instruction set of this machine and in both forms of attention"""
        for isa in instruction_sets():
            for attention in ATTENTION:
                options = ("--isa", isa, "--attention", attention)
                yield " ".join(options), youtu_eval(self.program, model, tokens, self.folder, *options)

    def test_golden_models(self):
        for name in GOLDEN_SHAPES:
            tokens = json.loads((GOLDEN_FOLDER / name / "tokens.json").read_text())
            theirs = np.load(RECORDING / f"{name}.npy")
            for how, logits in self.each_computation(GOLDEN_FOLDER / name, tokens):
                with self.subTest(name, how=how):
                    error, worst = relative_error(logits, theirs)
                    report(f"{name} {how}", error=error, worst_position=worst)
                    self.assertLess(error, LIMIT)
                    np.testing.assert_array_equal(logits.argmax(axis=-1), theirs.argmax(axis=-1))

    def test_each_token_of_the_answers_is_the_likeliest(self):
        for answer in recorded_answers():
            prompt_tokens, tokens = answer["prompt_tokens"], answer["tokens"]
            for how, logits in self.each_computation(DEMO, prompt_tokens + tokens):
                with self.subTest(answer["prompt"], how=how):
                    # Behind the prompt, and behind each token but the last.
                    logits = logits[len(prompt_tokens) - 1 : -1]
                    self.assertEqual(logits.argmax(axis=-1).tolist(), tokens)
                    logprobs = log_softmax(logits)[np.arange(len(tokens)), tokens]
                    self.check_logprobs(logprobs, answer["logprobs"], f"'{answer['prompt']}' {how}")

    def check_logprobs(self, logprobs, recorded, label):
        self.assertEqual(len(logprobs), len(recorded))
        error = np.abs(np.array(logprobs) - recorded).max()
        report(label, error=error)
        self.assertLess(error, LOGPROB_LIMIT)

    def ask(self, server, path, **body):
        status, text = server.post(path, body)
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def test_the_server_answers_as_transformers_does(self):
        answers = recorded_answers()
        command = [self.program, "serve", "--port", "0", "--model", str(DEMO), *EXACT]
        with RunningServer(command, r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal.SIGTERM) as server:
            for answer in answers:
                with self.subTest(answer["prompt"]):
                    self.check_answer(server, answer)

    def check_answer(self, server, answer):
        # The recorded prompts leave it to the model whether it thinks.
        question = {
            "messages": [{"role": "user", "content": answer["prompt"]}],
            "enable_thinking": True,
        }
        prompt = self.ask(server, "/tokenize", **question)
        self.assertEqual(prompt["tokens"], answer["prompt_tokens"])
        choice = self.ask(
            server,
            "/v1/chat/completions",
            **question,
            model=DEMO.name,
            temperature=0,
            repetition_penalty=1,
            max_tokens=MAX_NEW_TOKENS,
            return_token_ids=True,
            logprobs=True,
        )["choices"][0]
        self.assertEqual(choice["token_ids"], answer["tokens"])
        self.assertEqual(choice["message"]["content"], answer["text"])
        self.assertEqual(choice["finish_reason"], "stop")
        # OpenAI's form has none of the end token, which every recorded answer has.
        logprobs = [each["logprob"] for each in choice["logprobs"]["content"]]
        self.check_logprobs(logprobs, answer["logprobs"][:-1], f"'{answer['prompt']}' served")


if __name__ == "__main__":
    run()
