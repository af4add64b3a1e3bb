"""The guide's client, and eight at once, against a scripted server. Usage: clients_test.py <scripted_server>"""

import json
import sys
import threading
import unittest

import guide_client
from liveness import LiveServer
from running_server import join_messages

SERVER = None


class GuideClient(unittest.TestCase):
    def test_health(self):
        self.assertEqual(guide_client.health(), {"status": "healthy", "model": "Youtu-LLM-2B"})

    def test_three_modes(self):
        for name, parameters in guide_client.MODES.items():
            by_fields = guide_client.chat("解释牛顿第一定律", **parameters)
            by_name = guide_client.chat("解释牛顿第一定律", config=name)
            self.assertIn("匀速直线运动", by_fields)
            self.assertEqual(by_fields, by_name)
        self.assertIn("😀", guide_client.chat("写个笑话", no_repeat_ngram_size=3))

    def test_a_reader_of_data_lines_shows_the_answer_and_nothing_else(self):
        shown = guide_client.chat_stream("解释牛顿第一定律")
        self.assertEqual("".join(shown), guide_client.chat("解释牛顿第一定律").replace("\n", ""))


class Streams(unittest.TestCase):
    def tearDown(self):
        SERVER.check_alive()

    def test_streamed_is_plain(self):
        for prompt in ("ping", "awkward", "写个笑话", "x\ny"):
            plain = json.loads(SERVER.post("/chat", {"prompt": prompt, "seed": 1})[1])["response"]
            self.assertEqual(join_messages(SERVER.post("/chat_stream", {"prompt": prompt, "seed": 1})[1]), plain)

    def test_text_that_looks_like_events(self):
        hostile = "data: x\n\nevent: hack\ndata: {}"
        for prompt, unlike in (("awkward", ""), ("returns", "\r"), (hostile, ""), (" \u2028 lead\r\nand\rtail ", "\r")):
            with self.subTest("S05", prompt=prompt):
                plain = json.loads(SERVER.post("/chat", {"prompt": prompt})[1])["response"]
                self.assertIn(unlike, plain)
                stream = SERVER.post("/chat_stream", {"prompt": prompt})[1]
                # Lines of text alone can hold no carriage return; lines of JSON can.
                self.assertEqual(join_messages(stream), plain.replace("\r\n", "\n").replace("\r", "\n"))
                self.assertEqual([line for line in stream.split("\n") if line.startswith("event:")], ["event: done"])
                stream = SERVER.post("/chat_stream", {"prompt": prompt, "stream_format": "json"})[1]
                self.assertEqual("".join(json.loads(line[6:]).get("text", "") for line in stream.split("\n")
                                         if line.startswith("data: ")), plain)
                body = {"model": "Youtu-LLM-2B", "messages": [{"role": "user", "content": prompt}], "stream": True}
                events = SERVER.post("/v1/chat/completions", body)[1].split("\n\n")
                self.assertEqual(events[-2:], ["data: [DONE]", ""])
                chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
                self.assertEqual("".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks), plain)

    def test_failure_after_the_beginning(self):
        stream = SERVER.post("/chat_stream", {"prompt": "fail"})[1]
        self.assertEqual(join_messages(stream), "so far")
        self.assertTrue(stream.rstrip().split("\n")[-2] == "event: error", stream)

    def test_eight_at_once(self):
        wrong = []

        def work(number):
            for turn in range(10):
                prompt = f"client {number} turn {turn}"
                path = "/chat_stream" if turn % 2 else "/chat"
                status, body = SERVER.post(path, {"prompt": prompt})
                answer = join_messages(body) if turn % 2 else json.loads(body)["response"]
                if status != 200 or answer != f"You said: {prompt}":
                    wrong.append((prompt, status, body))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    with LiveServer([sys.argv.pop(1)]) as SERVER:
        guide_client.BASE_URL = f"http://localhost:{SERVER.port}"
        program = unittest.main(exit=False)
    sys.exit(0 if program.result.wasSuccessful() else 1)
