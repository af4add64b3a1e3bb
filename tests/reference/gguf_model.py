"""Writes a random model as GGUF files of architecture deepseek2: every element type, mixtures of
them, split kv_b and the older unsplit form; and reads them back.
"""
import numpy as np

from deterministic import Stream
from ggml_types import PLAIN_TYPES, TYPES, decode, encode_plain, random_blocks
from model_files import read_gguf_file, write_gguf
from random_model import CONTEXT_LENGTH, make_vocabulary

GGUF_LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.q_a_proj": "attn_q_a",
    "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "self_attn.kv_b_proj": "attn_kv_b",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
GGUF_TOP_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}

# What llama-quantize takes for a tensor whose rows are no multiple of 256.
SMALLER_BLOCKS = {
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
    "Q2_K": "IQ4_NL",
    "Q3_K": "IQ4_NL",
    "IQ4_XS": "IQ4_NL",
}


def gguf_name(name):
    """The GGUF name of a tensor with the Hugging Face name `name`."""
    stem = name.removesuffix(".weight")
    if stem in GGUF_TOP_NAMES:
        return GGUF_TOP_NAMES[stem] + ".weight"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{GGUF_LAYER_NAMES[rest]}.weight"


def fitting_type(type_name, row_length):
    if row_length % TYPES[type_name].block_values:
        type_name = SMALLER_BLOCKS.get(type_name, "F16")
    return type_name if row_length % TYPES[type_name].block_values == 0 else "F16"


def mixed_recipe(name):
    """Several types in one file, in the manner of llama-quantize's _M files."""
    for part, type_name in {
        "token_embd": "Q6_K",
        "output.": "Q6_K",
        "ffn_down": "Q6_K",
        "attn_v_b": "Q5_K",
        "attn_k_b": "Q8_0",
        "attn_kv_a": "Q8_0",
        "ffn_gate": "Q3_K",
    }.items():
        if part in name:
            return type_name
    return "Q4_K"


def split_kv_b(shape, kv_b):
    """kv_b_proj -> attn_k_b [heads, latent, nope] (transposed) and attn_v_b [heads, v, latent]"""
    per_head = kv_b.reshape(shape.num_attention_heads, -1, shape.kv_lora_rank)
    return (
        np.ascontiguousarray(per_head[:, : shape.qk_nope_head_dim].transpose(0, 2, 1)),
        np.ascontiguousarray(per_head[:, shape.qk_nope_head_dim :]),
    )


def join_kv_b(shape, k_b, v_b):
    return np.concatenate([k_b.transpose(0, 2, 1), v_b], axis=1).reshape(-1, shape.kv_lora_rank)


def gguf_metadata(shape, unsplit_kv_b):
    ordinary, merges, control = make_vocabulary(shape)
    expanded = {
        "attention.head_count_kv": shape.num_attention_heads,
        "attention.key_length": shape.qk_head_dim,
        "attention.value_length": shape.v_head_dim,
    }
    latent = {
        "attention.head_count_kv": 1,
        "attention.key_length": shape.kv_lora_rank + shape.qk_rope_head_dim,
        "attention.value_length": shape.kv_lora_rank,
        "attention.key_length_mla": shape.qk_head_dim,
        "attention.value_length_mla": shape.v_head_dim,
    }
    keys = {
        "block_count": shape.num_hidden_layers,
        "context_length": CONTEXT_LENGTH,
        "embedding_length": shape.hidden_size,
        "feed_forward_length": shape.intermediate_size,
        "attention.head_count": shape.num_attention_heads,
        "attention.layer_norm_rms_epsilon": float(shape.rms_norm_eps),
        "attention.kv_lora_rank": shape.kv_lora_rank,
        "rope.dimension_count": shape.qk_rope_head_dim,
        "rope.freq_base": float(shape.rope_theta),
        "leading_dense_block_count": shape.num_hidden_layers,
        "expert_feed_forward_length": shape.intermediate_size,
        "expert_shared_count": 0,
        "vocab_size": shape.vocab_size,
        **(expanded if unsplit_kv_b else latent),
    }
    if shape.q_lora_rank:
        keys["attention.q_lora_rank"] = shape.q_lora_rank
    return {
        "general.architecture": "deepseek2",
        "general.name": "random Youtu-LLM",
        **{f"deepseek2.{key}": value for key, value in keys.items()},
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": ordinary + control,
        "tokenizer.ggml.token_type": [1] * len(ordinary) + [3] * len(control),
        "tokenizer.ggml.merges": [" ".join(merge) for merge in merges],
        "tokenizer.ggml.bos_token_id": len(ordinary),
        "tokenizer.ggml.eos_token_id": len(ordinary) + 1,
        "tokenizer.ggml.padding_token_id": len(ordinary) + 1,
        "tokenizer.ggml.add_bos_token": False,
    }


