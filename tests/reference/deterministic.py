"""Random numbers that are the same on every machine and with every release of NumPy: splitmix64
over a counter. NumPy's own generators may change their streams between releases, which would
silently change committed data.
"""
import hashlib

import numpy as np

STEP = np.uint64(0x9E3779B97F4A7C15)


class Stream:
    """One independent stream per name: adding a tensor to a model changes no other tensor."""

    def __init__(self, seed, name):
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self.state = np.uint64(int.from_bytes(digest[:8], "little"))
        self.drawn = 0

    def uint64(self, count):
        with np.errstate(over="ignore"):
            z = self.state + STEP * np.arange(
                self.drawn + 1, self.drawn + count + 1, dtype=np.uint64
            )
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
        self.drawn += count
        return z

    def bytes(self, count):
        return self.uint64(-(-count // 8)).view(np.uint8)[:count]

    def integers(self, count, limit):
        return (self.uint64(count) % np.uint64(limit)).astype(np.int64)

    def normal(self, shape, std=1.0):
        """Bell-shaped: the sum of four 16-bit uniform numbers, exact in float64."""
        count = int(np.prod(shape))
        parts = self.uint64(count).view("<u2").reshape(count, 4).astype(np.float64)
        values = (parts.sum(axis=1) - 4 * 32767.5) / 65536.0 * np.sqrt(3.0)
        return (values * std).astype(np.float32).reshape(shape)
