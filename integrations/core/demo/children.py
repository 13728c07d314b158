"""Child processes of the demo: started together, stopped together, none left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

# Seconds a child has to end by itself; django-q2 lands its batches in that time.
GRACE = 15.0
PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """In the child: end when the demo is killed without a chance to stop it (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """Named child processes, each in a group of its own, so that Ctrl-C reaches them through us and in order."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        self._running[name] = subprocess.Popen(  # noqa: S603 – our own commands
            command, start_new_session=True, preexec_fn=_die_with_parent, stdout=subprocess.DEVNULL
        )

    def ended(self) -> str | None:
        """The name of a child that is no longer running."""
        return next((name for name, child in self._running.items() if child.poll() is not None), None)

    def stop(self) -> None:
        """Ask the main process of each (django-q2 hangs when its whole group is asked), then kill the group."""
        for child in self._running.values():
            if child.poll() is None:
                child.terminate()
        for child in self._running.values():
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        self._running.clear()
