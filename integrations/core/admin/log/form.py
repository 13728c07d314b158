"""The filters above the log."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.core.admin.log.access import Visible
from integrations.core.log_filter import Job, LogFilter, Period, Sync, Tab
from integrations.core.registry import all_connectors, connector_class

ALL_CONNECTIONS = ("", _("All connections"))


class Choice(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminSelectWidget(), **kwargs)


class Day(forms.DateField):
    """A day, as the browser's own date input sends it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
        widget.input_type = "date"
        super().__init__(required=False, widget=widget, input_formats=["%Y-%m-%d"], **kwargs)


class LogForm(forms.Form):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "search"}),
        help_text=_("Whole e-mail, phone number with country code, record key, Request ID (R…) or Sync Job ID (J…)."),
    )
    connection = Choice(label=_("Connection"))
    type = Choice(label=_("Record type"))
    period = Choice(label=_("Date"), choices=Period.choices)
    since = Day(label=_("From"))
    until = Day(label=_("To"))
    job = Choice(label=_("Job Status"), choices=Job.choices)
    sync = Choice(label=_("Sync Status"), choices=Sync.choices)
    cause = forms.RegexField(r"[0-9a-f]{16}", required=False, widget=forms.HiddenInput())
    tab = forms.ChoiceField(required=False, choices=[(tab.value, tab.value) for tab in Tab], widget=forms.HiddenInput())

    def __init__(self, data: QueryDict, visible: Visible) -> None:
        super().__init__(data, auto_id="log-%s", label_suffix="")
        self._choices("connection", [ALL_CONNECTIONS, *((str(pk), name) for pk, name in visible.names.items())])
        self._choices("type", [("", _("All")), *record_types(visible, data.get("connection", ""))])

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, Choice)
        field.choices = choices

    def log_filter(self) -> LogFilter:
        """The filter; what could not be understood is left out, and the form says so."""
        self.full_clean()
        data = getattr(self, "cleaned_data", {})
        since, until = data.get("since"), data.get("until")
        return LogFilter(
            tab=Tab(data.get("tab") or Tab.ALL),
            # Days typed in without "Custom range" mean just that.
            period=data.get("period") or (Period.CUSTOM if since or until else Period.ANY),
            since=since,
            until=until,
            job=data.get("job", ""),
            sync=data.get("sync", ""),
            connection=int(data["connection"]) if data.get("connection") else None,
            record_type=data.get("type", ""),
            search=data.get("q", "").replace("\0", ""),
            cause=data.get("cause", ""),
        )

    def fields_shown(self) -> list[forms.BoundField]:
        return self.visible_fields()


class JournalForm(forms.Form):
    """Filters of the sync jobs and of the webhook calls."""

    connection = Choice(label=_("Connection"))
    status = Choice(label=_("Status"))

    def __init__(self, data: QueryDict, visible: Visible, statuses: list[tuple[str, Any]]) -> None:
        super().__init__(data, auto_id="log-%s", label_suffix="")
        connections = [ALL_CONNECTIONS, *((str(pk), name) for pk, name in visible.names.items())]
        self.fields["connection"].choices = connections  # type: ignore[attr-defined]
        self.fields["status"].choices = [("", _("All")), *statuses]  # type: ignore[attr-defined]
        self.full_clean()

    @property
    def chosen_connection(self) -> int | None:
        chosen = self.cleaned_data.get("connection")
        return int(chosen) if chosen else None

    @property
    def chosen_status(self) -> str:
        return str(self.cleaned_data.get("status", ""))

    def fields_shown(self) -> list[forms.BoundField]:
        return self.visible_fields()


def record_types(visible: Visible, chosen: str) -> list[tuple[str, str]]:
    """Names and labels of what the chosen (or any visible) connection carries."""
    names = set(visible.connectors.values())
    if chosen.isdecimal() and int(chosen) in visible.connectors:
        names = {visible.connectors[int(chosen)]}
    types = {
        record_type.name: str(record_type.label)
        for name, connector in all_connectors()
        if name in names
        for record_type in connector.record_types
    }
    return list(types.items())


def record_type_words(connector: str, name: str) -> tuple[str, str]:
    """Label and plural of a record type; its bare name when its connector is not installed any more."""
    try:
        found = connector_class(connector).record_type(name)
    except (LookupError, StopIteration):
        return name, name
    return str(found.label), str(found.plural)
