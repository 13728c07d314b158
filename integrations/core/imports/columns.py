"""The columns of a file, and how its rows are written: by a source's bulk verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _
from import_export.fields import Field  # type: ignore[import-untyped]
from import_export.instance_loaders import BaseInstanceLoader  # type: ignore[import-untyped]
from import_export.resources import Resource  # type: ignore[import-untyped]

from integrations.core.batch import Outcome, RowResult
from integrations.core.imports.files import CsvFile, Unreadable
from integrations.core.imports.values import Text


class Column(Field):  # type: ignore[misc]
    """A column; `about` says on the page what it holds, `example` stands in the file to download.

    One with a `permission` is there for those who have it; the others are told `forbidden`. A `secret` one isn't shown.
    Rows with the same value in a `key` column are about the same thing.
    """

    def __init__(
        self,
        name: str,
        widget: Text,
        about: Any,
        example: str = "",
        *,
        permission: str = "",
        forbidden: Any = "",
        secret: bool = False,
        key: bool = False,
    ) -> None:
        super().__init__(attribute=name, column_name=name, widget=widget)
        self.about = about
        self.example = example
        self.permission = permission
        self.forbidden = forbidden
        self.secret = secret
        self.key = key


class Draft:
    """The values of one row while it is read."""


class BulkFile(Resource):  # type: ignore[misc]
    """The library reads the rows of a portion; after the last of them the verb writes them all. `numbers` are the rows'
    places in the file, from 1."""

    verb: ClassVar[Callable[[Sequence[Any]], list[RowResult]]]
    permissions: ClassVar[tuple[str, ...]]
    label: ClassVar[Any]
    # What becomes of columns that aren't listed, if any are taken.
    others: ClassVar[Any] = ""

    class Meta:
        force_init_instance = True
        import_id_fields = ()
        instance_loader_class = BaseInstanceLoader
        skip_diff = True
        use_bulk = True
        using_db_connection = DEFAULT_DB_ALIAS

    def __init__(self, file: CsvFile | None = None) -> None:
        super().__init__()
        self.file = file
        self.begin(())

    def begin(self, numbers: Sequence[int]) -> None:
        """The next portion is of these rows."""
        self.numbers = numbers
        self.drafts: list[tuple[int, Any]] = []
        self.outcomes: Counter[Outcome] = Counter()

    @classmethod
    def columns(cls) -> list[Column]:
        """All that are known, in the order in which they are shown."""
        return list(cls.fields.values())

    @classmethod
    def columns_for(cls, user: Any) -> list[Column]:
        return [one for one in cls.columns() if not one.permission or user.has_perm(one.permission)]

    @classmethod
    def secret_names(cls) -> list[str]:
        return [column.column_name for column in cls.columns() if column.secret]

    @classmethod
    def key_names(cls) -> list[str]:
        return [column.column_name for column in cls.columns() if column.key]

    @classmethod
    def check(cls, user: Any, names: Sequence[str]) -> None:
        """Whether a file of this user's may have these columns. Raises Unreadable."""
        allowed = [one.column_name for one in cls.columns_for(user)]
        for column in cls.columns():
            if column.column_name in names and column.column_name not in allowed:
                raise Unreadable(str(column.forbidden))
        if unknown := [name for name in names if not cls.takes(name)]:
            raise Unreadable(cls.unknown(unknown, allowed))

    @classmethod
    def takes(cls, name: str) -> bool:
        return any(column.column_name == name for column in cls.columns())

    @classmethod
    def unknown(cls, names: Sequence[str], allowed: Sequence[str]) -> str:
        """What to say of columns that aren't taken."""
        words = {"unknown": ", ".join(f"“{name}”" for name in names), "known": ", ".join(allowed)}
        return _("These columns are not known: %(unknown)s. The columns are: %(known)s.") % words

    def row_of(self, values: dict[str, Any], number: int) -> Any:
        raise NotImplementedError

    def column_of(self, field: str) -> str:
        """The column that a field of a row is from."""
        return field or NON_FIELD_ERRORS

    def own_id(self, number: int) -> str:
        """For a row without an id of the user's own: the same file again is the same rows."""
        return f"csv-{self.file.digest[:32] if self.file else ''}-{number}"

    def init_instance(self, row: Any = None) -> Draft:
        return Draft()

    def import_instance(self, instance: Draft, row: dict[str, str], **kwargs: Any) -> None:
        """Columns that the file doesn't have are blank."""
        super().import_instance(instance, {**dict.fromkeys(self.fields, ""), **row}, **kwargs)

    def save_instance(self, instance: Draft, is_create: bool, row: Any, **kwargs: Any) -> None:
        place = kwargs["row_number"]
        self.drafts.append((place, self.row_of(vars(instance), self.numbers[place - 1])))

    def save_m2m(self, *args: Any, **kwargs: Any) -> None:
        """There is nothing of the kind."""

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        results = type(self).verb([row for _place, row in self.drafts])
        for (place, _row), found in zip(self.drafts, results, strict=True):
            self.outcomes[found.outcome] += 1
            if found.outcome == Outcome.REFUSED:
                error = ValidationError({self.column_of(found.field): found.message})
                result.append_invalid_row(place, {}, error)
