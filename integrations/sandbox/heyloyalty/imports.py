"""Imports: queued by a call, done a moment later, piece by piece. Their outcome is told by mail only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from integrations.sandbox.heyloyalty import csv_file
from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.errors import HeyloyaltyError
from integrations.sandbox.heyloyalty.parameters import is_on
from integrations.sandbox.heyloyalty.worker import Worker

if TYPE_CHECKING:
    from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount

# Rows under one hold of the lock, so that calls get their turn in between.
PIECE = 1000
# A thread that takes the lock again at once would keep the others from it.
PAUSE_SECONDS = 0.001
OUTCOMES = ("created", "updated", "skipped", "failed")


@dataclass(slots=True)
class Import:
    """`kind`: members, transaction or booking. `content` is the file until it is done, `read` how many rows are.

    A row of `errors` is the reason and the cells of the row.
    """

    id: int
    kind: str
    list_id: int
    time: str
    content: str
    columns: list[str]
    parameters: dict[str, Any]
    state: str = "queued"
    read: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0
    errors: list[list[str]] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """Without the file."""
        return {name: value for name, value in asdict(self).items() if name != "content"}


# (named cells) -> one of OUTCOMES; raises HeyloyaltyError for a row that fails.
Row = Callable[[dict[str, str]], str]


class Imports:
    """An account's imports and the thread that does them, in order. `rows` makes an import's way of taking a row."""

    def __init__(self, account: HeyloyaltyAccount, rows: Callable[[Import], Row]) -> None:
        self.account = account
        self.rows = rows
        self.imports: dict[int, Import] = {}
        self.worker: Worker[Import] = Worker("sandbox-heyloyalty-imports", self.run)

    def add(self, kind: str, list_id: int, content: str, columns: list[str], parameters: dict[str, Any]) -> Import:
        one = Import(len(self.imports) + 1, kind, list_id, now_text(), content, columns, parameters)
        self.imports[one.id] = one
        self.worker.put(one)
        return one

    def run(self, one: Import) -> None:
        if self.worker.closed.wait(self.account.import_delay_s):
            return
        rows = csv_file.rows_of(
            one.content, csv_file.delimiter_of(one.parameters), is_on(one.parameters.get("skip_header_line"))
        )
        rows = islice(rows, one.read, None)
        while not self.worker.closed.wait(PAUSE_SECONDS):
            with self.account.lock:
                # Cleared, or its list deleted, in the meantime.
                if self.imports.get(one.id) is not one or one.list_id not in self.account.lists:
                    return
                one.state = "running"
                if not self.take(one, list(islice(rows, PIECE))):
                    return self.finish(one)

    def take(self, one: Import, piece: list[list[str]]) -> int:
        row_of = self.rows(one)
        for row in piece:
            try:
                outcome = row_of(csv_file.named(row, one.columns))
            except HeyloyaltyError as error:
                outcome = "failed"
                one.errors.append([str(error), *row])
            setattr(one, outcome, getattr(one, outcome) + 1)
        one.read += len(piece)
        return len(piece)

    def finish(self, one: Import) -> None:
        one.state, one.content = "done", ""
        to = str(one.parameters.get("sendErrorsTo") or "")
        if one.errors and to:
            subject = f"{one.failed} of {one.read} rows could not be imported"
            self.account.mails.add(now_text(), "import_errors", to, subject, one.list_id, csv_file.written(one.errors))

    def clear(self) -> None:
        self.imports = {}

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(one) for one in self.imports.values()]

    def load(self, rows: list[dict[str, Any]]) -> None:
        """What wasn't done goes on after the last row that was."""
        self.imports = {row["id"]: Import(**row) for row in rows}
        for one in self.imports.values():
            if one.state != "done":
                self.worker.put(one)
