"""The two programs whose logits are compared with the reference: youtu-serve's `youtu eval`, and
llama.cpp through the npm package node-llama-cpp.
"""
import json
import os
import pathlib
import subprocess

import numpy as np

NODE_TESTS = pathlib.Path(__file__).resolve().parents[1] / "node"
TIMEOUT_SECONDS = 300


def token_list(tokens):
    return ",".join(str(token) for token in tokens)


def youtu_eval(program, model, tokens, folder, *options):
    """Logits [tokens, vocab] of `youtu eval`. Raises with the program's message if it fails."""
    output = pathlib.Path(folder) / "youtu_logits.npy"
    output.unlink(missing_ok=True)
    command = [
        program,
        "eval",
        "--model",
        str(model),
        "--tokens",
        token_list(tokens),
        "--logits",
        str(output),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)} ended with {done.returncode}: {done.stderr or done.stdout}"
        )
    logits = np.load(output)
    assert logits.dtype == np.float32, f"the logits are {logits.dtype}, not float32"
    return logits


def node_major_version():
    """0 where there is no node."""
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    except FileNotFoundError:
        return 0
    return int(version.lstrip("v").split(".")[0] or 0)


def llama_is_installed():
    # node-llama-cpp is written for node 20 and newer; Debian 12's own is 18.
    return (NODE_TESTS / "node_modules/node-llama-cpp").is_dir() and node_major_version() >= 20


def llama_logits(jobs, folder):
    """jobs: [(GGUF path, tokens, greedy tokens wanted)] -> per job (logits [tokens, vocab], greedy
    ids), or the text of the refusal where llama.cpp does not load the model. One process for all:
    starting it is what takes long.
    """
    folder = pathlib.Path(folder)
    requests = [
        {
            "model": str(path),
            "tokens": tokens,
            "greedy": greedy,
            "logits": str(folder / f"llama_{i}.f32"),
        }
        for i, (path, tokens, greedy) in enumerate(jobs)
    ]
    job_file = folder / "llama_jobs.json"
    job_file.write_text(json.dumps(requests))
    done = subprocess.run(
        ["node", str(NODE_TESTS / "llama_logits.mjs"), str(job_file)],
        cwd=NODE_TESTS,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        env={**os.environ, "NODE_OPTIONS": ""},
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(answers) != len(jobs):
        raise RuntimeError(
            f"llama_logits.mjs answered {len(answers)} of {len(jobs)} jobs: {done.stderr}"
        )
    results = []
    for request, answer in zip(requests, answers):
        if "error" in answer:
            results.append(answer["error"])
            continue
        logits = np.fromfile(request["logits"], np.float32).reshape(-1, answer["vocab_size"])
        results.append((logits, answer["greedy"]))
    return results
