"""Runs a command against a server: with_server.py [--program] <server> -- <command>, which finds the server's address in
YOUTU_TEST_URL. The server is a scripted one, or with --program the command line of `youtu serve`."""

import os
import signal
import subprocess
import sys

from running_server import RunningServer


def start(command):
    if command[0] != "--program":
        return RunningServer(command)
    return RunningServer(command[1:], ready=r"serving +http://[^ ]+:(\d+)", signal_to_stop=signal.SIGTERM)


def main():
    separator = sys.argv.index("--")
    with start(sys.argv[1:separator]) as server:
        environment = dict(os.environ, YOUTU_TEST_URL=f"http://127.0.0.1:{server.port}")
        return subprocess.run(sys.argv[separator + 1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