def split_kv_b_shapes(shape):
    """Of attn_k_b and attn_v_b, as split_kv_b() makes them."""
    heads, latent = shape.num_attention_heads, shape.kv_lora_rank
    return (heads, latent, shape.qk_nope_head_dim), (heads, shape.v_head_dim, latent)


def gguf_arrays(model, unsplit_kv_b):
    """{GGUF name: float32 array, row length last}"""
    arrays = {}
    for name, values in model.weights.items():
        target = gguf_name(name)
        if target.endswith("attn_kv_b.weight") and not unsplit_kv_b:
            k_b, v_b = split_kv_b(model.shape, values)
            arrays[target.replace("attn_kv_b", "attn_k_b")] = k_b
            arrays[target.replace("attn_kv_b", "attn_v_b")] = v_b
        else:
            arrays[target] = values
    return arrays


def hugging_face_weights(shape, arrays):
    """gguf_arrays() backwards."""
    names = {gguf_name(f"{stem}.weight"): f"{stem}.weight" for stem in GGUF_TOP_NAMES}
    for layer in range(shape.num_hidden_layers):
        for rest in GGUF_LAYER_NAMES:
            name = f"model.layers.{layer}.{rest}.weight"
            names[gguf_name(name)] = name
    weights = {names[name]: values for name, values in arrays.items() if name in names}
    for name, values in arrays.items():
        if ".attn_k_b." in name:
            joined = join_kv_b(shape, values, arrays[name.replace("attn_k_b", "attn_v_b")])
            weights[names[name.replace("attn_k_b", "attn_kv_b")]] = joined
    return weights


def store_tensor(model, name, values, type_name):
    """(type, shape, bytes). Plain types hold the model's values; block types hold random bits of
    the same spread.
    """
    if values.ndim == 1:
        type_name = "F32"
    type_name = fitting_type(type_name, values.shape[-1])
    if type_name in PLAIN_TYPES:
        return type_name, values.shape, encode_plain(type_name, values)
    count = values.size // TYPES[type_name].block_values
    source = Stream(model.seed, f"{type_name}/{name}")
    return (
        type_name,
        values.shape,
        random_blocks(type_name, count, values.std(), source.bytes).tobytes(),
    )


def decoded_weights(shape, tensors):
    """The stored tensors of a GGUF file, {name: (type, shape, bytes)}, as float32 under their
    Hugging Face names.
    """
    return hugging_face_weights(
        shape,
        {
            name: decode(type_name, data).reshape(size)
            for name, (type_name, size, data) in tensors.items()
        },
    )


def make_gguf(
    path,
    model,
    recipe="F32",
    version=3,
    parts=1,
    unsplit_kv_b=False,
    alignment=32,
    extra_metadata=None,
):
    """recipe: a type name, or a function from a GGUF tensor name to one. Returns (path to open,
    weights as stored).
    """
    assert model.shape.rope_interleave, "no key of GGUF says that the rotation is half-split"
    choose = recipe if callable(recipe) else lambda name: recipe
    tensors = {
        name: store_tensor(model, name, values, choose(name))
        for name, values in gguf_arrays(model, unsplit_kv_b).items()
    }
    metadata = {**gguf_metadata(model.shape, unsplit_kv_b), **(extra_metadata or {})}
    opened = write_gguf(path, metadata, tensors, version, parts, alignment)
    return opened, decoded_weights(model.shape, tensors)


def read_gguf_weights(path, shape):
    return decoded_weights(shape, read_gguf_file(path)[1])
