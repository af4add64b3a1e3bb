"""What else the machine does while an engine is measured, and busy processes that do it on purpose."""
import os
import subprocess
import sys
import time
from dataclasses import dataclass

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# user, nice, system, irq, softirq and steal of /proc/stat; what is left out is idle and iowait.
BUSY_COLUMNS = (1, 2, 3, 6, 7, 8)


def machine_cpu_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()
    return sum(int(fields[column]) for column in BUSY_COLUMNS) / TICKS_PER_SECOND


def process_cpu_seconds(pid):
    """0 for a process that has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def children_cpu_seconds():
    """Of this process and its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass(frozen=True)
class LoadReading:
    load_average: float  # over one minute, when the measurement began: it also remembers the one before
    other_cores: float  # that processes of no engine kept busy meanwhile; those of BusyCores are among them


class LoadWatch:
    """From its making to reading(). `pids`: engines that live longer; others are children that end meanwhile."""

    def __init__(self, pids):
        self.pids = list(pids)
        self.load_average = os.getloadavg()[0]
        self.start = self.now()

    def now(self):
        own = children_cpu_seconds() + sum(process_cpu_seconds(pid) for pid in self.pids)
        return time.monotonic(), machine_cpu_seconds(), own

    def reading(self):
        seconds, machine, own = (end - start for start, end in zip(self.start, self.now()))
        return LoadReading(self.load_average, max(0.0, (machine - own) / max(seconds, 0.01)))


# It ends by itself when its parent has gone, however that ended.
BUSY_PROGRAM = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100000):
        pass
"""


class BusyCores:
    """While it is entered, one process per core that this process may use computes without a pause."""

    def __init__(self):
        self.processes = []

    def __enter__(self):
        for _ in os.sched_getaffinity(0):
            self.processes.append(subprocess.Popen([sys.executable, "-c", BUSY_PROGRAM]))
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        self.processes.clear()
