"""What is compared: rows of a table, and the measurements that fill them."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One measurement of one engine: `batch` sequences compute `prompt` tokens each, then generate `tokens` each, one
    a step, together. It gives two speeds: of the prompts, and of the generation at that depth.
    """

    prompt: int
    batch: int
    tokens: int
    busy: bool = False  # beside one busy process per core


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    kind: str  # which of the request's two speeds: "prompt" or "generate"
    request: Request


# The prompt of 4096 is also the context that the last row generates at, so that it is computed once.
LONG = Request(prompt=4096, batch=1, tokens=16)

CASES = {
    case.name: case
    for case in [
        Case("stream_1", "1 stream", "generate", Request(0, 1, 32)),
        *(
            Case(f"streams_{batch}", f"{batch} streams, total", "generate", Request(0, batch, 16))
            for batch in (2, 4, 8, 16)
        ),
        Case("prompt_512", "prompt of 512", "prompt", Request(512, 1, 0)),
        Case("prompt_4096", "prompt of 4096", "prompt", LONG),
        Case("depth_4096", "1 stream at 4096", "generate", LONG),
        Case("busy", "1 stream, cores busy", "generate", Request(0, 1, 8, busy=True)),
    ]
}
# What a case's speed is a share of.
QUIET_CASE = {"busy": "stream_1"}


def select_cases(names):
    """Cases by name, in the table's order, with those that they are shares of. ValueError names what is unknown."""
    wanted = set(names or CASES)
    if unknown := sorted(wanted - set(CASES)):
        raise ValueError(f"unknown case '{unknown[0]}' (there are {', '.join(CASES)})")
    wanted |= {QUIET_CASE[name] for name in wanted if name in QUIET_CASE}
    return [case for case in CASES.values() if case.name in wanted]
