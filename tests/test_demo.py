"""The first of the README's two commands, run as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OWN = ("PATH", "HOME", "LANG", "TMPDIR")


def start(*arguments: str, **extra: str) -> subprocess.Popen[str]:
    environment = {name: os.environ[name] for name in OWN if name in os.environ} | extra
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    own = [int(child) for child in found.read_text().split()] if found.exists() else []
    return own + [grandchild for child in own for grandchild in children_of(child)]


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_every_journey_comes_to_its_end(tmp_path: Path) -> None:
    demo = start("--once", DEMO_DIR=str(tmp_path))
    output, _ = demo.communicate(timeout=600)
    assert demo.returncode == 0, output
    assert " NO" not in output
    assert "repaired and retried" in output
    assert tmp_path.exists(), "the folder was there before"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the processes from /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_no_process_behind(number: signal.Signals) -> None:
    demo = start("--once")
    family: list[int] = []
    deadline = time.monotonic() + 180
    while len(family) < 4 and time.monotonic() < deadline:
        family = children_of(demo.pid)
        time.sleep(0.1)
    demo.send_signal(number)
    demo.communicate(timeout=180)
    assert len(family) >= 4
    assert [pid for pid in family if alive(pid)] == []
