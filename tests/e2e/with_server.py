"""Runs a command against a scripted server: with_server.py <scripted_server> -- <command>, which finds the server's
address in YOUTU_TEST_URL."""

import os
import subprocess
import sys

from running_server import RunningServer


def main():
    separator = sys.argv.index("--")
    with RunningServer(sys.argv[1:separator]) as server:
        environment = dict(os.environ, YOUTU_TEST_URL=f"http://127.0.0.1:{server.port}")
        return subprocess.run(sys.argv[separator + 1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
