"""A fresh process that only drains one connection, and says how much memory it took at most (MB)."""

from __future__ import annotations

import sys
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from tests.bench.delivery import drain_all

    drain_all(int(sys.argv[1]))
    print(peak_mb())


def peak_mb() -> float:
    """The most this process has held. ru_maxrss would be the parent's where that was larger: it survives exec."""
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
