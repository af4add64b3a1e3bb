"""llama.cpp's own libraries (as the npm package node-llama-cpp ships them) as a peer: its decoders
of GGUF's block types, and llama-quantize. Called through ctypes; nothing is built or downloaded
here.
"""
import ctypes
import functools
import pathlib

import numpy as np

from ggml_types import TYPES

LIBRARY_FOLDER = (
    pathlib.Path(__file__).resolve().parents[1]
    / "node/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
)

# enum llama_ftype, as far as the tests use it.
FILE_TYPES = {
    "Q4_0": 2,
    "Q4_1": 3,
    "Q8_0": 7,
    "Q5_0": 8,
    "Q5_1": 9,
    "Q2_K": 10,
    "Q3_K_M": 12,
    "Q4_K_M": 15,
    "Q5_K_M": 17,
    "Q6_K": 18,
    "IQ4_NL": 25,
    "IQ4_XS": 30,
    "BF16": 32,
    "MXFP4": 38,
}


def is_installed():
    return any(LIBRARY_FOLDER.glob("libggml-base*"))


@functools.cache
def library(stem):
    path = next(
        iter(
            sorted(LIBRARY_FOLDER.glob(f"{stem}.*so*")) + sorted(LIBRARY_FOLDER.glob(f"{stem}*.so"))
        )
    )
    return ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def decode(type_name, data):
    """The bytes of a tensor -> float32 values, by ggml's dequantize_row_*."""
    count = len(data) // TYPES[type_name].block_bytes * TYPES[type_name].block_values
    values = np.empty(count, np.float32)
    name = "dequantize_row_" + type_name.lower().replace("_k", "_K")
    function = getattr(library("libggml-base"), name)
    function.restype = None
    function.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int64]
    function(bytes(data), values.ctypes.data, count)
    return values


class QuantizeParams(ctypes.Structure):
    """The first fields of llama_model_quantize_params; the rest keeps its defaults. The tail only
    needs to be at least as long as the real structure, which llama_model_quantize_default_params()
    fills in through a pointer.
    """

    _fields_ = [
        ("nthread", ctypes.c_int32),
        ("ftype", ctypes.c_int32),
        ("rest", ctypes.c_byte * 248),
    ]


def quantize_file(source, target, file_type):
    """llama-quantize: writes the GGUF file `source` (F32) as `target` in one of FILE_TYPES."""
    library("libggml-base"), library("libggml")
    llama = library("libllama")
    llama.llama_model_quantize_default_params.restype = QuantizeParams
    llama.llama_log_set(QUIET, None)
    llama.llama_backend_init()
    params = llama.llama_model_quantize_default_params()
    params.nthread, params.ftype = 1, FILE_TYPES[file_type]
    llama.llama_model_quantize.restype = ctypes.c_uint32
    if (
        llama.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params))
        != 0
    ):
        raise RuntimeError(f"llama_model_quantize refused {source} as {file_type}")


QUIET = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
