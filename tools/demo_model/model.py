"""The Youtu-LLM architecture in PyTorch: a dense transformer with multi-head latent attention.

One idea: this is the plain, expanded form of the forward pass in the order of the paper, so it
doubles as its description.  Module names are those of the published checkpoints, therefore
`state_dict()` is the content of `model.safetensors` as it stands.

Shape letters: B batch, T tokens, H hidden, N heads, Q query latent, L key-value latent,
D nope width, R rope width, V value width.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model, under the names of `config.json`."""

    vocab_size: int = 4096
    hidden_size: int = 256
    num_hidden_layers: int = 4
    num_attention_heads: int = 8
    q_lora_rank: int = 192
    kv_lora_rank: int = 128
    qk_nope_head_dim: int = 32
    qk_rope_head_dim: int = 32
    v_head_dim: int = 32
    intermediate_size: int = 768
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1.6e6

    @property
    def qk_head_dim(self) -> int:
        """Width of one head in the scores."""
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    def to_document(self, bos_token_id: int, eos_token_id: int) -> dict:
        """The content of `config.json`."""
        shape = asdict(self)
        theta = shape.pop("rope_theta")
        return {
            "architectures": ["YoutuForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": bos_token_id,
            "dtype": "bfloat16",
            "eos_token_id": eos_token_id,
            "head_dim": self.qk_rope_head_dim,
            "hidden_act": "silu",
            "mlp_bias": False,
            "model_type": "youtu",
            "num_key_value_heads": self.num_attention_heads,
            "pad_token_id": None,
            "qk_head_dim": self.qk_head_dim,
            "rope_interleave": True,
            "rope_parameters": {"rope_theta": theta, "rope_type": "default"},
            "tie_word_embeddings": True,
            "use_cache": True,
            **shape,
        }


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def rope_table(config: ModelConfig, length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position and frequency, each [T, R/2]."""
    width = config.qk_rope_head_dim
    exponents = torch.arange(0, width, 2, dtype=torch.float64) / width
    angles = torch.arange(length, dtype=torch.float64)[:, None] * config.rope_theta ** -exponents
    return angles.cos().float(), angles.sin().float()


def rotate_pairs(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates adjacent pairs (2i, 2i+1) of x [B, T, N, R]: the interleaved form of rope."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = cos[:, None, :], sin[:, None, :]
    return torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(-2)


class LatentAttention(nn.Module):
    """Multi-head latent attention with low-rank paths for queries and for keys and values."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        heads, hidden = config.num_attention_heads, config.hidden_size
        latent, rope = config.kv_lora_rank, config.qk_rope_head_dim
        key_value = config.qk_nope_head_dim + config.v_head_dim
        self.q_a_proj = nn.Linear(hidden, config.q_lora_rank, bias=False)
        self.q_a_layernorm = RMSNorm(config.q_lora_rank, config.rms_norm_eps)
        self.q_b_proj = nn.Linear(config.q_lora_rank, heads * config.qk_head_dim, bias=False)
        self.kv_a_proj_with_mqa = nn.Linear(hidden, latent + rope, bias=False)
        self.kv_a_layernorm = RMSNorm(latent, config.rms_norm_eps)
        self.kv_b_proj = nn.Linear(latent, heads * key_value, bias=False)
        self.o_proj = nn.Linear(heads * config.v_head_dim, hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        config = self.config
        batch, length, _ = x.shape
        heads, nope = config.num_attention_heads, config.qk_nope_head_dim

        q = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x)))
        q = q.view(batch, length, heads, config.qk_head_dim)
        q_nope, q_rope = q.split([nope, config.qk_rope_head_dim], dim=-1)

        latent, k_rope = self.kv_a_proj_with_mqa(x).split(
            [config.kv_lora_rank, config.qk_rope_head_dim], dim=-1)
        key_value = self.kv_b_proj(self.kv_a_layernorm(latent))
        k_nope, v = key_value.view(batch, length, heads, -1).split(
            [nope, config.v_head_dim], dim=-1)

        # One rope key per token serves all heads.
        k_rope = rotate_pairs(k_rope[:, :, None, :], cos, sin).expand(-1, -1, heads, -1)
        q = torch.cat((q_nope, rotate_pairs(q_rope, cos, sin)), dim=-1).transpose(1, 2)
        k = torch.cat((k_nope, k_rope), dim=-1).transpose(1, 2)

        scores = q @ k.transpose(-1, -2) * config.qk_head_dim ** -0.5 + mask
        attended = scores.softmax(-1) @ v.transpose(1, 2)
        return self.o_proj(attended.transpose(1, 2).reshape(batch, length, -1))


class GatedMlp(nn.Module):
    """down(silu(gate(x)) * up(x))."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """Attention and MLP, each behind a norm and added to the residual stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = LatentAttention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = GatedMlp(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class YoutuModel(nn.Module):
    """The decoder without its head, so that parameter names begin with `model.`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            DecoderLayer(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class YoutuForCausalLM(nn.Module):
    """The whole model; the head is the transposed embedding."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = YoutuModel(config)
        self._initialise()

    def _initialise(self) -> None:
        # Projections that write into the residual stream start smaller, so that depth does not
        # change its size at the beginning of training.
        residual_scale = 1 / math.sqrt(2 * self.config.num_hidden_layers)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                writes_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=0.04 * (residual_scale if writes_residual else 1))

    def hidden_states(self, ids: Tensor) -> Tensor:
        """The normalised output [B, T, H] for ids [B, T], before the head."""
        length = ids.shape[1]
        cos, sin = rope_table(self.config, length)
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, cos, sin, mask)
        return self.model.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of every token of the vocabulary."""
        return hidden @ self.model.embed_tokens.weight.T

    def forward(self, ids: Tensor) -> Tensor:
        return self.logits(self.hidden_states(ids))
