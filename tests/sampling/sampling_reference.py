"""The sampling rules, stated once more in NumPy and compared with the sampler of src/sampling.

The statement follows the definitions of Hugging Face's logits processors and warpers (RepetitionPenalty, NoRepeatNGram,
Temperature, TopK, TopP, MinP) and of vLLM's presence and frequency penalties. It sorts, masks and normalises the whole
vocabulary in float64, the plain way; nothing in it is taken from our C++.

    sampling_reference.py <print_distribution> [seed]
"""

import subprocess
import sys

import numpy as np

TOLERANCE = 1e-5
NEUTRAL = dict(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repetition=1.0, presence=0.0,
               frequency=0.0, ngram=0)
FIELDS = ["temperature", "top_k", "top_p", "min_p", "repetition", "presence", "frequency", "ngram"]


def softmax(logits):
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


def repetition_penalty(logits, tokens, penalty):
    seen = np.unique(tokens)
    chosen = logits[seen]
    logits[seen] = np.where(chosen < 0, chosen * penalty, chosen / penalty)


def no_repeat_ngram(logits, tokens, size):
    if len(tokens) + 1 < size:
        return
    followers = {}
    for start in range(len(tokens) - size + 1):
        ngram = tokens[start:start + size]
        followers.setdefault(tuple(ngram[:-1]), []).append(ngram[-1])
    prefix = tuple(tokens[len(tokens) + 1 - size:])
    logits[followers.get(prefix, [])] = -np.inf


def presence_and_frequency(logits, completion, presence, frequency):
    counts = np.bincount(completion, minlength=len(logits)).astype(np.float32)
    logits -= np.float32(frequency) * counts
    logits -= np.float32(presence) * (counts > 0)


def keep_top_k(logits, k):
    k = min(k, len(logits))
    threshold = np.sort(logits)[-k]
    logits[logits < threshold] = -np.inf


def keep_top_p(logits, top_p):
    order = np.argsort(logits, kind="stable")
    cumulative = np.cumsum(softmax(logits)[order])
    cut = cumulative <= 1 - top_p
    cut[-1] = False
    logits[order[cut]] = -np.inf


def keep_min_p(logits, min_p):
    probabilities = softmax(logits)
    logits[probabilities < min_p * probabilities.max()] = -np.inf


def distribution(logits, tokens, num_prompt, p):
    """Probabilities [V], or None where there is no distribution."""
    logits = logits.astype(np.float32).copy()
    if p["repetition"] != 1.0 and len(tokens):
        repetition_penalty(logits, tokens, np.float32(p["repetition"]))
    if p["ngram"] > 0:
        no_repeat_ngram(logits, list(tokens), p["ngram"])
    if p["presence"] or p["frequency"]:
        presence_and_frequency(logits, tokens[num_prompt:], p["presence"], p["frequency"])
    if np.isnan(logits).any() or np.isposinf(logits).any() or np.isneginf(logits).all():
        return None
    if p["temperature"] == 0:
        greedy = np.zeros(len(logits))
        greedy[np.argmax(logits)] = 1
        return greedy
    logits = logits.astype(np.float64) / p["temperature"]
    if p["top_k"] > 0:
        keep_top_k(logits, p["top_k"])
    if p["top_p"] < 1:
        keep_top_p(logits, p["top_p"])
    if p["min_p"] > 0:
        keep_min_p(logits, p["min_p"])
    return softmax(logits)


def make_case(random, vocab, kind, changes):
    if kind == "normal":
        logits = random.normal(0, random.choice([0.5, 2.0, 6.0]), vocab)
    elif kind == "ties":
        logits = np.round(random.normal(0, 2, vocab))
    elif kind == "banned":
        logits = random.normal(0, 2, vocab)
        logits[random.random(vocab) < 0.5] = -np.inf
        logits[random.integers(vocab)] = 1.0
    elif kind == "nan":
        logits = random.normal(0, 2, vocab)
        logits[random.integers(vocab)] = np.nan
    else:
        raise ValueError(kind)
    # A history over few distinct tokens, so that n-grams do repeat.
    length = int(random.integers(0, 60))
    alphabet = random.integers(0, vocab, 4)
    tokens = alphabet[random.integers(0, 4, length)] if length else np.zeros(0, dtype=np.int64)
    num_prompt = int(random.integers(0, length + 1))
    return logits.astype(np.float32), tokens, num_prompt, {**NEUTRAL, **changes}


