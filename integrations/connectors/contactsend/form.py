"""The form of each step of the source page: what may be saved just now, and the way to what may not."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.contactsend.changes import (
    changes,
    is_aggregate,
    node_of,
    saved,
    userdb_of,
    way,
    with_secrets,
)
from integrations.connectors.contactsend.edit_rules import Change, WayStep
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.forms import SettingsForm
from integrations.core.models import Connection

# Written as Contactlab does, which Django would begin with a capital letter.
VENDORS_NAMES = {"user_key", "api_key", "userdb_id"}
PRINCIPLE = _("One source: one node: one userdb.")
HELD_BACK = _("Something has to be done first.")
ONLY_DISABLED = _("The source is disabled now. Nothing else was saved yet: press Save.")
NEEDED = _("A source that was enabled once needs one.")
NOT_A_NUMBER = _("A userdb ID is a number.")


class ContactsendForm(SettingsForm):
    address_fields = ("hub_address", "send_address")
    # Set by the admin for one request: its button Disable was pressed, not Save.
    only_disabled: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in VENDORS_NAMES & set(self.fields):
            self.fields[name].label = self.instance._meta.get_field(name).verbose_name
        # What is about to be changed, and what has to be done for it.
        self.changes: frozenset[Change] = frozenset()
        self.way: list[WayStep] = []
        # Of another node: asked while the form is checked, so that nothing waits for the answer once it is saved.
        self.node_is_aggregate: bool | None = None

    def clean_workspace(self) -> str:
        return str(self.cleaned_data["workspace"]).strip()

    def clean_node_id(self) -> str:
        return self._kept("node_id")

    def clean_userdb_id(self) -> str:
        value = self._kept("userdb_id")
        if value and not (value.isascii() and value.isdecimal()):
            self.add_error("userdb_id", NOT_A_NUMBER)
            return value
        return str(int(value)) if value else ""

    def _kept(self, name: str) -> str:
        value = str(self.cleaned_data[name]).strip()
        if not value and self.instance.pk and self.instance.state != Connection.State.DRAFT:
            self.add_error(name, NEEDED)
        return value

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors:
            self._check_one_of_each()
        if not self.errors and self.instance.pk:
            self._check_rules()
        if not self.errors and (Change.NODE in self.changes or (self.instance.node_id and not self.instance.pk)):
            self.node_is_aggregate = is_aggregate(with_secrets(self.instance, self.typed_secrets()))
        if self.only_disabled:
            self.add_error(None, ONLY_DISABLED)

    def non_field_errors(self) -> Any:
        """Nothing beside the way: it says it all."""
        return self.error_class() if self.way else super().non_field_errors()

    def _check_rules(self) -> None:
        before, after = saved(self.instance), with_secrets(self.instance, self.typed_secrets())
        self.changes = changes(before, after)
        self.way = way(self.changes, before, after)
        if self.way and not self.only_disabled:
            self.add_error(None, HELD_BACK)

    # -- one source: one node: one userdb ----------------------------------------------------------

    def _get_validation_exclusions(self) -> set[str]:
        """Django checks a constraint only if its fields are in one step, and names it rather than the other source."""
        return super()._get_validation_exclusions() | {"node_id", "userdb_id"}  # type: ignore[misc,no-any-return]

    def _check_one_of_each(self) -> None:
        mine: Any = self.instance
        others: Any = ContactsendConnection.objects.installed().exclude(pk=mine.pk)
        if mine.node_id:
            taken = _now("This node has a source already: %(source)s. Choose another node.")
            same = [one for one in others.filter(node_id=mine.node_id) if node_of(one) == node_of(mine)]
            self._refuse_second(same, ("node_id", "workspace", "hub_address"), taken)
        if mine.userdb_id:
            taken = _now("This userdb has a source already: %(source)s. Choose another userdb.")
            same = [one for one in others.filter(userdb_id=mine.userdb_id) if userdb_of(one) == userdb_of(mine)]
            self._refuse_second(same, ("userdb_id", "send_address"), taken)

    def _refuse_second(self, same: list[Any], fields: tuple[str, ...], sentence: str) -> None:
        if not same:
            return
        field = next((name for name in fields if name in self.fields), None)
        self.add_error(field, f"{sentence % {'source': self._named(same[0])}} {PRINCIPLE}")

    def _named(self, other: Connection) -> str:
        visible = Connection.objects.visible_to(self.user) if self.user else Connection.objects.none()
        if visible.filter(pk=other.pk).exists():
            return f"“{other.name}”"
        return _now("one that you have no access to")
