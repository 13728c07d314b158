"""Times as Contacthub writes them: milliseconds, and a zone of digits without a colon."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2024-03-09T11:31:31.842+0000`. All of one length and zone, so that their order as text is that in time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def moment_of(text: str) -> datetime:
    """Any ISO 8601; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
