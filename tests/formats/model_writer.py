"""Small models and parts of model files, written with the standard library alone. Everything that a reader could
believe can be given wrongly.
"""
import json
import pathlib
import struct

CONFIG = {
    "architectures": ["YoutuForCausalLM"], "model_type": "youtu", "hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "q_lora_rank": None,
    "kv_lora_rank": 32, "qk_nope_head_dim": 32, "qk_rope_head_dim": 8, "v_head_dim": 16, "vocab_size": 40,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}
LAYER = {  # Hugging Face name: (GGUF name, shape)
    "input_layernorm": ("attn_norm", [32]), "self_attn.q_proj": ("attn_q", [80, 32]),
    "self_attn.kv_a_proj_with_mqa": ("attn_kv_a_mqa", [40, 32]),
    "self_attn.kv_a_layernorm": ("attn_kv_a_norm", [32]), "self_attn.kv_b_proj": ("attn_kv_b", [96, 32]),
    "self_attn.o_proj": ("attn_output", [32, 32]), "post_attention_layernorm": ("ffn_norm", [32]),
    "mlp.gate_proj": ("ffn_gate", [64, 32]), "mlp.up_proj": ("ffn_up", [64, 32]),
    "mlp.down_proj": ("ffn_down", [32, 64]),
}
TENSORS = {"model.embed_tokens.weight": [40, 32], "model.norm.weight": [32],
           **{f"model.layers.0.{name}.weight": shape for name, (_, shape) in LAYER.items()}}
GGUF_TENSORS = {"token_embd.weight": [40, 32], "output_norm.weight": [32],
                **{f"blk.0.{name}.weight": shape for name, shape in LAYER.values()}}


def product(numbers):
    result = 1
    for number in numbers:
        result *= number
    return result


# ---- safetensors -------------------------------------------------------------------------------------------------


def safetensors(header, data=b"", length=None):
    """`header`: a dictionary or raw bytes; `length`: what the file says instead of the truth."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def checkpoint(tensors=None, dtype="F32", width=4):
    header, offset = {}, 0
    for name, shape in (TENSORS if tensors is None else tensors).items():
        size = product(shape) * width
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    return safetensors(header, bytes(offset))


def write_folder(folder, config=None, weights=None):
    """`config`: changes to CONFIG, or raw bytes; `weights`: bytes of model.safetensors."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    text = config if isinstance(config, bytes) else json.dumps({**CONFIG, **(config or {})}).encode()
    (folder / "config.json").write_bytes(text)
    (folder / "model.safetensors").write_bytes(checkpoint() if weights is None else weights)
    return folder


# ---- GGUF --------------------------------------------------------------------------------------------------------

U8, U16, U32, I32, F32, BOOL, STRING, ARRAY, U64 = 0, 2, 4, 5, 6, 7, 8, 9, 10
LAYOUTS = {U8: "<B", U16: "<H", U32: "<I", I32: "<i", F32: "<f", BOOL: "<?", U64: "<Q"}
A = "deepseek2."


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, content):
    return string(content) if kind == STRING else struct.pack(LAYOUTS[kind], content)


def array(kind, items, count=None):
    body = b"".join(value(kind, item) for item in items)
    return ARRAY, struct.pack("<IQ", kind, len(items) if count is None else count) + body


def pair(key, kind, content):
    """`content`: bytes are the value as they are."""
    return string(key) + struct.pack("<I", kind) + (content if isinstance(content, bytes) else value(kind, content))


def keys(changes=None):
    """{key: (type, value)} of the small model; a change to None leaves the key out."""
    numbers = {"block_count": 1, "context_length": 64, "embedding_length": 32, "feed_forward_length": 64,
               "attention.head_count": 2, "attention.head_count_kv": 2, "attention.kv_lora_rank": 32,
               "attention.key_length": 40, "attention.value_length": 16, "rope.dimension_count": 8, "vocab_size": 40}
    result = {"general.architecture": (STRING, "deepseek2"), **{A + k: (U32, v) for k, v in numbers.items()},
              A + "rope.freq_base": (F32, 10000.0), A + "attention.layer_norm_rms_epsilon": (F32, 1e-6),
              **(changes or {})}
    return {key: entry for key, entry in result.items() if entry is not None}


def vocabulary(tokens, merges=(), types=None, eos=1):
    result = {"tokenizer.ggml.model": (STRING, "gpt2"), "tokenizer.ggml.pre": (STRING, "gpt-2"),
              "tokenizer.ggml.tokens": array(STRING, tokens), "tokenizer.ggml.merges": array(STRING, merges),
              "tokenizer.ggml.eos_token_id": (U32, eos)}
    result["tokenizer.ggml.token_type"] = array(I32, [1] * len(tokens) if types is None else types)
    return result


def info(name, dims, kind, offset):
    """`dims`: innermost first."""
    return string(name) + struct.pack("<I", len(dims)) + b"".join(
        struct.pack("<Q", dim % 2**64) for dim in dims) + struct.pack("<IQ", kind, offset)


def tensor_infos(tensors=None):
    infos, offset = b"", 0
    for name, shape in (GGUF_TENSORS if tensors is None else tensors).items():
        infos += info(name, shape[::-1], 0, offset)
        offset += -(-product(shape) * 4 // 32) * 32
    return infos, offset


def gguf(pairs=None, infos=None, num_tensors=None, num_pairs=None, version=3, magic=b"GGUF", raw_pairs=b""):
    """A file of `pairs` ({key: (type, value)}) and of infos with their number of data bytes."""
    pairs = keys() if pairs is None else pairs
    names = GGUF_TENSORS if infos is None else None
    infos, data = tensor_infos() if infos is None else infos
    count = len(names) if names is not None else num_tensors
    head = magic + struct.pack("<IQQ", version, num_tensors if num_tensors is not None else count,
                               num_pairs if num_pairs is not None else len(pairs))
    head += b"".join(pair(key, *entry) for key, entry in pairs.items()) + raw_pairs + infos
    return head + bytes(-len(head) % 32) + bytes(data)
