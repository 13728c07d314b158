"""How long something takes, in words."""

from __future__ import annotations

import pytest

from integrations.core.durations import about


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "about 1 min"),
        (89, "about 1 min"),
        (3_569, "about 59 min"),
        (3_580, "about 1 h 0 min"),
        (3_600, "about 1 h 0 min"),
        (20_160, "about 5 h 36 min"),
        (86_360, "about 23 h 59 min"),
        (86_380, "about 1 d 0 h"),
        (86_400 * 3 + 3_600 * 5 - 10, "about 3 d 5 h"),
    ],
)
def test_seconds_are_said_in_their_two_largest_units(seconds: float, words: str) -> None:
    assert about(seconds) == words
