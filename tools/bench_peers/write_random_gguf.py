#!/usr/bin/env python3
"""Writes a GGUF file of Youtu-LLM-2B's shape with random weights in one block type, for timing.

A step's time depends on shapes and bits and not on what the weights say, so the blocks are drawn directly: nothing is
quantised, and the memory that this takes does not grow with the model. Embedding and head are one matrix of the same
type, so that two engines that read the file also read the same number of bytes for every token.

usage: write_random_gguf.py OUTPUT [--type Q4_0] [--layers 32] [--heads 16] [--hidden 2048] [--intermediate 6144]
                            [--q-rank 1536] [--vocab 128256] [--seed 1] [--deviation 0.02]
"""
import argparse
import dataclasses
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/reference"))

from deterministic import Stream  # noqa: E402
from ggml_types import TYPES, encode_plain, random_blocks  # noqa: E402
from gguf_model import (  # noqa: E402
    fitting_type,
    gguf_metadata,
    gguf_name,
    split_kv_b_shapes,
)
from model_files import encode_gguf_head, tensor_bytes  # noqa: E402
from random_model import weight_plan  # noqa: E402
from youtu_numpy import YoutuShape  # noqa: E402

# hidden, intermediate, layers, heads, q rank, latent, nope, rope, v, vocabulary
YOUTU_2B = YoutuShape(2048, 6144, 32, 16, 1536, 512, 128, 64, 128, 128256)
CONTEXT_LENGTH = 131072
BLOCK_TYPES = ("Q4_0", "Q8_0", "Q4_K")
ALIGNMENT = 32
MIN_VOCAB = 512  # the 256 bytes, a few merges and control tokens have to fit
GGUF_VERSION = 3
CHUNK_BLOCKS = 1 << 16
MEASURED_BLOCKS = 1 << 10


def gguf_plan(shape):
    """{GGUF name: (size, standard deviation, mean)}; kv_b split as llama.cpp's converter does."""
    plan = {}
    for name, (size, std, mean) in weight_plan(shape).items():
        target = gguf_name(name)
        if ".attn_kv_b." in target:
            k_b, v_b = split_kv_b_shapes(shape)
            plan[target.replace("attn_kv_b", "attn_k_b")] = (k_b, std, mean)
            plan[target.replace("attn_kv_b", "attn_v_b")] = (v_b, std, mean)
        else:
            plan[target] = (size, std, mean)
    return plan


def tensor_type(block_type, size):
    """Norms are F32, as in every GGUF file."""
    return "F32" if len(size) == 1 else fitting_type(block_type, size[-1])


def tensor_chunks(name, type_name, size, std, mean, seed):
    """The bytes of a tensor, a few megabytes at a time."""
    source = Stream(seed, name)
    if type_name == "F32":
        yield encode_plain("F32", source.normal(size, std) + mean)
        return
    left = tensor_bytes(type_name, size) // TYPES[type_name].block_bytes
    while left:
        count = min(left, CHUNK_BLOCKS)
        yield random_blocks(type_name, count, std, source.bytes, MEASURED_BLOCKS).tobytes()
        left -= count


def write_random_gguf(path, shape, block_type="Q4_0", seed=1, deviation=None):
    """Under another name until it is whole, so that an interrupted run leaves no half a model behind.

    deviation: the standard deviation of every matrix; None gives each the one of its plan.
    """
    path = Path(path)
    plan = {
        name: (size, std if deviation is None or len(size) == 1 else deviation, mean)
        for name, (size, std, mean) in gguf_plan(shape).items()
    }
    layout = {name: (tensor_type(block_type, size), size) for name, (size, _, _) in plan.items()}
    metadata = gguf_metadata(shape, unsplit_kv_b=False) | {"deepseek2.context_length": CONTEXT_LENGTH}
    unfinished = path.with_name(path.name + ".unfinished")
    with open(unfinished, "wb") as file:
        file.write(encode_gguf_head(GGUF_VERSION, metadata, layout, ALIGNMENT))
        for name, (size, std, mean) in plan.items():
            for chunk in tensor_chunks(name, layout[name][0], size, std, mean, seed):
                file.write(chunk)
            file.write(bytes(-file.tell() % ALIGNMENT))
    os.replace(unfinished, path)


def at_least(limit):
    def parse(text):
        value = int(text)
        if value < limit:
            raise argparse.ArgumentTypeError(f"{value} is less than {limit}")
        return value

    parse.__name__ = "count"
    return parse


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("--type", default="Q4_0", choices=BLOCK_TYPES)
    parser.add_argument("--layers", type=at_least(1), default=YOUTU_2B.num_hidden_layers)
    parser.add_argument("--heads", type=at_least(1), default=YOUTU_2B.num_attention_heads)
    parser.add_argument("--hidden", type=at_least(1), default=YOUTU_2B.hidden_size)
    parser.add_argument("--intermediate", type=at_least(1), default=YOUTU_2B.intermediate_size)
    parser.add_argument("--q-rank", type=at_least(1), default=YOUTU_2B.q_lora_rank)
    parser.add_argument("--vocab", type=at_least(MIN_VOCAB), default=YOUTU_2B.vocab_size)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--deviation",
        type=float,
        help="standard deviation of every matrix; otherwise such that each part of a layer matters",
    )
    arguments = parser.parse_args()
    shape = dataclasses.replace(
        YOUTU_2B,
        num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.heads,
        hidden_size=arguments.hidden,
        intermediate_size=arguments.intermediate,
        q_lora_rank=arguments.q_rank,
        vocab_size=arguments.vocab,
    )
    try:
        write_random_gguf(
            arguments.output, shape, arguments.type, arguments.seed, arguments.deviation
        )
    except OSError as error:
        print(f"write_random_gguf: {arguments.output}: {error.strerror}", file=sys.stderr)
        return 1
    print(arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
