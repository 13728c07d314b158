"""A fresh process that only drains one connection, and says how much memory it took at most (MB)."""

from __future__ import annotations

import resource
import sys

import django


def main() -> None:
    django.setup()
    from tests.bench.delivery import drain_all

    drain_all(int(sys.argv[1]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
