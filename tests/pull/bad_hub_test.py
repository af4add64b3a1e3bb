"""`youtu pull` and hubs that misbehave (rows D of docs/bad-inputs.md): one line of error, and nothing left that looks
like a model.

  bad_hub_test.py <program> [unittest arguments]
"""

import hashlib
import re
import subprocess
import threading
import unittest

from bad_hub import sibling
from pull_case import FILES, LARGE, SMALL_WEIGHTS, TIMEOUT_S, PullTest


class Names(PullTest):
    def test_names_that_are_none(self):
        for name in ("../x", "a/b/c", "http://a/b", "a b/c", "a/" + "b" * 1024, "a", "/a", "a/", "a/..", "a/.b",
                     "a/b:", "a/b:../c", "a/b@", "a/b@x/y", "a/b\n"):
            with self.subTest("D01", name=name):
                self.refused(2, "is no model's name", name)
        self.refused(2, "--from is", "org/model", "--from", "nowhere")
        self.assertEqual(self.hub.requests, [])

    def lists(self, change):
        """A hub whose list of org/model is changed."""
        def fault(request, kind, _):
            if kind != "list":
                return False
            answer = self.hub.list_of(FILES)
            return request.send_json(change(answer) or answer) or True
        self.hub.fault = fault

    def test_files_that_would_lie_elsewhere(self):
        for name in ("../../.bashrc", "/etc/cron.d/x", "a\0b", "x" * 5000, "a/../../config.json", "..", "", "a//b",
                     "a\\b", "\x1b[2J", "a/" + "y" * 300):
            with self.subTest("D02", name=name):
                self.lists(lambda answer: answer["siblings"].append({**sibling("x", b""), "rfilename": name}))
                self.refused(1, "could lie outside", "org/model")
                self.no_model()
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), ["models"])

    def test_a_name_that_is_none_elsewhere(self):
        # A device on another system; here a name like others, of a file that no model needs.
        with self.subTest("D02", name="CON"):
            self.lists(lambda answer: answer["siblings"].append(sibling("CON", b"x")))
            self.good("org/model")
            self.assertFalse((self.models / "org/model/CON").exists())

    def test_lists_that_are_none(self):
        def siblings(value):
            return lambda answer: {**answer, "siblings": value}
        entry = sibling("config.json", b"{}")
        for change in (siblings(7), siblings([7]), siblings([{**entry, "size": -1}]), siblings([{**entry, "size": "1"}]),
                       siblings([{**entry, "size": 1 << 63}]), siblings([{**entry, "blobId": "../../x"}]),
                       siblings([entry, entry]), siblings([{**entry, "lfs": {"sha256": "A" * 64, "size": 2}}]),
                       siblings([entry] * 20_000), lambda answer: {**answer, "sha": "../../main"},
                       lambda answer: {"siblings": []}, lambda answer: [1]):
            self.lists(lambda answer: change(answer))
            self.refused(1, "the list of files", "org/model")
        for body in (b"", b"<html>", b"[" * 10_000, b"[" * 100_000, b'{"sha": "' + b"\xff" * 9 + b'"}', b'{"a": ' + b"1" * 5000,
                     b" " * (17 << 20), b'{"siblings": [' + b'{"rfilename": "a"},' * 1_000_000 + b"{}]}"):
            with self.subTest("D10", body=body[:20], size=len(body)):
                self.hub.fault = lambda request, kind, _: request.send_body(200, body) or True
                done = self.refused(1, "", "org/model")
                self.assertLess(len(done.stderr), 2000)
                self.no_model()

    def test_no_checksum(self):
        self.lists(lambda answer: answer["siblings"][2].pop("blobId") and None)
        self.refused(1, "gives config.json no checksum", "org/model")

    def test_nothing_to_run(self):
        self.hub.repositories["org/empty"] = {"README.md": b"#", "pytorch_model.bin": b"x"}
        self.refused(1, "there are no weights in a form that this program reads", "org/empty")


