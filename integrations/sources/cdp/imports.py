"""The CSV files of persons, events, memberships and values: their columns, and what row each line is.

A column for each person identifier stands in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from integrations.core.batch import Refused
from integrations.core.imports.columns import BulkFile, Column
from integrations.core.imports.files import CsvFile
from integrations.core.imports.kinds import import_file
from integrations.core.imports.values import Moment, Text, YesNo
from integrations.sources.cdp.event_data import FIELD_NAME
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.kinds import NO, NUMBER, YES, as_moment, typed
from integrations.sources.cdp.models import Attribute, Audience, IdentifierType, Property
from integrations.sources.cdp.models.people import IdentifierKind, Kind
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.properties import is_name
from integrations.sources.cdp.rows import EventRow, MembershipRow, PersonRow, ValueRow
from integrations.sources.cdp.told import tell_memberships, tell_values

EXAMPLES: dict[str, str] = {IdentifierKind.EMAIL: "anna@example.test", IdentifierKind.PHONE: "+45 12 34 56 78"}
WHEN = _("When, in local time. Blank: now.")


class PersonsFile(BulkFile):
    """`own` are the columns beside the identifiers'; of others that `takes_more` allows, the cells say the kind."""

    own: ClassVar[Sequence[Column]] = ()

    def __init__(self, file: CsvFile | None = None) -> None:
        super().__init__(file)
        self.identifiers = identifier_columns()
        named = {column.column_name: column for column in (*self.identifiers, *self.own)}
        self.more = [name for name in file.columns if name not in named] if file else []
        self.fields = {**named, **{name: Column(name, Text(), "") for name in self.more}}
        self.kinds = {name: kind_of_cells(cells_of(file, name)) for name in self.more} if file else {}

    @classmethod
    def columns(cls) -> list[Column]:
        return [*identifier_columns(), *cls.own]

    @classmethod
    def takes(cls, name: str) -> bool:
        return super().takes(name) or cls.takes_more(name)

    @classmethod
    def takes_more(cls, name: str) -> bool:
        return False

    def names_in(self, values: dict[str, Any]) -> dict[str, str]:
        return {one.column_name: value for one in self.identifiers if (value := values[one.column_name])}

    def more_in(self, values: dict[str, Any]) -> dict[str, Any]:
        """The cells that aren't blank, by their kind. Raises ValidationError."""
        return {name: read(values[name], self.kinds[name], name) for name in self.more if values[name] is not None}

    def column_of(self, field: str) -> str:
        """Fields of rows are named like `identifiers.email`."""
        return field.rpartition(".")[2] if "." in field else field if field in self.fields else NON_FIELD_ERRORS


@import_file("cdp.person", "persons")
class PersonFile(PersonsFile):
    label = _("Persons")
    others = _("Other columns become properties, of the type that all their cells have.")
    permissions = ("cdp.add_person", "cdp.change_person")
    verb = save_persons

    def __init__(self, file: CsvFile | None = None) -> None:
        super().__init__(file)
        self.kinds |= dict(Property.objects.values_list("key", "kind"))

    @classmethod
    def columns(cls) -> list[Column]:
        known = [Column(one.key, Text(), f"{one.name} ({one.get_kind_display()})") for one in Property.objects.all()]
        return [*super().columns(), *known]

    @classmethod
    def takes_more(cls, name: str) -> bool:
        return is_name(name)

    def row_of(self, values: dict[str, Any], number: int) -> PersonRow:
        return PersonRow(self.names_in(values), self.more_in(values))


@import_file("cdp.person", "events")
class EventFile(PersonsFile):
    label = _("Events")
    others = _("Other columns become the event's data, of the type that all their cells have.")
    permissions = ("cdp.add_personevent",)
    verb = record_events
    own = (
        Column("type", Text(), _("What the person did, needed: like purchase."), "purchase"),
        Column("at", Moment(), WHEN, "2026-03-01 18:30"),
        Column(
            "external_id",
            Text(),
            _("Your own id of the event: one that was recorded before is left out. Without ids, the same file is."),
            "order-5012",
            key=True,
        ),
    )

    @classmethod
    def takes_more(cls, name: str) -> bool:
        return FIELD_NAME.fullmatch(name) is not None

    def row_of(self, values: dict[str, Any], number: int) -> EventRow:
        own_id = values["external_id"] or self.own_id(number)
        return EventRow(values["type"] or "", self.names_in(values), values["at"], self.more_in(values), own_id)


@import_file("cdp.person", "memberships")
class MembershipFile(PersonsFile):
    label = _("Members of fixed audiences")
    permissions = ("cdp.add_membership",)
    verb = tell_memberships
    own = (
        Column("audience", Text(), _("Name of a fixed audience, needed."), "VIP"),
        Column("entered", YesNo(), _("yes, or no for who leaves. Blank: yes."), "yes"),
        Column("at", Moment(), WHEN),
    )

    def __init__(self, file: CsvFile | None = None) -> None:
        super().__init__(file)
        self.ids = dict(Audience.objects.values_list("name", "pk"))

    def row_of(self, values: dict[str, Any], number: int) -> MembershipRow:
        audience = self.ids.get(values["audience"] or "", 0)
        return MembershipRow(audience, self.names_in(values), values["entered"] is not False, values["at"])


@import_file("cdp.person", "values")
class ValueFile(PersonsFile):
    label = _("Attribute values")
    permissions = ("cdp.add_attributevalue",)
    verb = tell_values
    own = (
        Column("attribute", Text(), _("Name of an attribute that isn't calculated, needed."), "Lifetime value"),
        Column("value", Text(), _("As the attribute's type has it. Blank: there is none any more."), "1840.5"),
        Column("at", Moment(), WHEN),
    )

    def __init__(self, file: CsvFile | None = None) -> None:
        super().__init__(file)
        self.attributes = {one.name: one for one in Attribute.objects.all()}

    def row_of(self, values: dict[str, Any], number: int) -> ValueRow:
        attribute = self.attributes.get(values["attribute"] or "")
        value = values["value"]
        if attribute is not None and value is not None:
            value = read(value, attribute.kind, "value")
        return ValueRow(attribute.pk if attribute else 0, self.names_in(values), value, values["at"])


def identifier_columns() -> list[Column]:
    active = IdentifierType.objects.filter(active=True)
    about = _("%(name)s; one identifier of each person is needed.")
    return [
        Column(one.key, Text(), about % {"name": one.name}, EXAMPLES.get(one.kind, "c-1001"), key=True)
        for one in active
    ]


def read(text: str, kind: str, column: str) -> Any:
    try:
        return typed(text, kind, column)
    except Refused as refused:
        raise ValidationError({refused.field: refused.message}) from None


def cells_of(file: CsvFile, name: str) -> list[str]:
    place = file.columns.index(name)
    return [text for row in file.rows if (text := row[place].strip())]


def kind_of_cells(cells: Collection[str]) -> str:
    """What all of them are; text when they are different things."""
    if not cells:
        return Kind.TEXT
    if all(NUMBER.fullmatch(cell) for cell in cells):
        return Kind.NUMBER
    if all(cell.lower() in (*YES, *NO) for cell in cells):
        return Kind.YES_NO
    return Kind.DATE if all(as_moment(cell) for cell in cells) else Kind.TEXT
