"""The sampling rules, stated once more in NumPy and compared with the sampler of src/sampling, and stage by stage with
what it says of itself.

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


BEFORE_TEMPERATURE = {"model", "repetition_penalty", "no_repeat_ngram_size", "presence_and_frequency_penalty"}


def stages(logits, tokens, num_prompt, p):
    """(name, logits [V]) after each stage that is in force; what it took is -inf."""
    logits = logits.astype(np.float32).copy()
    if p["repetition"] != 1.0:
        if len(tokens):
            repetition_penalty(logits, tokens, np.float32(p["repetition"]))
        yield "repetition_penalty", logits.copy()
    if p["ngram"] > 0:
        no_repeat_ngram(logits, list(tokens), p["ngram"])
        yield "no_repeat_ngram_size", logits.copy()
    if p["presence"] or p["frequency"]:
        presence_and_frequency(logits, tokens[num_prompt:], p["presence"], p["frequency"])
        yield "presence_and_frequency_penalty", logits.copy()
    if p["temperature"] == 0:
        best = np.argmax(logits)
        logits[np.arange(len(logits)) != best] = -np.inf
        yield "temperature", logits.copy()
        return
    logits = logits.astype(np.float64) / p["temperature"]
    if p["temperature"] != 1:
        yield "temperature", logits.copy()
    if 0 < p["top_k"] < len(logits):
        keep_top_k(logits, p["top_k"])
        yield "top_k", logits.copy()
    if p["top_p"] < 1:
        keep_top_p(logits, p["top_p"])
        yield "top_p", logits.copy()
    if p["min_p"] > 0:
        keep_min_p(logits, p["min_p"])
        yield "min_p", logits.copy()


def has_distribution(logits):
    return not (np.isnan(logits).any() or np.isposinf(logits).any() or np.isneginf(logits).all())


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


def check(case, lines):
    """A description of what is wrong, or None. Takes from `lines` what answers the case."""
    line = next(lines)
    answer = parse_answer(line, len(case[0]))
    with np.errstate(invalid="ignore"):
        steps = [("model", case[0])] + list(stages(*case))
    is_drawable = has_distribution([logits for name, logits in steps if name in BEFORE_TEMPERATURE][-1])
    if not is_drawable or isinstance(answer, str):
        if not is_drawable and isinstance(answer, str) and answer == "numeric_error":
            return None
        return f"reference {'has one' if is_drawable else 'has none'}, sampler says {line[:60]}"
    expected = [(name, softmax(logits.astype(np.float64)), ~np.isneginf(logits)) for name, logits in steps]
    difference = np.abs(expected[-1][1] - answer)
    if difference.max() > TOLERANCE:
        token = int(difference.argmax())
        return f"token {token}: reference {expected[-1][1][token]:.9g}, sampler {answer[token]:.9g}"
    explanation = next(lines)
    # A ban may take what was no number, but until then there is nothing to compare.
    return check_explanation(expected, explanation) if has_distribution(case[0]) else None


def check_explanation(expected, line):
    """Stages, how many tokens they left, and what became of the likeliest."""
    words = line.split()
    reports = [word.split(":") for word in words if ":" in word]
    if [name for name, _ in reports] != [name for name, *_ in expected[1:]]:
        return f"the stages are {[name for name, *_ in expected[1:]]}, the sampler says {line[:80]}"
    for (name, left), (_, probabilities, is_left) in zip(reports, expected[1:]):
        # Where a cut falls between tokens of next to no weight, rounding decides.
        edge = probabilities[is_left].min()
        if int(left) != is_left.sum() and not (name == "top_p" and edge * abs(int(left) - is_left.sum()) < TOLERANCE):
            return f"{name} leaves {is_left.sum()}, the sampler says {left}"
    for word in words[len(reports):]:
        token, removed_by, shares = word.split("/")
        left = [is_left[int(token)] for *_, is_left in expected[1:]]
        if int(removed_by) != (left.index(False) if False in left else -1):
            return f"token {token} is left by {left}, the sampler says {word}"
        wanted = [probabilities[int(token)] for _, probabilities, _ in expected[1:]]
        if wanted and np.abs(np.array(wanted) - np.array(shares.split(","), dtype=float)).max() > TOLERANCE:
            return f"token {token} has {wanted} after the stages, the sampler says {word}"
    return None


def main():
    tool = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20260119
    print("seed", seed)
    cases = list(all_cases(np.random.default_rng(seed)))
    text = "".join(map(as_text, cases))
    run = subprocess.run([tool], input=text, capture_output=True, text=True, check=True)
    lines = iter(run.stdout.splitlines())
    failures = 0
    for number, case in enumerate(cases):
        problem = check(case, lines)
        if problem:
            failures += 1
            print(f"case {number} (vocabulary {len(case[0])}, {case[3]}): {problem}")
    if rest := list(lines):
        sys.exit(f"{len(rest)} lines more than cases ask for")
    print(f"{len(cases)} cases, {failures} failures")
    sys.exit(1 if failures else 0)


main()
