"""Measurements of two engines in turns -> medians, ratios, shares; as a dictionary (--json) and as a table. The keys are
documented in docs/peers.md and stay.
"""
from dataclasses import dataclass
from statistics import median

from cases import QUIET_CASE, Request
from engines import Speeds
from machine_load import LoadReading

VERSION = 1


@dataclass(frozen=True)
class Sample:
    """One engine's answer to one request in one round."""

    engine: str  # "peer" or "ours"
    round: int
    request: Request
    speeds: Speeds
    load: LoadReading


def side_of_row(case, samples):
    """One engine's half of a row."""
    speeds = [getattr(sample.speeds, case.kind) for sample in samples]
    return {
        "tokens_per_second": {"median": median(speeds), "min": min(speeds), "max": max(speeds)},
        "rounds": [
            {
                "tokens_per_second": speed,
                "load_average": sample.load.load_average,
                "other_cores": sample.load.other_cores,
            }
            for speed, sample in zip(speeds, samples)
        ],
    }


def fraction_of_row(case, samples):
    """What our speed is of the machine's limit, as `youtu bench` measured it in the same process: of the read bandwidth
    where tokens are generated, of the peak arithmetic in a prompt. Nothing beside busy cores, whose limit is another.
    """
    if case.request.busy:
        return None
    name = "peak_fraction" if case.kind == "prompt" else "bandwidth_fraction"
    values = [getattr(sample.speeds, name) for sample in samples]
    return None if None in values else median(values)


def make_row(case, samples):
    mine = [sample for sample in samples if sample.request == case.request]
    ours = [sample for sample in mine if sample.engine == "ours"]
    peer = [sample for sample in mine if sample.engine == "peer"]
    row = {
        "case": case.name,
        "title": case.title,
        "kind": case.kind,
        "ours": side_of_row(case, ours),
        "peer": side_of_row(case, peer),
    }
    ours_speed, peer_speed = (row[side]["tokens_per_second"]["median"] for side in ("ours", "peer"))
    row["ratio"] = ours_speed / peer_speed
    row["ours"]["fraction_of_limit"] = fraction_of_row(case, ours)
    return row


def add_shares(rows):
    by_name = {row["case"]: row for row in rows}
    for name, quiet in QUIET_CASE.items():
        if name not in by_name:
            continue
        for side in ("ours", "peer"):
            speed, quiet_speed = (
                by_name[case][side]["tokens_per_second"]["median"] for case in (name, quiet)
            )
            by_name[name][side]["share_of_quiet"] = speed / quiet_speed


def make_report(cases, samples, setting):
    """setting: what is the same for all rows (engines, model, threads, rounds)."""
    rows = [make_row(case, samples) for case in cases]
    add_shares(rows)
    return {"version": VERSION, **setting, "rows": rows}


def percent(fraction):
    return "" if fraction is None else f"{100 * fraction:.0f} %"


def load_range(row, key):
    values = [entry[key] for side in ("ours", "peer") for entry in row[side]["rounds"]]
    return f"{min(values):.1f}-{max(values):.1f}"


def table_line(row):
    cells = [row["title"]]
    for side in ("ours", "peer"):
        speed = row[side]["tokens_per_second"]
        cells.append(f"{speed['median']:.2f}")
        cells.append(f"{speed['min']:.2f}-{speed['max']:.2f}")
    cells.append(f"{row['ratio']:.2f}")
    if row["ours"]["fraction_of_limit"] is not None:
        limit = "peak" if row["kind"] == "prompt" else "bandwidth"
        cells.append(f"{percent(row['ours']['fraction_of_limit'])} of {limit}")
    elif "share_of_quiet" in row["ours"]:
        shares = (percent(row[side]["share_of_quiet"]) for side in ("ours", "peer"))
        cells.append("{} : {} of quiet".format(*shares))
    else:
        cells.append("")
    return cells + [load_range(row, "load_average"), load_range(row, "other_cores")]


HEADINGS = ("tokens/s", "ours", "spread", "peer", "spread", "ratio", "ours is", "load", "others")


def machine_line(ours):
    machine = ours.get("machine") or {}
    facts = [f"{machine[key]}" for key in ("cpu", "isa") if machine.get(key)]
    for key, text in {
        "read_bandwidth_gb_s": "read {:.1f} GB/s",
        "peak_int8_gmac_s": "int8 {:.0f} GMAC/s",
        "peak_f32_gmac_s": "f32 {:.0f} GMAC/s",
    }.items():
        if isinstance(machine.get(key), (int, float)):
            facts.append(text.format(machine[key]))
    return ", ".join(facts)


def peer_line(peer):
    keys = ("engine", "version", "through", "variant", "command", "system_info")
    return ", ".join(str(peer[key]) for key in keys if peer.get(key))


def to_table(report):
    lines = [HEADINGS] + [table_line(row) for row in report["rows"]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [
        f"model: {report['model']}, {report['threads']} threads, {report['rounds']} rounds",
        f"ours:  {machine_line(report['ours'])}",
        f"peer:  {peer_line(report['peer'])}",
        "",
    ]
    for line in lines:
        first = line[0].ljust(widths[0])
        text.append("  ".join([first] + [cell.rjust(w) for cell, w in zip(line[1:], widths[1:])]))
    return "\n".join(line.rstrip() for line in text) + "\n"
