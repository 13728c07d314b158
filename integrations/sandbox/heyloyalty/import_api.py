"""The API of Heyloyalty, imports: members into a list, purchases and bookings into its activity feed."""

from __future__ import annotations

from integrations.sandbox.heyloyalty import csv_file
from integrations.sandbox.heyloyalty.api import ApiCall, Reply, reply
from integrations.sandbox.heyloyalty.errors import no_tracking
from integrations.sandbox.heyloyalty.import_rows import refuse_wrong_member_import, refuse_wrong_tracking_import


def import_members(call: ApiCall, list_id: int) -> Reply:
    one = call.list_of(list_id)
    content = csv_file.text_of(call.files.get("file"))
    refuse_wrong_member_import(one, call.parameters, call.account.unknown_fields)
    return queued(call, "members", one.id, content)


def import_tracking(call: ApiCall, kind: str, tracking_id: str) -> Reply:
    one = next((one for one in call.account.lists.values() if one.tracking_id == tracking_id), None)
    if one is None:
        raise no_tracking()
    content = csv_file.text_of(call.files.get("file"))
    refuse_wrong_tracking_import(kind, call.parameters)
    return queued(call, kind, one.id, content)


def queued(call: ApiCall, kind: str, list_id: int, content: str) -> Reply:
    call.log.records = content.count("\n")
    call.account.imports.add(kind, list_id, content, csv_file.columns_of(call.parameters), call.parameters)
    return reply({"status": "queued"})
