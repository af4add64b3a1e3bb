"""Writes one of the random models to disk.

usage: write_random_model.py SHAPE OUTPUT [--type F32] [--shards 1] [--legacy] [--unsplit]
       OUTPUT ending in .gguf makes a GGUF file, anything else a folder.
"""
import argparse

from gguf_model import make_gguf, mixed_recipe
from hugging_face_folder import write_hugging_face
from random_model import SHAPES, make_model


def main():
    parser = argparse.ArgumentParser(
        description="Writes a small random model of Youtu-LLM's architecture."
    )
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("output")
    parser.add_argument(
        "--type", default="F32", help="a type of GGUF, or mixed; folders: F32, F16 or BF16"
    )
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument(
        "--legacy", action="store_true", help="config.json: rope_theta and rope_scaling, youtu_llm"
    )
    parser.add_argument("--unsplit", action="store_true", help="GGUF: attn_kv_b and no *_mla keys")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    model = make_model(SHAPES[args.shape], args.seed)
    if args.output.endswith(".gguf"):
        recipe = mixed_recipe if args.type == "mixed" else args.type
        print(
            make_gguf(args.output, model, recipe, parts=args.shards, unsplit_kv_b=args.unsplit)[0]
        )
        return
    write_hugging_face(
        args.output,
        model,
        args.type,
        args.shards,
        "youtu_llm" if args.legacy else "youtu",
        "yarn" if args.legacy else "parameters",
    )
    print(args.output)


if __name__ == "__main__":
    main()
