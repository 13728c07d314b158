"""How the Heyloyalty activation works: audiences and calculated attributes become fields of a list's members."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty import awaited, card, checks, labels, members, report, sync, unsubscriptions
from integrations.connectors.heyloyalty.attached import refuse_without_identifier
from integrations.connectors.heyloyalty.list_connector import ListConnector
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.records import FIELD, MEMBER
from integrations.connectors.heyloyalty.sync import COMPARE, EMPTY, SYNC
from integrations.connectors.heyloyalty.unsubscriptions import UNSUBSCRIPTION
from integrations.connectors.heyloyalty.values import Converter
from integrations.core.connector import CheckStep, Field, Item, Job, Outcome, Page, Received, Skip
from integrations.core.errors import ConfigurationError
from integrations.core.mapping import Mapped
from integrations.core.models import Delivery, Run
from integrations.core.registry import register

AT_NIGHT = datetime.time(3, 0)


@register(ActivationConnection)
class HeyloyaltyActivation(ListConnector):
    label = "Heyloyalty"
    summary = gettext_lazy("Audiences and calculated attributes reach the members of a list of Heyloyalty as fields.")
    flow = card.FLOW
    needs = card.NEEDS
    record_types = (MEMBER, FIELD, unsubscriptions.RECORD_TYPE)
    job_labels = {SYNC: gettext_lazy("Sync of everybody"), COMPARE: gettext_lazy("Comparison with the list")}
    joins_source = True
    reports_to = "errors_to"
    connection: ActivationConnection

    @cached_property
    def match_on(self) -> str:
        """Asked for by threads, which have no database: `load` reads it."""
        return self.connection.match_on

    @property
    def converter(self) -> Converter:
        return Converter(self.member_list, zone=timezone.get_default_timezone())

    def load(self) -> None:
        super().load()
        _ = self.match_on

    def expect_fields(self, names: Collection[str]) -> None:
        """Raises ConfigurationError when the list lacks one of these: those made since it was read are found."""
        if self.member_list.missing(names):
            self.forget_list()
        refuse_without_identifier(self)
        if missing := self.member_list.missing(sorted(names)):
            raise ConfigurationError(
                _(
                    "The list “%(list)s” has no field %(fields)s any more: somebody deleted it in Heyloyalty. "
                    "Save the last step of the activation again: the field is made anew and filled. Or detach "
                    "what it stands for."
                )
                % {"list": self.member_list.name, "fields": ", ".join(missing)}
            )

    # -- what the settings page asks ---------------------------------------------------------------

    def describe(self, record_type: str) -> list[Field]:
        return []

    def check(self) -> Iterator[CheckStep]:
        return checks.steps(self)

    def jobs(self) -> dict[str, Job]:
        return {COMPARE: Job(at=AT_NIGHT, gives_way_to=(SYNC,), bulk=True)}

    @classmethod
    def job_label(cls, job: str) -> Any:
        if job.startswith(EMPTY):
            return _("Emptying of the field %(field)s") % {"field": job.removeprefix(EMPTY)}
        return super().job_label(job)

    # -- in ----------------------------------------------------------------------------------------

    def collect(self, job: str, run: Run) -> Iterator[Page]:
        if job == SYNC:
            return sync.everybody(self, run)
        return sync.compared(self, run) if job == COMPARE else sync.emptied(self, job, run)

    def receive(self, delivery: Delivery) -> Received:
        return unsubscriptions.receive(delivery, self.connection.list_number, self.match_on)

    # -- out ---------------------------------------------------------------------------------------

    def refresh(self, items: Sequence[Item]) -> None:
        of_type = {record_type.name: [] for record_type in self.record_types}  # type: dict[str, list[Item]]
        for item in items:
            of_type[item.record_type].append(item)
        if of_type[MEMBER.name]:
            members.refresh(self, of_type[MEMBER.name])
        if of_type[FIELD.name]:
            labels.refresh(self, of_type[FIELD.name])

    def prepare(self, item: Item) -> Mapped | Skip:
        if item.record_type == UNSUBSCRIPTION:
            return unsubscriptions.prepare(item)
        return members.prepare(self, item) if item.record_type == MEMBER.name else labels.prepare(item)

    def deliver(self, record_type: str, items: Sequence[Item]) -> Iterable[Outcome]:
        if record_type == UNSUBSCRIPTION:
            return unsubscriptions.deliver(self, items)
        return members.deliver(self, items) if record_type == MEMBER.name else labels.deliver(self, items)

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        awaited.remember(self.connection.pk, outcomes)

    def forget(self) -> None:
        """Its fields stay on the list; nobody is to think that they are filled."""
        attached = AttachedField.objects.filter(connection_id=self.connection.pk, state=AttachedField.State.ATTACHED)
        attached.update(state=AttachedField.State.DETACHED)

    def finished(self, run: Run) -> None:
        sync.go_on(self.connection, run)
        report.finished(self.connection, run)
