# SPDX-License-Identifier: Apache-2.0
#
# What /proc says about processes: children, memory, life.
"""Processes of a site, from outside."""

import os
import stat
import time


def stat_of(pid):
    """(state, parent) of a process; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def started_ticks(pid):
    """When a process began, in clock ticks since the boot; 0 when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except OSError:
        return 0


def now_ticks():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def is_alive(pid):
    found = stat_of(pid)
    return found is not None and found[0] not in "ZX"


def children_of(parent):
    """Living children of a process."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if (found := stat_of(pid)) and found[1] == parent and found[0] not in "ZX"]


def anonymous_bytes(pid):
    """Memory that belongs to the process alone: RssAnon and RssShmem."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file)
    except OSError:
        return 0
    return sum(int(fields.get(name, "0").split()[0]) * 1024 for name in ("RssAnon", "RssShmem"))


def memory_file_bytes(pid):
    """Pages of the memory files a process holds, each file once."""
    files = {}
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}").startswith("/memfd:"):
                found = os.stat(f"{folder}/{name}")
                if stat.S_ISREG(found.st_mode):
                    files[found.st_ino] = found.st_blocks * 512
        except OSError:
            continue
    return sum(files.values())


def memory_bytes(pid):
    return anonymous_bytes(pid) + memory_file_bytes(pid)
