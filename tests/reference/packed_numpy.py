"""The arithmetic of packed weights in NumPy: activations rounded to eight bits before every product,
weights in groups that share a scale. Written from the words of docs/performance.md, "Weights"; used
in place of youtu_numpy.multiply_exactly.
"""
import numpy as np

ACTIVATION_BLOCK = 128


def round_activations(x):
    """x [..., n]: each run of 128 values as multiples of its largest magnitude / 127."""
    x = np.asarray(x, np.float64)
    padded = np.zeros((*x.shape[:-1], -(-x.shape[-1] // ACTIVATION_BLOCK) * ACTIVATION_BLOCK))
    padded[..., : x.shape[-1]] = x
    blocks = padded.reshape(*x.shape[:-1], -1, ACTIVATION_BLOCK)
    scale = np.abs(blocks).max(axis=-1, keepdims=True) / 127
    steps = np.rint(np.divide(blocks, scale, out=np.zeros_like(blocks), where=scale > 0))
    return (steps * scale).reshape(padded.shape)[..., : x.shape[-1]]


def multiply_rounded(x, weight):
    return round_activations(x) @ weight.T


def multiply_rounded_twice(x, weight):
    """As in precise layers: what rounding left over is rounded and multiplied as well."""
    rounded = round_activations(x)
    return (rounded + round_activations(x - rounded)) @ weight.T


def round_to_8_bits(weight, group=32):
    """weight [rows, cols] as the form q8 stores it: levels of -128 to 127, scales in f16."""
    rows, cols = weight.shape
    padded = np.zeros((rows, -(-cols // group) * group), np.float32)
    padded[:, :cols] = weight
    groups = padded.reshape(rows, -1, group)
    scale = (np.abs(groups).max(axis=-1, keepdims=True) / np.float32(127)).astype(np.float16)
    scale = scale.astype(np.float32)
    levels = np.rint(np.divide(groups, scale, out=np.zeros_like(groups), where=scale > 0))
    return (np.clip(levels, -128, 127) * scale).reshape(padded.shape)[:, :cols]
