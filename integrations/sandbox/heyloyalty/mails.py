"""The mails that calls caused, as a test counts them: opt-in, automations, error reports, failing webhooks.

Nothing is sent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Mail:
    """`kind`: opt_in, automation, import_errors or webhook_failed; `attachment` is the CSV of an error report."""

    seq: int
    time: str
    kind: str
    to: str
    subject: str
    list_id: int
    attachment: str = ""


class MailBox:
    """Guarded by the account's lock."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    def add(self, time: str, kind: str, to: str, subject: str, list_id: int, attachment: str = "") -> Mail:
        mail = Mail(len(self.mails) + 1, time, kind, to, subject, list_id, attachment)
        self.mails.append(mail)
        return mail

    def since(self, seq: int) -> list[dict[str, Any]]:
        return [asdict(mail) for mail in self.mails[max(seq, 0) :]]

    def load(self, rows: list[dict[str, Any]]) -> None:
        self.mails = [Mail(**row) for row in rows]
