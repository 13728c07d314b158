"""Values in JSON columns, as SQL: of the kind that is wanted, or NULL when what stands there is of another one.

Both databases, and whoever reads the same data in Python, agree on what fits: text is a JSON string; a number is a JSON
number below 1e100; Yes/No is true or false (1 and 0 here); a date is a string that begins with a real date, like
2026-01-31 or 2026-01-31T10:00:00Z (its first ten characters here).
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Func, Subquery

from integrations.sources.cdp.models.people import Kind

# Every date that exists, and nothing else: casting one that doesn't would stop a whole calculation.
_DATE = (
    r"(?!0000)("
    r"\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|"
    r"\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|"
    r"\d{4}-02-(?:0[1-9]|1\d|2[0-8])|"
    r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
    r")(?=$|[T ])"
)
POSTGRESQL = {
    Kind.TEXT: "CASE WHEN jsonb_typeof({column} -> {key}) = 'string' THEN {column} ->> {key} END",
    # One CASE in another: what AND joins may be worked out in any order.
    Kind.NUMBER: (
        "CASE WHEN jsonb_typeof({column} -> {key}) = 'number' THEN"
        " CASE WHEN abs(({column} -> {key})::numeric) < 1e100 THEN ({column} -> {key})::float8 END END"
    ),
    Kind.YES_NO: ("CASE {column} -> {key} WHEN 'true'::jsonb THEN 1::float8 WHEN 'false'::jsonb THEN 0::float8 END"),
    Kind.DATE: f"substring({{column}} ->> {{key}} from '^{_DATE.replace('{', '{{').replace('}', '}}')}')",
}
_DAY = "substr(json_extract({column}, {key}), 1, 10)"
SQLITE = {
    Kind.TEXT: "CASE json_type({column}, {key}) WHEN 'text' THEN json_extract({column}, {key}) END",
    Kind.NUMBER: (
        "CASE WHEN json_type({column}, {key}) IN ('integer', 'real')"
        " AND CAST(json_extract({column}, {key}) AS REAL) > -1e100"
        " AND CAST(json_extract({column}, {key}) AS REAL) < 1e100"
        " THEN CAST(json_extract({column}, {key}) AS REAL) END"
    ),
    Kind.YES_NO: "CASE json_type({column}, {key}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 END",
    Kind.DATE: (
        "CASE WHEN json_type({column}, {key}) = 'text'"
        " AND json_extract({column}, {key}) GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
        f" AND date({_DAY}, '+0 days') = {_DAY} AND {_DAY} >= '0001'"
        " AND substr(json_extract({column}, {key}), 11, 1) IN ('', 'T', ' ')"
        f" THEN {_DAY} END"
    ),
}
FIELDS = {
    Kind.TEXT: models.TextField,
    Kind.NUMBER: models.FloatField,
    Kind.YES_NO: models.FloatField,
    Kind.DATE: models.TextField,
}


class Row(Func):
    """(a, b, c), compared column by column."""

    template = "(%(expressions)s)"
    output_field = models.BooleanField()


class Aggregated(Subquery):
    """`aggregate` of e.value, over the rows of a queryset that has a `value`, for each row of the outer query."""

    template = "(SELECT %(aggregate)s FROM (%(subquery)s) AS e)"
    output_field = models.FloatField()

    def __init__(self, aggregate: str, queryset: models.QuerySet[Any]) -> None:
        super().__init__(queryset, aggregate=aggregate)


class JSONValue(Func):
    """The value of `key` in the JSON column `column`, if it fits `kind`."""

    arity = 1

    def __init__(self, column: str, key: str, kind: str) -> None:
        super().__init__(column, output_field=FIELDS[Kind(kind)]())
        self.key, self.kind = key, Kind(kind)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        return self._as(compiler, POSTGRESQL[self.kind], self.key)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        return self._as(compiler, SQLITE[self.kind], f'$."{self.key}"')

    def _as(self, compiler: Any, template: str, key: str) -> tuple[str, tuple[Any, ...]]:
        # The column itself, as the model declares it: no parameters.
        column, _ = compiler.compile(self.source_expressions[0])
        sql = template.format(column=column, key="%s")
        return sql, (key,) * template.count("{key}")


class Present(JSONValue):
    """True when there is something under `key`, whatever it is; null is nothing."""

    conditional = True

    def __init__(self, column: str, key: str) -> None:
        super().__init__(column, key, Kind.TEXT)
        self.output_field = models.BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        return self._as(compiler, "({column} ->> {key}) IS NOT NULL", self.key)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        return self._as(compiler, "json_extract({column}, {key}) IS NOT NULL", f'$."{self.key}"')
