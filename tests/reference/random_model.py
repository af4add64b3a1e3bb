"""Small random models of Youtu-LLM's architecture, the same on every machine: their shapes, weights
and vocabulary. How they become files is in hugging_face_folder.py and gguf_model.py, whose writers
return the weights as they are *stored*, decoded to float32 under their Hugging Face names, so that
the reference computes with exactly the numbers in the file.
"""
import dataclasses

import numpy as np

from deterministic import Stream
from youtu_numpy import YoutuShape

CONTEXT_LENGTH = 1024

# What each is for:
SHAPES = {
    # no dimension is a multiple of a vector register, and three heads
    "odd": YoutuShape(72, 100, 2, 3, 20, 28, 12, 6, 10, 300),
    # a direct q_proj, five heads, one layer, a head of its own
    "direct_q": YoutuShape(64, 96, 1, 5, None, 16, 16, 8, 24, 288, tie_word_embeddings=False),
    # the shape of the Hugging Face tests: nope = rope = v, three layers
    "square_heads": YoutuShape(64, 128, 3, 4, 32, 16, 32, 32, 32, 320),
    # half-split rotation, and an eps that shows where the latent norms use their own
    "half_split": YoutuShape(
        96, 160, 2, 3, 48, 32, 16, 16, 24, 301, rms_norm_eps=1e-2, rope_interleave=False
    ),
    # four layers and seven heads, another rope base, untied
    "deep": YoutuShape(
        128, 192, 4, 7, 96, 64, 32, 16, 32, 290, rope_theta=10000.0, tie_word_embeddings=False
    ),
    # every row but those of attn_k_b is a multiple of 256: all block types fit
    "blocks": YoutuShape(256, 512, 2, 4, 256, 256, 64, 32, 64, 320),
    # rows of 192 and 96 beside rows of 256: block types fall back tensor by tensor
    "mixed_rows": YoutuShape(256, 768, 2, 3, 96, 256, 32, 16, 64, 320),
}


@dataclasses.dataclass
class RandomModel:
    shape: YoutuShape
    weights: dict  # float32, Hugging Face names
    seed: int


def linear_shapes(shape):
    """{name within a layer: (out, in)}"""
    hidden, ffn = shape.hidden_size, shape.intermediate_size
    heads, latent, v = shape.num_attention_heads, shape.kv_lora_rank, shape.v_head_dim
    shapes = {
        "self_attn.kv_a_proj_with_mqa": (latent + shape.qk_rope_head_dim, hidden),
        "self_attn.kv_b_proj": (heads * (shape.qk_nope_head_dim + v), latent),
        "self_attn.o_proj": (hidden, heads * v),
        "mlp.gate_proj": (ffn, hidden),
        "mlp.up_proj": (ffn, hidden),
        "mlp.down_proj": (hidden, ffn),
    }
    if shape.q_lora_rank is None:
        shapes["self_attn.q_proj"] = (heads * shape.qk_head_dim, hidden)
    else:
        shapes["self_attn.q_a_proj"] = (shape.q_lora_rank, hidden)
        shapes["self_attn.q_b_proj"] = (heads * shape.qk_head_dim, shape.q_lora_rank)
    return shapes


def weight_plan(shape):
    """{Hugging Face name: (size, standard deviation, mean)}, of such sizes that every part matters:
    attention scores of standard deviation one or two, layers that outweigh the embedding in the
    residual stream, norms that are visibly not one, logits of a few units.
    """
    hidden = shape.hidden_size
    embedding = ((shape.vocab_size, hidden), 3.0 * hidden**-0.5, 0.0)
    plan = {"model.embed_tokens.weight": embedding}
    for layer in range(shape.num_hidden_layers):
        prefix = f"model.layers.{layer}."
        for name, size in linear_shapes(shape).items():
            gain = 2.0 if name.endswith(("q_proj", "q_b_proj")) else 1.2
            plan[f"{prefix}{name}.weight"] = (size, gain * size[1] ** -0.5, 0.0)
        norms = {
            "input_layernorm": hidden,
            "post_attention_layernorm": hidden,
            "self_attn.kv_a_layernorm": shape.kv_lora_rank,
        }
        if shape.q_lora_rank:
            norms["self_attn.q_a_layernorm"] = shape.q_lora_rank
        for name, size in norms.items():
            plan[f"{prefix}{name}.weight"] = ((size,), 0.2, 1.0)
    plan["model.norm.weight"] = ((hidden,), 0.2, 1.0)
    if not shape.tie_word_embeddings:
        plan["lm_head.weight"] = embedding
    return plan


def make_model(shape, seed=1):
    weights = {
        name: Stream(seed, name).normal(size, std) + np.float32(mean)
        for name, (size, std, mean) in weight_plan(shape).items()
    }
    return RandomModel(shape, weights, seed)


def random_tokens(shape, count, seed=1):
    return [int(token) for token in Stream(seed, "tokens").integers(count, shape.vocab_size)]


# ---- vocabulary ----------------------------------------------------------------------------------


def byte_characters():
    """The printable stand-ins of the 256 bytes in byte-level BPE."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]


def make_vocabulary(shape):
    """(ordinary tokens, merges, control tokens); ids are positions, control tokens come last."""
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("a", "n"), ("an", "d")]
    control = ["<|begin_of_text|>", "<|end_of_text|>", "<|User|>", "<|Assistant|>"]
    ordinary = byte_characters() + [left + right for left, right in merges]
    ordinary += [f"Ġunused{i}" for i in range(shape.vocab_size - len(ordinary) - len(control))]
    return ordinary, merges, control
