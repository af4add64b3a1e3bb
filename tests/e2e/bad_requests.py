"""Bad input, black box: each case is raw bytes and what must come back. After each the server must be alive, healthy
and right, and nothing of the request may be left. The rows are those of docs/bad-inputs.md.

Usage: bad_requests.py [--program] <server>, a scripted one, or `youtu` with its demo model. That one has a cache, so it
shows that no block is kept; what needs the script or its short timers it leaves out."""

import sys

import bad_bodies
import bad_http
import bad_sessions
from liveness import check_refusal, expect, run_rows

TABLES = (bad_http, bad_bodies, bad_sessions)


def run_case(server, case):
    _, data, statuses, code, close = case
    client = server.connect()
    client.send(data)
    response = client.response()
    expect(response.status in statuses, f"status {response.status} {response.body[:200]!r}, expected {statuses}")
    expect("x-request-id" in response.fields, "no X-Request-Id")
    expect("access-control-allow-origin" not in response.fields, "a CORS field")
    expect(b"root:" not in response.body, "a file of the machine")
    if response.status >= 400:
        check_refusal(response)
    if code:
        expect(response.code() == code, f"code {response.code()}, expected {code}")
    if close:
        expect(client.closed(), "the connection stays open")
    client.close()


def runs(server):
    rows = [(case[0], lambda server, case=case: run_case(server, case)) for table in TABLES for case in table.CASES
            if server.is_scripted or case[0] not in table.SCRIPTED_ONLY]
    return rows + [scenario for table in TABLES for scenario in table.SCENARIOS if server.is_scripted]


if __name__ == "__main__":
    sys.exit(run_rows(runs))