class BadAnswers(PullTest):
    def weights_fault(self, answer):
        """Answers requests of the weights by `answer(request, how many before)`."""
        seen = []

        def fault(request, kind, name):
            if kind != "file" or not name.endswith("model.safetensors"):
                return False
            seen.append(request.path)
            return answer(request, len(seen) - 1)
        self.hub.fault = fault
        return seen

    def test_truncated_body_goes_on(self):
        """D03"""
        self.weights_fault(lambda request, n: n < 3 and request.send_body(
            200 if n == 0 else 206, SMALL_WEIGHTS[n * 10_000:n * 10_000 + 10_000],
            {} if n == 0 else {"Content-Range": f"bytes {n * 10_000}-99999/100000"}, length=100_000 - n * 10_000))
        self.good("org/model")
        self.assertEqual(self.file("model.safetensors"), SMALL_WEIGHTS)
        self.assertIn("bytes=30000-99999", [headers.get("Range") for _, headers in self.hub.requests])

    def test_endless_truncation_ends(self):
        """D07"""
        seen = self.weights_fault(lambda request, _: request.send_body(200, b"", length=100_000))
        self.refused(1, "given up after 3 tries", "org/model", "--retries", "2")
        self.assertEqual(len(seen), 3)
        self.no_model()

    def test_wrong_bytes(self):
        """D03"""
        wrong = b"!" + SMALL_WEIGHTS[1:]
        self.weights_fault(lambda request, n: n == 0 and request.send_file(wrong) or n == 0)
        self.refused(1, "checksum", "org/model")
        self.no_model()
        self.assertEqual([part for part in (self.models / "org/model/.parts").iterdir()
                          if part.name == hashlib.sha256(SMALL_WEIGHTS).hexdigest()], [])
        self.good("org/model")

    def test_wrong_small_file(self):
        """D03"""
        self.hub.fault = lambda request, kind, name: name == "config.json" and (request.send_file(b'{"a": 2}') or True)
        self.refused(1, "config.json: the checksum", "org/model")
        self.no_model()

    def test_longer_and_shorter(self):
        """D03"""
        self.weights_fault(lambda request, _: request.send_body(200, SMALL_WEIGHTS + b"x"))
        self.refused(1, "has 100001 bytes, and its list says 100000", "org/model")
        self.weights_fault(lambda request, _: request.send_body(200, b"x", length=1 << 50))
        self.refused(1, "has 1125899906842624 bytes", "org/model")
        self.weights_fault(lambda request, _: request.send_body(200, SMALL_WEIGHTS[:-1]))
        self.refused(1, "has 99999 bytes, and its list says 100000", "org/model")

        def endless(request, _):
            request.send_response(200)
            request.end_headers()  # no length: until the connection ends
            while True:
                request.wfile.write(b"x" * 65536)
        self.weights_fault(endless)
        self.refused(1, "longer than", "org/model")
        self.no_model()

    def test_encodings_nobody_asked_for(self):
        """D07"""
        self.hub.fault = lambda request, *_: request.send_body(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
        self.refused(1, "an encoding that was not asked for", "org/model")

    def test_server_without_ranges(self):
        self.hub.repositories["org/model"]["model.safetensors"] = LARGE
        seen = self.weights_fault(lambda request, _: request.send_body(200, LARGE))
        self.good("org/model", "--connections", "2")
        self.assertEqual(self.file("model.safetensors"), LARGE)
        self.assertGreaterEqual(len(seen), 2)

    def test_ranges_that_are_others(self):
        self.hub.repositories["org/model"]["model.safetensors"] = LARGE

        def off_by_one(request, _):
            first, last = map(int, re.findall(r"\d+", request.headers["Range"]))
            return request.send_body(206, LARGE[first + 1:last + 2],
                                     {"Content-Range": f"bytes {first + 1}-{last + 1}/{len(LARGE)}"})
        self.weights_fault(off_by_one)
        self.refused(1, "was asked for", "org/model", "--retries", "1")
        self.no_model()

    def test_another_file_in_the_middle(self):
        self.hub.repositories["org/model"]["model.safetensors"] = LARGE
        self.weights_fault(lambda request, n: request.send_file(LARGE, {"ETag": f'"{n}"'}) or True)
        self.good("org/model", "--connections", "1")
        self.assertEqual(self.file("model.safetensors"), LARGE)
        self.hub.repositories["org/model"]["model.safetensors"] = LARGE[::-1]
        self.weights_fault(lambda request, _: request.send_file(LARGE[::-1], {"X-Linked-Etag": '"%s"' % ("0" * 64)}) or True)
        self.refused(1, "changed at the hub", "org/model")
        self.weights_fault(lambda request, _: request.send_file(LARGE[::-1], {"X-Repo-Commit": "1" * 40}) or True)
        self.refused(1, "comes from commit 1111", "org/model")
        self.assertEqual(self.file("model.safetensors"), LARGE)

    def test_busy_servers(self):
        for status, headers in ((500, {}), (502, {}), (503, {"Retry-After": "0"}), (429, {"Retry-After": "1"}), (408, {})):
            self.models = self.root / f"models-{status}"
            self.weights_fault(lambda request, n: n < 2 and request.fail(status, headers))
            self.good("org/model")
        self.weights_fault(lambda request, _: request.fail(429, {"Retry-After": "3600"}))
        self.models = self.root / "models-later"
        self.refused(1, "try again in 3600 s", "org/model")
        self.hub.fault = lambda request, *_: request.fail(500)
        self.refused(1, "answers 500", "org/model", "--retries", "0")
        for status in (400, 404, 410, 418):
            seen = self.weights_fault(lambda request, _: request.fail(status))
            self.refused(1, f"answers {status}", "org/model")
            self.assertEqual(len(seen), 1)

    def test_a_model_that_is_not_there(self):
        self.refused(1, "answers 404", "org/modle")
        self.assertIn("tencent/Youtu-LLM-2B-GGUF", self.pull("org/modle").stderr)

    def test_resets_in_the_middle(self):
        """D07"""
        def reset(request, n):
            if n >= 2:
                return False
            request.send_response(200)
            request.send_header("Content-Length", "100000")
            request.end_headers()
            request.wfile.write(SMALL_WEIGHTS[:5000])
            return request.hang_up(reset=True)
        self.weights_fault(reset)
        self.good("org/model")
        self.assertEqual(self.file("model.safetensors"), SMALL_WEIGHTS)

    def test_stalls_and_drops(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def slow(request, n, trickles):
            if n > 0:
                return False
            request.send_response(200)
            request.send_header("Content-Length", "100000")
            request.end_headers()
            request.wfile.write(SMALL_WEIGHTS[:100])
            for byte in SMALL_WEIGHTS[100:]:
                request.wfile.flush()
                if release.wait(1 if trickles else TIMEOUT_S):
                    break
                request.wfile.write(bytes([byte]))
            return request.hang_up()

        for trickles in (False, True):
            with self.subTest("D07", trickles=trickles):
                self.models = self.root / f"models-{trickles}"
                self.weights_fault(lambda request, n: slow(request, n, trickles))
                self.good("org/model", "--stall-timeout", "1")
                self.assertEqual(self.file("model.safetensors"), SMALL_WEIGHTS)

    def test_nobody_there(self):
        self.hub.close()
        self.refused(1, "127.0.0.1: ", "org/model", "--retries", "1")
        self.refused(1, "cannot be resolved", "org/model", "--from", "https://no.such.host.invalid")


class Redirects(PullTest):
    def setUp(self):
        super().setUp()
        self.other = self.make_hub({"org/model": dict(FILES)}, host="127.0.0.2")

    def test_another_host_gets_no_token(self):
        """D05"""
        self.hub.fault = lambda request, kind, _: kind == "file" and request.redirect(self.other.url + request.path)
        self.good("org/model", HF_TOKEN="hf_secret")
        self.assertEqual(self.file("model.safetensors"), SMALL_WEIGHTS)
        self.assertGreater(len(self.other.requests), 0)
        self.assertFalse([headers for _, headers in self.other.requests if "hf_secret" in str(headers)])
        self.assertTrue(all("hf_secret" in str(headers) for _, headers in self.hub.requests))

    def test_the_same_host_and_relative(self):
        def twice(request, kind, _):
            return kind == "file" and "again" not in request.path and request.redirect(request.path + "?again", 307)
        self.hub.fault = twice
        self.good("org/model", HF_TOKEN="hf_1")
        self.assertTrue(all("hf_1" in str(headers) for _, headers in self.hub.requests))

    def test_where_none_may_lead(self):
        for where in ("http://169.254.169.254/latest", "http://[fe80::1]/", "http://example.com/", "ftp://127.0.0.1/x",
                      "file:///etc/passwd", "http://user:password@127.0.0.1/", "http://0.0.0.0:1/", "gopher://x",
                      "http://10.0.0.1/", "http://127.0.0.1\\@example.com/"):
            with self.subTest("D05", where=where):
                self.hub.fault = lambda request, kind, _: kind == "file" and request.redirect(where)
                self.refused(1, "redirects to", "org/model", HF_TOKEN="hf_1")
                self.no_model()

    def test_loops(self):
        """D05"""
        self.hub.fault = lambda request, kind, _: kind == "file" and request.redirect(request.path)
        self.refused(1, "redirects more than 5 times", "org/model")
        self.hub.fault = lambda request, kind, _: kind == "file" and request.send_body(302, b"")
        self.refused(1, "redirects to nowhere", "org/model")

    def test_plain_http_to_others(self):
        self.refused(1, "plain http", "org/model", "--from", "http://192.0.2.1:9")


class Tls(PullTest):
    def certificate(self, name, *options):
        key, certificate = self.root / f"{name}.key", self.root / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-subj", f"/CN={name}", "-addext",
                        f"subjectAltName=DNS:{name}", *options], check=True, capture_output=True)
        return certificate, key

    def test_only_who_is_trusted(self):
        """D06"""
        good = self.certificate("localhost", "-days", "2")
        self.hub = self.make_hub({"org/model": dict(FILES)}, tls=good)
        self.refused(1, "TLS: ", "org/model", "--retries", "0")
        self.good("org/model", SSL_CERT_FILE=str(good[0]))
        self.assertEqual(self.file("model.safetensors"), SMALL_WEIGHTS)
        plain = self.make_hub({"org/model": dict(FILES)})
        self.hub.fault = lambda request, kind, _: kind == "file" and request.redirect(plain.url + request.path)
        self.models = self.root / "models-2"
        with self.subTest("D05", where="http, from https"):
            self.refused(1, "which is not https", "org/model", SSL_CERT_FILE=str(good[0]))
            self.assertEqual(plain.requests, [])

    def test_another_name(self):
        """D06"""
        other = self.certificate("example.org", "-days", "2")
        self.hub = self.make_hub({"org/model": dict(FILES)}, tls=other)
        self.refused(1, "TLS: ", "org/model", "--retries", "0", SSL_CERT_FILE=str(other[0]))

    def test_its_time_is_over(self):
        """D06"""
        certificate, key = self.certificate("localhost", "-days", "2")
        (self.root / "index").touch()
        (self.root / "serial").write_text("01")
        (self.root / "ca.cnf").write_text(f"""[ca]
default_ca = old
[old]
database = {self.root}/index
serial = {self.root}/serial
new_certs_dir = {self.root}
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost
""")
        request, old = self.root / "request", self.root / "old.pem"
        subprocess.run(["openssl", "req", "-new", "-key", key, "-out", request, "-subj", "/CN=localhost"], check=True,
                       capture_output=True)
        subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", self.root / "ca.cnf", "-keyfile", key, "-in", request,
                        "-out", old, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext"],
                       check=True, capture_output=True)
        self.hub = self.make_hub({"org/model": dict(FILES)}, tls=(old, key))
        self.refused(1, "expired", "org/model", "--retries", "0", SSL_CERT_FILE=str(old))


if __name__ == "__main__":
    unittest.main()
