"""Writes a random model as a Hugging Face folder, in either spelling of config.json."""
import dataclasses
import json
import pathlib

from ggml_types import decode, encode_plain
from model_files import write_checkpoint
from random_model import CONTEXT_LENGTH, make_vocabulary


def tokenizer_json(shape):
    ordinary, merges, control = make_vocabulary(shape)
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": True,
    }
    added = [
        {
            "id": len(ordinary) + i,
            "content": text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, text in enumerate(control)
    ]
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {token: i for i, token in enumerate(ordinary)},
        "merges": [list(merge) for merge in merges],
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": model,
    }


def rope_fields(shape, style):
    """The three ways in which published files spell a rotation without scaling."""
    if style == "parameters":
        return {"rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta}}
    scaling = {"type": "yarn", "factor": 1.0, "mscale_all_dim": 0} if style == "yarn" else None
    return {"rope_theta": shape.rope_theta, "rope_scaling": scaling}


def config_json(shape, dtype, model_type, rope_style):
    fields = {
        f.name: getattr(shape, f.name) for f in dataclasses.fields(shape) if f.name != "rope_theta"
    }
    config = {
        "architectures": ["YoutuForCausalLM"],
        "model_type": model_type,
        **fields,
        "num_key_value_heads": shape.num_attention_heads,
        "qk_head_dim": shape.qk_head_dim,
        "head_dim": shape.qk_rope_head_dim,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "max_position_embeddings": CONTEXT_LENGTH,
        "use_cache": True,
        "bos_token_id": shape.vocab_size - 4,
        "eos_token_id": shape.vocab_size - 3,
        "pad_token_id": None,
    }
    torch_name = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[dtype]
    # The name of this field changed together with the spelling of the rotation.
    dtype_field = "dtype" if rope_style == "parameters" else "torch_dtype"
    return {**config, dtype_field: torch_name, **rope_fields(shape, rope_style)}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def write_hugging_face(
    folder, model, dtype="F32", shards=1, model_type="youtu", rope_style="parameters"
):
    """rope_style: parameters, yarn (of factor one) or plain."""
    folder, shape = pathlib.Path(folder), model.shape
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config_json(shape, dtype, model_type, rope_style))
    write_json(
        folder / "generation_config.json",
        {
            "eos_token_id": shape.vocab_size - 3,
            "top_k": 20,
            "top_p": 0.95,
            "pad_token_id": shape.vocab_size - 3,
            "use_cache": False,
        },
    )
    write_json(folder / "tokenizer.json", tokenizer_json(shape))
    write_json(
        folder / "tokenizer_config.json",
        {
            "bos_token": "<|begin_of_text|>",
            "eos_token": "<|end_of_text|>",
            "model_max_length": CONTEXT_LENGTH,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )
    write_checkpoint(folder, model.weights, dtype, shards)
    return {
        name: decode(dtype, encode_plain(dtype, values)).reshape(values.shape)
        for name, values in model.weights.items()
    }
