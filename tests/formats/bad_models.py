"""Broken model files given to the real program: each must be refused with exit code 1, exactly one line on stderr that
names what is wrong, within five seconds and without a lot of memory. Rows M and G are those of the project's list of
bad inputs. The program is named by YOUTU_PROGRAM.
"""
import json
import os
import pathlib
import random
import resource
import struct
import subprocess
import sys
import tempfile
import unittest

from model_writer import (A, ARRAY, BOOL, F32, GGUF_TENSORS, I32, STRING, TENSORS, U16, U32, U64, array, checkpoint,
                          gguf, info, keys, pair, safetensors, string, vocabulary, write_folder)

TIME_LIMIT = 5
MEMORY_LIMIT = 1 << 30  # of address space: the program, its libraries and any file of this test
SEED = 20
HUGE = 2**64 - 1


def tensor(dtype, shape, offsets):
    return {"t": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def config_rows():
    """(label, changes to config.json, words)"""
    yield "M04 architecture", {"architectures": ["LlamaForCausalLM"]}, "unsupported architecture"
    for value in (0, -1, 1.5, "x", 2**31, 2**63, True, None, [1]):
        yield f"M05 hidden_size {value}", {"hidden_size": value}, "hidden_size"
    for key, value in (("num_hidden_layers", 0), ("num_hidden_layers", 10**9), ("num_key_value_heads", 3),
                       ("num_attention_heads", 0), ("rms_norm_eps", 0), ("rms_norm_eps", "NaN"), ("vocab_size", 0),
                       ("vocab_size", 2**31), ("kv_lora_rank", 0), ("qk_rope_head_dim", 7), ("v_head_dim", 10**6),
                       ("intermediate_size", -5), ("max_position_embeddings", 0), ("q_lora_rank", 0)):
        yield f"M05 {key} {value}", {key: value}, key
    for theta in (0, -1, "inf", None):
        yield f"M05 rope_theta {theta}", {"rope_parameters": {"rope_theta": theta}}, "rope_theta"
    yield "M05 yarn", {"rope_scaling": {"type": "yarn", "factor": 4}}, "rope_scaling"
    yield "M05 eos", {"eos_token_id": "x"}, "eos_token_id"
    yield "Q04 quantized", {"quantization_config": {"quant_method": "x"}}, "quantization"


def config_file_rows():
    for label, text in (("empty", b""), ("not JSON", b"{"), ("array", b"[]"), ("large", b" " * (100 << 20)),
                        ("deep", b"[" * 10_000), ("NaN", b'{"rms_norm_eps": NaN}'), ("binary", bytes(range(256)))):
        yield f"M03 {label}", text, "config.json"


def safetensors_rows():
    one = {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}
    whole = checkpoint()
    for length in (0, 1, len(whole), 2**32, 2**63, HUGE):
        yield f"M07 {length}", struct.pack("<Q", length) + whole[8:], "header length"
    for header in (b"[]", b' {"a":1}', b'{"\xff":1}', b"{]", b'{"a":1}', b"{" * 100, b"{}\x00"):
        yield f"M08 {header[:8]}", safetensors(header), "invalid header"
    twice = json.dumps(one)
    yield "M09 duplicate", safetensors(f'{{"t":{twice},"t":{twice}}}'.encode(), bytes(1)), "duplicate"
    for shape, words in (([2**32, 2**32], "overflow"), ([2], "size mismatch"), ([1] * 1000, "size mismatch"),
                         ([-1], "size mismatch"), ([2**64], "size mismatch"), ([2**62], "overflow")):
        yield f"M11 {str(shape)[:24]}", safetensors(tensor("F32", shape, [0, 4]), bytes(4)), words
    yield "M12 unknown", safetensors(tensor("F128", [1], [0, 16]), bytes(16)), "dtype"
    yield "M12 F4", safetensors(tensor("F4", [3], [0, 2]), bytes(2)), "dtype"
    yield "M12 F8 weights", checkpoint(dtype="F8_E4M3", width=1), "dtype"
    yield "M13 ZIP behind", checkpoint() + b"PK\x05\x06" + bytes(18), "trailing data"
    yield "M13 hole", safetensors({"a": one, "b": {**one, "data_offsets": [2, 3]}}, bytes(3)), "hole"
    yield "M13 overlap", safetensors({"a": one, "b": one}, bytes(1)), "overlap"
    empty = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    many = ",".join(f'"{i}":{empty}' for i in range(1_000_000))
    yield "M15 a million tensors", safetensors(f"{{{many}}}".encode()), "more than"
    for name in TENSORS:
        rest = {key: shape for key, shape in TENSORS.items() if key != name}
        yield f"M16 without {name}", checkpoint(rest), name
    yield "M16 shape", checkpoint({**TENSORS, "model.norm.weight": [31]}), "model.norm.weight"
    good, rng = checkpoint(), random.Random(SEED)
    for _ in range(40):
        length = rng.randrange(len(good))
        yield f"M20 {length} bytes", good[:length], ""


def index_rows():
    for label, weight_map, words in (
            ("M19 wrong shard", {"model.norm.weight": "a.safetensors"}, "model.norm.weight"),
            ("M19 missing shard", {"model.norm.weight": "b.safetensors"}, "b.safetensors"),
            ("M19 up", {"t": "../a.safetensors"}, "plain file name"),
            ("M19 absolute", {"t": "/etc/a.safetensors"}, "plain file name"),
            ("M19 NUL", {"t": "a\0.safetensors"}, "plain file name"),
            ("M19 link", {"t": "link.safetensors"}, "symbolic link"),
            ("M19 empty", {"t": ""}, "file name"),
            ("M19 none", {}, "shards"),
            ("M19 number", {"t": 1}, "file name")):
        yield label, json.dumps({"weight_map": weight_map}).encode(), words
    yield "M19 no map", b"{}", "weight_map"


def header_rows():
    size = len(gguf())
    yield "G02 magic", gguf(magic=b"GGML"), "magic"
    yield "G02 four bytes", b"GGUF", "version"
    yield "G02 empty", b"", "magic"
    for version in (0, 1, 4, 2**32 - 1):
        yield f"G02 version {version}", gguf(version=version), "version"
    yield "G02 big-endian", gguf(version=3 << 24), "byte order"
    for count in (HUGE, 2**32, size):
        yield f"G03 tensors {count}", gguf(num_tensors=count), "count exceeds file"
        yield f"G03 pairs {count}", gguf(num_pairs=count), "count exceeds file"
    good, rng = gguf(), random.Random(SEED)
    for _ in range(40):
        length = rng.randrange(len(good) - 32)
        yield f"G03 {length} bytes", good[:length], ""


def raw_pair(content):
    """A file whose only pair is these bytes."""
    return gguf(pairs={}, raw_pairs=content + bytes(64), num_pairs=1)


def pair_rows():
    yield "G04 length", raw_pair(struct.pack("<Q", HUGE)), "key"
    yield "G04 empty", raw_pair(pair("", U32, 1)), "key"
    yield "G04 long", raw_pair(pair("k" * 65_536, U32, 1)), "key"
    yield "G04 not UTF-8", raw_pair(pair(b"\xff", U32, 1)), "key"
    yield "G04 duplicate", gguf(pairs=keys(), raw_pairs=pair("general.architecture", U32, 1),
                                num_pairs=len(keys()) + 1), "duplicate key"
    yield "G06 string", raw_pair(string("k") + struct.pack("<IQ", STRING, 2**63)), "string exceeds file"
    yield "G06 numbers", raw_pair(pair("k", *array(U64, [], 2**61))), "array"
    yield "G06 arrays", raw_pair(string("k") + struct.pack("<IIQ", ARRAY, ARRAY, 1)), "array"
    yield "G06 strings", raw_pair(pair("k", *array(STRING, [], 10**9))), "array"
    for alignment in (0, 3, 2**31):
        yield f"G07 {alignment}", gguf(keys({"general.alignment": (U32, alignment)})), "alignment"
    yield "G07 type", gguf(keys({"general.alignment": (STRING, "32")})), "alignment"


def with_infos(infos, data=64, count=1):
    return gguf(infos=(infos, data), num_tensors=count)


def tensor_rows():
    for dims in ([], [1] * 5, [0], [-1], [2**63], [2**32, 2**32], [2**62]):
        yield f"G08 {dims}", with_infos(info("t", dims, 0, 0)), "dimensions"
    yield "G08 2^31", with_infos(string("t") + struct.pack("<I", 2**31) + bytes(64)), "dimensions"
    huge = 0x7FFFFFFFFFFFFFC0
    yield "G08 wrap", with_infos(info("a", [huge], 24, 0) + info("b", [huge], 24, 64), count=2), "exceed"
    for kind, words in ((16, "tensor type IQ2_XXS is not supported"), (4, "tensor type 4 (removed)"),
                        (36, "tensor type"), (1000, "tensor type"), (2**32 - 1, "tensor type")):
        yield f"G10 type {kind}", with_infos(info("t", [256], kind, 0)), words
    yield "G10 row", with_infos(info("t", [33], 8, 0)), "tensor type"
    for offset in (1, 64, 2**63, 2**64 - 32):
        yield f"G11 {offset}", with_infos(info("t", [8], 0, offset)), "offset"
    yield "G11 overlap", with_infos(info("a", [8], 0, 0) + info("b", [8], 0, 0), count=2), "offset"
    yield "G12 duplicate", with_infos(info("a", [8], 0, 0) + info("a", [8], 0, 32), count=2), "name"
    for name in ("", "n" * 64, "a\x1b[2J", b"\xff"):
        yield f"G12 {name!r:.12}", with_infos(info(name, [8], 0, 0)), "name"
    for name in GGUF_TENSORS:
        renamed = gguf().replace(string(name), string("x" * len(name)))
        words = "token_embd" if name.startswith("token") else ""
        yield f"M16 without {name}", renamed, words


def vocabulary_rows():
    tokens = [f"t{i}" for i in range(40)]
    for label, changes in (
            ("more tokens than rows", vocabulary(tokens + ["more"])),
            ("eos", vocabulary(tokens, eos=40)),
            ("merge to an unknown token", vocabulary(tokens, ["no such"])),
            ("short types", vocabulary(tokens, types=[1] * 39)),
            ("tokens of another type", {**vocabulary(tokens), "tokenizer.ggml.tokens": array(I32, [1])}),
            ("unknown model", {**vocabulary(tokens), "tokenizer.ggml.model": (STRING, "spiece")}),
            ("unknown pre", {**vocabulary(tokens), "tokenizer.ggml.pre": (STRING, "nobody")})):
        yield f"G14 {label}", gguf(keys(changes)), "token"
    lengths = string("tokenizer.ggml.tokens") + struct.pack("<IIQ", ARRAY, STRING, 1) + struct.pack("<Q", 2**31)
    yield "G14 length of a token", raw_pair(lengths), "tokenizer"


def key_rows():
    for name, value in (("block_count", 0), ("block_count", 10**9), ("attention.head_count", 0),
                        ("rope.dimension_count", 64), ("rope.dimension_count", 7), ("embedding_length", 0),
                        ("attention.kv_lora_rank", 0), ("vocab_size", 2**31)):
        yield f"G15 {name} {value}", gguf(keys({A + name: (U32, value)})), A + name
    for name in keys():
        if name in (A + "vocab_size", A + "attention.head_count_kv"):
            continue  # neither is needed
        yield f"G15 without {name}", gguf(keys({name: None})), name
        for kind, content in ((STRING, "x"), (BOOL, True), array(U32, [1])):
            if name == "general.architecture" and kind == STRING:
                continue
            yield f"G15 {name} of type {kind}", gguf(keys({name: (kind, content)})), name
    for theta in (0.0, float("nan"), float("inf")):
        yield f"G15 freq_base {theta}", gguf(keys({A + "rope.freq_base": (F32, theta)})), "freq_base"
    yield "G15 experts", gguf(keys({A + "expert_count": (U32, 8)})), "expert"
    yield "G15 architecture", gguf(keys({"general.architecture": (STRING, "llama")})), "unsupported architecture"


def part(number, count):
    return gguf({"split.no": (U16, number), "split.count": (U32, count)}, infos=(b"", 0), num_tensors=0)


class BadModels(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)

    def inspect(self, path):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))

        # A sanitizer reserves more address space than any limit allows.
        limiter = None if os.environ.get("YOUTU_NO_MEMORY_LIMIT") else limit
        return subprocess.run([PROGRAM, "inspect", str(path)], capture_output=True, timeout=TIME_LIMIT,
                              preexec_fn=limiter)

    def refuse(self, label, path, words):
        with self.subTest(label):
            done = self.inspect(path)
            message = done.stderr.decode()
            self.assertEqual(done.returncode, 1, message or done.stdout[:200])
            self.assertRegex(message, r"\Aerror: [^\n]+\n\Z")
            self.assertIn(words, message)
            self.assertFalse(any(ord(c) < 32 for c in message[:-1]), message)
            self.assertEqual(done.stdout, b"")

    def refuse_files(self, rows):
        for label, content, words in rows:
            path = self.folder / "model.gguf"
            path.write_bytes(content)
            self.refuse(label, path, words)

    def test_the_good_models_are_accepted(self):
        path = self.folder / "good.gguf"
        path.write_bytes(gguf())
        for model in (path, write_folder(self.folder / "good")):
            done = self.inspect(model)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, b"")
            json_form = subprocess.run([PROGRAM, "inspect", "--json", str(model)], capture_output=True, check=True)
            report = json.loads(json_form.stdout)
            self.assertEqual(len(report["tensors"]), len(TENSORS))
            self.assertEqual(report["config"]["hidden_size"], 32)

    def test_ignored_things_are_warnings(self):
        folder = write_folder(self.folder / "m", {"auto_map": {"AutoModel": "x.Y"}},
                              checkpoint({**TENSORS, "extra.weight": [1]}))
        done = self.inspect(folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in ("auto_map is ignored", "extra.weight"):
            self.assertIn(words, done.stdout.decode())

    def test_folders(self):
        (self.folder / "empty").mkdir()
        (self.folder / "file").write_text("x")
        (self.folder / "config_is_folder" / "config.json").mkdir(parents=True)
        pickled = write_folder(self.folder / "pickled")
        (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
        for label, name, words in (("missing", "nothing", "model directory"), ("empty", "empty", "model directory"),
                                   ("file", "file", "model directory"), ("folder", "config_is_folder", "config.json"),
                                   ("pickled", "pickled", "pickled")):
            self.refuse(f"M01 {label}", self.folder / name, words)

    def test_configs(self):
        for label, changes, words in config_rows():
            self.refuse(label, write_folder(self.folder / "m", changes), words)
        for label, text, words in config_file_rows():
            self.refuse(label, write_folder(self.folder / "m", text), words)

    def test_safetensors(self):
        for label, weights, words in safetensors_rows():
            self.refuse(label, write_folder(self.folder / "m", weights=weights), words)

    def test_indexes(self):
        folder = write_folder(self.folder / "m")
        (folder / "model.safetensors").unlink()
        (folder / "a.safetensors").write_bytes(safetensors(tensor("U8", [1], [0, 1]), bytes(1)))
        (self.folder / "outside.safetensors").write_bytes(checkpoint())
        (folder / "link.safetensors").symlink_to(self.folder / "outside.safetensors")
        for label, text, words in index_rows():
            (folder / "model.safetensors.index.json").write_bytes(text)
            self.refuse(label, folder, words)

    def test_gguf_headers(self):
        self.refuse_files(header_rows())

    def test_gguf_pairs(self):
        self.refuse_files(pair_rows())

    def test_gguf_tensors(self):
        self.refuse_files(tensor_rows())

    def test_gguf_keys(self):
        self.refuse_files(key_rows())

    def test_gguf_vocabularies(self):
        self.refuse_files(vocabulary_rows())

    def test_gguf_splits(self):
        first = self.folder / "m-00001-of-00002.gguf"
        second = self.folder / "m-00002-of-00002.gguf"
        first.write_bytes(part(0, 2))
        self.refuse("G16 part missing", first, "split")
        second.write_bytes(part(0, 2))
        self.refuse("G16 parts swapped", first, "split")
        second.write_bytes(part(1, 2))
        self.refuse("G16 second part", second, "split")
        first.write_bytes(part(0, 2**16))
        self.refuse("G16 count", first, "split")
        other = self.folder / "other.gguf"
        other.write_bytes(part(0, 2))
        self.refuse("G16 name", other, "split")


if __name__ == "__main__":
    PROGRAM = os.environ.get("YOUTU_PROGRAM", "")
    if not pathlib.Path(PROGRAM).is_file():
        sys.exit(f"YOUTU_PROGRAM must name the program to test; it is '{PROGRAM}'")
    unittest.main()
