"""The GGUF files on which youtu-serve, the NumPy reference and llama.cpp are compared with each
other.
"""
import dataclasses
import pathlib

import numpy as np

import ggml_library
from gguf_model import make_gguf, mixed_recipe, read_gguf_weights
from ggml_types import BLOCK_TYPES, PLAIN_TYPES, decode, encode_plain
from model_files import read_gguf_file, write_gguf
from random_model import CONTEXT_LENGTH, SHAPES, make_model, random_tokens
from youtu_numpy import YoutuShape, forward

TOKEN_COUNT = 40

# What a file has that was made from the first release's config.json: no scaling, twice over.
IDENTITY_YARN = {
    "deepseek2.rope.scaling.type": "yarn",
    "deepseek2.rope.scaling.factor": 1.0,
    "deepseek2.rope.scaling.original_context_length": CONTEXT_LENGTH,
    "deepseek2.rope.scaling.yarn_log_multiplier": 0.0,
}

# What llama.cpp (v0.5.0) refuses or cannot express, found by trying: - a file without a vocabulary;
# - a direct q_proj, unless there are 26 or 27 layers: it takes those for DeepSeek-V2-Lite; -
# rope_interleave = false: no key of GGUF says so, its deepseek2 always rotates adjacent pairs; -
# latent norms with another eps than the others: it has one eps for all, so ours is compared at
# 1e-6.
GGUF_SHAPES = ("odd", "square_heads", "deep", "blocks", "mixed_rows")
LITE_SHAPE = dataclasses.replace(SHAPES["direct_q"], num_hidden_layers=27)


@dataclasses.dataclass
class GgufCase:
    label: str
    shape: YoutuShape
    path: pathlib.Path
    weights: dict  # as stored, float32, Hugging Face names
    tokens: list
    weight_type: str

    def reference(self):
        return forward(self.shape, self.weights, self.tokens)


def make_case(folder, label, shape, recipe="F32", **options):
    path, weights = make_gguf(
        pathlib.Path(folder) / f"{label}.gguf", make_model(shape), recipe, **options
    )
    weight_type = "mixed" if callable(recipe) else recipe
    return GgufCase(label, shape, path, weights, random_tokens(shape, TOKEN_COUNT), weight_type)


def plain_cases(folder):
    """Every shape and every form of file with F32 weights."""
    for name in GGUF_SHAPES:
        yield make_case(folder, name, SHAPES[name])
    yield make_case(folder, "lite_direct_q", LITE_SHAPE)
    yield make_case(folder, "unsplit_kv_b", SHAPES["deep"], unsplit_kv_b=True)
    yield make_case(folder, "gguf_v2", SHAPES["odd"], version=2)
    yield make_case(folder, "split_in_three", SHAPES["deep"], parts=3)
    yield make_case(folder, "alignment_64", SHAPES["odd"], alignment=64)
    yield make_case(folder, "yarn_factor_one", SHAPES["odd"], extra_metadata=IDENTITY_YARN)


def typed_cases(folder):
    """Every element type in a file of its own, and files that mix them."""
    for name in ("F16", "BF16", *BLOCK_TYPES):
        yield make_case(folder, f"blocks_{name}", SHAPES["blocks"], name)
    yield make_case(folder, "unsplit_Q8_0", SHAPES["blocks"], "Q8_0", unsplit_kv_b=True)
    yield make_case(folder, "mixed_rows_Q4_K", SHAPES["mixed_rows"], "Q4_K")
    yield make_case(folder, "mixed_rows_IQ4_XS", SHAPES["mixed_rows"], "IQ4_XS")
    yield make_case(folder, "blocks_mixed", SHAPES["blocks"], mixed_recipe)
    yield make_case(folder, "mixed_rows_mixed", SHAPES["mixed_rows"], mixed_recipe)


def llama_quantized_cases(folder):
    """Files written by llama-quantize itself. Requires ggml_library.is_installed()."""
    shape = SHAPES["mixed_rows"]
    source = make_case(folder, "to_quantize", shape)
    for file_type in ggml_library.FILE_TYPES:
        path = pathlib.Path(folder) / f"llama_quantize_{file_type}.gguf"
        ggml_library.quantize_file(source.path, path, file_type)
        yield GgufCase(
            f"llama_quantize_{file_type}",
            shape,
            path,
            read_gguf_weights(path, shape),
            source.tokens,
            file_type,
        )


def widened(case):
    """The same file with every tensor as ggml decodes it to F32. Comparing with it takes the
    rounding of activations out of the comparison with llama.cpp, which computes F32 models in F32.
    """
    metadata, tensors = read_gguf_file(case.path)
    for name, (type_name, shape, data) in tensors.items():
        if type_name not in PLAIN_TYPES:
            values = ggml_library.decode(type_name, data)
        else:
            values = decode(type_name, data)
        tensors[name] = ("F32", shape, encode_plain("F32", values))
    path = case.path.with_name(f"{case.path.stem}_as_F32.gguf")
    return dataclasses.replace(case, path=write_gguf(path, metadata, tensors), weight_type="F32")


def top_gaps(logits):
    """Per position, by how much the largest logit leads."""
    ordered = np.sort(logits, axis=-1)
    return ordered[:, -1] - ordered[:, -2]


def rms_error(logits, reference):
    """The differences' size in units of the reference's spread."""
    return float(
        np.sqrt(np.mean((np.asarray(logits, np.float64) - reference) ** 2)) / reference.std()
    )


def disagreements(logits, reference, gap):
    """Positions where the top token differs although the reference's leads by more than `gap`."""
    differ = np.argmax(logits, axis=-1) != np.argmax(reference, axis=-1)
    return int(np.count_nonzero(differ & (top_gaps(np.asarray(reference, np.float64)) > gap)))
