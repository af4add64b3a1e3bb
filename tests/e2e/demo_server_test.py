"""The real program with a real model, end to end. Usage: demo_server_test.py <youtu> [<model>]; without a model, the
demo model of the project."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

import guide_client
from running_server import RunningServer, join_messages, wait_until

PROGRAM = sys.argv.pop(1)
MODEL = ["--model", sys.argv.pop(1)] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else []
HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = None


def start(*arguments, signal_to_stop=signal.SIGTERM):
    command = [PROGRAM, "serve", "--port", "0", *MODEL, *arguments]
    return RunningServer(command, ready=r"serving +http://127\.0\.0\.1:(\d+)", signal_to_stop=signal_to_stop)


def body_of(prompt, **fields):
    data = json.dumps({"prompt": prompt, **fields}).encode("utf-8")
    return (b"POST /chat_stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(data)) + data


class DemoServer(unittest.TestCase):
    def test_guide_client(self):
        self.assertEqual(guide_client.health()["status"], "healthy")
        for prompt in ("解释牛顿第一定律", "写个笑话", "Explain Newton's first law"):
            for name, parameters in guide_client.MODES.items():
                self.assertTrue(guide_client.chat(prompt, **parameters).strip(), (prompt, name))
            self.assertTrue("".join(guide_client.chat_stream(prompt)).strip(), prompt)

    def test_streamed_is_plain(self):
        for seed in range(3):
            body = {"prompt": "写个笑话", "seed": seed, "config": "quality", "max_new_tokens": 64}
            plain = json.loads(SERVER.post("/chat", body)[1])["response"]
            self.assertEqual(join_messages(SERVER.post("/chat_stream", body)[1]), plain)

    def test_a_standard_parser(self):
        environment = dict(os.environ, YOUTU_TEST_URL=f"http://127.0.0.1:{SERVER.port}")
        subprocess.run(["node", os.path.join(HERE, "..", "node", "sse_client.mjs"), "写个笑话", "Explain Newton's first law"],
                       env=environment, check=True)

    def test_eight_at_once_answer_as_alone(self):
        self.eight_at_once()

    def test_penalties_do_not_see_the_neighbours(self):
        with self.subTest("P49"):
            self.eight_at_once(repetition_penalty=1.5, presence_penalty=1.2, frequency_penalty=0.7, no_repeat_ngram_size=2)

    def eight_at_once(self, **fields):
        prompts = ["解释牛顿第一定律", "写个笑话", "Explain Newton's first law", "你好", "Hello", "你是谁", "1+1=?", "Tell me a joke"]

        def ask(prompt):
            body = {"prompt": prompt, "seed": 11, "max_new_tokens": 32, **fields}
            return json.loads(SERVER.post("/chat", body)[1])["response"]

        alone = [ask(prompt) for prompt in prompts]
        together = [None] * len(prompts)

        def work(i):
            together[i] = ask(prompts[i])

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(prompts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(together, alone)

    def test_the_next_turn_finds_the_turns_before(self):
        def ask(messages, **fields):
            body = {"messages": messages, "seed": 5, "temperature": 0, "max_new_tokens": 24, **fields}
            answer = json.loads(SERVER.post("/chat", body)[1])
            return answer["response"], answer["usage"]["cached_tokens"], answer["usage"]["prompt_tokens"]

        salt = f"conversation {os.getpid()}"
        messages = [{"role": "system", "content": "Answer shortly. " * 10}, {"role": "user", "content": "你是谁？"}]
        first, cached, _ = ask(messages, cache_salt=salt)
        self.assertEqual(cached, 0)
        messages += [{"role": "assistant", "content": first}, {"role": "user", "content": "写个笑话"}]
        second, cached, num_prompt = ask(messages, cache_salt=salt)
        self.assertGreaterEqual(cached, 32)
        self.assertLess(cached, num_prompt)
        cold, cached, _ = ask(messages, cache_salt=salt + ", somebody else's")
        self.assertEqual((cold, cached), (second, 0))

    def test_clients_that_leave_free_their_places(self):
        # More of them than the batch and the queue hold: the last answer comes only if the places are free again.
        for _ in range(3):
            clients = [SERVER.connect() for _ in range(20)]
            for client in clients:
                client.send(body_of("写个笑话", max_new_tokens=1900, ignore_eos=True))
            for client in clients:
                client.reset()
        begin = time.monotonic()
        self.assertTrue(wait_until(lambda: SERVER.post("/chat", {"prompt": "x", "max_new_tokens": 4})[0] == 200, 30))
        self.assertLess(time.monotonic() - begin, 30)

    def test_context_length(self):
        status, body = SERVER.post("/chat", {"prompt": "x", "max_new_tokens": 100_000})
        self.assertEqual((status, json.loads(body)["error"]["code"]), (400, "context_length_exceeded"))


class Closing(unittest.TestCase):
    def test_the_first_signal_lets_answers_finish(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest("O01", signal=number.name):
                server = start()
                client = server.connect()
                client.send(body_of("写个笑话", max_new_tokens=200, ignore_eos=True))
                self.assertTrue(client.head().startswith(b"HTTP/1.1 200 "))
                server.process.send_signal(number)
                # The head is read already; what follows are the chunks of the whole answer.
                self.assertIn(b"event: done", client.rest())
                client.close()
                self.assertEqual(server.process.wait(timeout=60), 0)
                server.stop()

    def test_who_comes_while_it_closes_is_told_so(self):
        with self.subTest("S18"):
            server = start()
            early = server.connect()
            early.send(body_of("写个笑话", max_new_tokens=1900, ignore_eos=True))
            self.assertTrue(early.head().startswith(b"HTTP/1.1 200 "))
            server.process.send_signal(signal.SIGTERM)
            self.assertTrue(wait_until(lambda: "closing" in server.output))
            late = server.connect()
            late.send(body_of("写个笑话"))
            response = late.response()
            self.assertEqual((response.status, response.code()), (503, "draining"))
            self.assertIn(int(response.fields["retry-after"]), range(1, 61))
            early.close()
            late.close()
            self.assertEqual(server.process.wait(timeout=60), 0)
            server.stop()

    def test_the_second_signal_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest("O01", signal=f"{number.name} twice"):
                server = start()
                client = server.connect()
                client.send(body_of("写个笑话", max_new_tokens=1900, ignore_eos=True))
                client.head()
                server.process.send_signal(number)
                wait_until(lambda: "closing" in server.output)
                server.process.send_signal(number)
                self.assertIn(server.process.wait(timeout=10), (0, 128 + number))
                client.close()
                server.stop()


if __name__ == "__main__":
    with start() as SERVER:
        guide_client.BASE_URL = f"http://localhost:{SERVER.port}"
        program = unittest.main(exit=False)
    sys.exit(0 if program.result.wasSuccessful() else 1)
