"""Youtu-LLM's forward pass in NumPy: the independent statement that youtu-serve's numbers are
compared with.

It is written from the published description of the model (the Hugging Face reference
implementation's semantics), never from our C++, and computes in float64, so that whatever
difference is found is the other side's rounding. Attention is stated twice: `expanded` as the
reference does it, with keys and values per head, and `absorbed` in the latent space, with the
rotation written in its other equivalent form; that the two agree proves the algebra.

Weights are a dictionary of arrays under their Hugging Face names, each [out_features, in_features].
Every product with one goes through `multiply`, so that other arithmetic can be stated in its place
(packed_numpy.py).
"""
from dataclasses import dataclass

import numpy as np

# The reference builds the two latent norms with the class's default eps, whatever config.json says.
LATENT_NORM_EPS = 1e-6


@dataclass(frozen=True)
class YoutuShape:
    """The fields of config.json that the mathematics depends on, under their own names."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    q_lora_rank: int | None  # None: one direct q_proj
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int
    vocab_size: int
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1600000.0
    rope_interleave: bool = True
    tie_word_embeddings: bool = True

    @property
    def qk_head_dim(self):
        return self.qk_nope_head_dim + self.qk_rope_head_dim


def multiply_exactly(x, weight):
    """x [..., in] times weight [out, in]"""
    return x @ weight.T


def rms_norm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def silu(x):
    return x / (1.0 + np.exp(-x))


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits):
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def rope_angles(shape, positions):
    """[tokens, qk_rope_head_dim / 2]"""
    exponents = np.arange(0, shape.qk_rope_head_dim, 2) / shape.qk_rope_head_dim
    return np.multiply.outer(positions.astype(np.float64), shape.rope_theta**-exponents)


def rotate_as_reference(shape, x, positions):
    """x: [tokens, heads, rope]. With rope_interleave the even entries are gathered before the odd
    ones, and then halves are rotated against each other; the result stays in the gathered order.
    """
    half = shape.qk_rope_head_dim // 2
    if shape.rope_interleave:
        x = np.concatenate([x[..., 0::2], x[..., 1::2]], axis=-1)
    angles = np.concatenate([rope_angles(shape, positions)] * 2, axis=-1)[:, None, :]
    turned = np.concatenate([-x[..., half:], x[..., :half]], axis=-1)
    return x * np.cos(angles) + turned * np.sin(angles)


def rotate_in_place(shape, x, positions):
    """The same rotation without moving entries: pairs are adjacent with rope_interleave, half a
    head apart without.
    """
    half = shape.qk_rope_head_dim // 2
    first = np.arange(half) * 2 if shape.rope_interleave else np.arange(half)
    second = first + (1 if shape.rope_interleave else half)
    turn = np.exp(1j * rope_angles(shape, positions))[:, None, :]
    turned = (x[..., first] + 1j * x[..., second]) * turn
    result = np.empty_like(x)
    result[..., first], result[..., second] = turned.real, turned.imag
    return result


def project_attention_inputs(shape, weights, prefix, a, multiply):
    """The normalised input a [tokens, hidden] becomes queries [tokens, heads, nope + rope], the
    normalised latent [tokens, kv_lora_rank] and the rope key, one for all heads, [tokens, 1, rope],
    neither of them rotated yet.
    """
    if shape.q_lora_rank is None:
        q = multiply(a, weights[prefix + "q_proj.weight"])
    else:
        q_latent = rms_norm(
            multiply(a, weights[prefix + "q_a_proj.weight"]),
            weights[prefix + "q_a_layernorm.weight"],
            LATENT_NORM_EPS,
        )
        q = multiply(q_latent, weights[prefix + "q_b_proj.weight"])
    q = q.reshape(len(a), shape.num_attention_heads, shape.qk_head_dim)
    kv = multiply(a, weights[prefix + "kv_a_proj_with_mqa.weight"])
    latent = rms_norm(
        kv[:, : shape.kv_lora_rank], weights[prefix + "kv_a_layernorm.weight"], LATENT_NORM_EPS
    )
    return q, latent, kv[:, None, shape.kv_lora_rank :]


def causal_softmax(scores):
    """scores: [heads, queries, keys]"""
    queries, keys = scores.shape[-2:]
    return softmax(np.where(np.tril(np.ones((queries, keys), bool)), scores, -np.inf))


def expanded_attention(shape, weights, prefix, a, positions, multiply):
    nope, heads = shape.qk_nope_head_dim, shape.num_attention_heads
    q, latent, rope_key = project_attention_inputs(shape, weights, prefix, a, multiply)
    kv = multiply(latent, weights[prefix + "kv_b_proj.weight"]).reshape(
        len(a), heads, nope + shape.v_head_dim
    )
    rope_key = rotate_as_reference(shape, rope_key, positions)
    query = np.concatenate(
        [q[..., :nope], rotate_as_reference(shape, q[..., nope:], positions)], axis=-1
    )
    key = np.concatenate(
        [kv[..., :nope], np.broadcast_to(rope_key, (len(a), heads, rope_key.shape[-1]))], axis=-1
    )
    weight = causal_softmax(np.einsum("qhd,khd->hqk", query, key) * shape.qk_head_dim**-0.5)
    return np.einsum("hqk,khd->qhd", weight, kv[..., nope:])


def absorbed_attention(shape, weights, prefix, a, positions, multiply):
    nope, heads = shape.qk_nope_head_dim, shape.num_attention_heads
    q, latent, rope_key = project_attention_inputs(shape, weights, prefix, a, multiply)
    kv_b = weights[prefix + "kv_b_proj.weight"].reshape(
        heads, nope + shape.v_head_dim, shape.kv_lora_rank
    )
    rope_key = rotate_in_place(shape, rope_key, positions)[:, 0]
    rope_query = rotate_in_place(shape, q[..., nope:], positions)
    latent_query = np.stack(
        [multiply(q[:, h, :nope], kv_b[h, :nope].T) for h in range(heads)], axis=1
    )
    scores = np.einsum("qhl,kl->hqk", latent_query, latent) + np.einsum(
        "qhr,kr->hqk", rope_query, rope_key
    )
    weight = causal_softmax(scores * shape.qk_head_dim**-0.5)
    attended = np.einsum("hqk,kl->qhl", weight, latent)
    return np.stack([multiply(attended[:, h], kv_b[h, nope:]) for h in range(heads)], axis=1)


ATTENTION = {"expanded": expanded_attention, "absorbed": absorbed_attention}


def forward(shape, weights, tokens, attention="expanded", multiply=multiply_exactly):
    """Logits [tokens, vocab_size] in float64 after each prefix of `tokens`."""
    weights = {name: np.asarray(values, np.float64) for name, values in weights.items()}
    positions = np.arange(len(tokens))
    x = weights["model.embed_tokens.weight"][np.asarray(tokens)]
    for layer in range(shape.num_hidden_layers):
        prefix = f"model.layers.{layer}."
        a = rms_norm(x, weights[prefix + "input_layernorm.weight"], shape.rms_norm_eps)
        heads = ATTENTION[attention](shape, weights, prefix + "self_attn.", a, positions, multiply)
        heads = heads.reshape(len(tokens), -1)
        x = x + multiply(heads, weights[prefix + "self_attn.o_proj.weight"])
        b = rms_norm(x, weights[prefix + "post_attention_layernorm.weight"], shape.rms_norm_eps)
        gated = silu(multiply(b, weights[prefix + "mlp.gate_proj.weight"])) * multiply(
            b, weights[prefix + "mlp.up_proj.weight"]
        )
        x = x + multiply(gated, weights[prefix + "mlp.down_proj.weight"])
    x = rms_norm(x, weights["model.norm.weight"], shape.rms_norm_eps)
    head = "model.embed_tokens.weight" if shape.tie_word_embeddings else "lm_head.weight"
    return multiply(x, weights[head])


def relative_error(ours, reference):
    """(largest difference over the largest reference logit, the same at the worst position)"""
    difference = np.abs(np.asarray(ours, np.float64) - reference)
    if not np.isfinite(difference).all():
        return np.inf, np.inf
    return (
        difference.max() / np.abs(reference).max(),
        (difference.max(axis=-1) / np.abs(reference).max(axis=-1)).max(),
    )