SINGLE = [
    {}, {"temperature": 0}, {"temperature": 0.3}, {"temperature": 5.0}, {"top_k": 1}, {"top_k": 5},
    {"top_k": 40}, {"top_k": 10**6}, {"top_p": 0.1}, {"top_p": 0.9}, {"top_p": 0.9999},
    {"min_p": 0.05}, {"min_p": 1.0}, {"repetition": 1.3}, {"repetition": 0.5}, {"presence": 1.5},
    {"presence": -2.0}, {"frequency": 0.7}, {"frequency": -0.4}, {"ngram": 1}, {"ngram": 2},
    {"ngram": 3}, {"ngram": 6},
]
PRESETS = [
    dict(temperature=0.3, top_k=30, top_p=0.8, repetition=1.1),
    dict(temperature=0.5, top_k=40, top_p=0.9, repetition=1.2),
    dict(temperature=0.7, top_k=50, top_p=0.95, repetition=1.3),
    dict(temperature=0.7, top_k=20, top_p=0.8),
    dict(temperature=1.0, top_k=20, top_p=0.95, repetition=1.05),
]


def random_chain(random):
    choose = lambda *values: values[random.integers(len(values))]
    return dict(temperature=choose(0, 0.2, 0.7, 1.0, 1.5, 8.0), top_k=choose(0, -1, 3, 40, 700),
                top_p=choose(1.0, 0.5, 0.9, 0.99), min_p=choose(0, 0, 0.02, 0.3),
                repetition=choose(1.0, 1.1, 1.5, 0.8), presence=choose(0, 0, 0.6, -1.0),
                frequency=choose(0, 0, 0.2, -0.3), ngram=choose(0, 0, 2, 3))


def all_cases(random):
    for vocab, repeats in [(7, 8), (63, 4), (64, 4), (65, 4), (1000, 4), (16385, 1), (128256, 1)]:
        changes = SINGLE + PRESETS + [random_chain(random) for _ in range(20)]
        if vocab == 128256:
            changes = SINGLE[1:9] + PRESETS + [random_chain(random) for _ in range(4)]
        for change in changes:
            for _ in range(repeats):
                yield make_case(random, vocab, "normal", change)
            if vocab < 20000:
                for kind in ("ties", "banned", "nan"):
                    yield make_case(random, vocab, kind, change)


def as_text(case):
    logits, tokens, num_prompt, params = case
    values = " ".join(repr(params[field]) for field in FIELDS)
    return (f"{len(logits)} {num_prompt} {values}\n{' '.join(map(str, tokens))}\n"
            f"{' '.join('%.9g' % x for x in logits)}\n")


def parse_answer(line, vocab):
    if line.startswith("error"):
        return line.split()[1]
    probabilities = np.zeros(vocab)
    for pair in line.split():
        token, probability = pair.split(":")
        probabilities[int(token)] = float(probability)
    return probabilities


def check(case, line):
    """A description of what is wrong, or None."""
    expected = distribution(*case)
    answer = parse_answer(line, len(case[0]))
    if expected is None or isinstance(answer, str):
        if expected is None and isinstance(answer, str) and answer == "numeric_error":
            return None
        return f"reference {'has none' if expected is None else 'has one'}, sampler says {line[:60]}"
    difference = np.abs(expected - answer)
    if difference.max() <= TOLERANCE:
        return None
    token = int(difference.argmax())
    return f"token {token}: reference {expected[token]:.9g}, sampler {answer[token]:.9g}"


def main():
    tool = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20260119
    print("seed", seed)
    cases = list(all_cases(np.random.default_rng(seed)))
    text = "".join(map(as_text, cases))
    run = subprocess.run([tool], input=text, capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    if len(lines) != len(cases):
        sys.exit(f"{len(cases)} cases, {len(lines)} answers")
    failures = 0
    for number, (case, line) in enumerate(zip(cases, lines)):
        problem = check(case, line)
        if problem:
            failures += 1
            print(f"case {number} (vocabulary {len(case[0])}, {case[3]}): {problem}")
    print(f"{len(cases)} cases, {failures} failures")
    sys.exit(1 if failures else 0)


main()
