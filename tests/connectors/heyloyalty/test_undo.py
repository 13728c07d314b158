"""What is attached as part of a version and of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from integrations.connectors.heyloyalty import attached
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.sync import SYNC
from integrations.core import versions
from integrations.core.models import Run
from tests.connectors.configuration_contract import applied, exported
from tests.connectors.heyloyalty import cdp
from tests.connectors.overheard import called_in_no_transaction
from tests.sandbox_heyloyalty import CUSTOMERS, NEWSLETTER


def test_what_was_attached_is_attached_again_and_the_rest_detached(
    activation: ActivationConnection, admin_user: Any
) -> None:
    first, second = cdp.audience("First"), cdp.attribute("Second")
    attached.attach(activation, [first])
    version = versions.record_version(activation)
    AttachedField.objects.filter(audience=first).update(state=AttachedField.State.DETACHED)
    attached.attach(activation, [second])
    versions.record_version(activation, admin_user)
    browser = Client()
    browser.force_login(admin_user)
    name = "admin:heyloyalty_activationconnection"
    page = reverse(f"{name}_version", args=[activation.pk, version.number])
    browser.post(page, {"from": versions.current_version(activation)})
    assert activation.parts() == {"attached": [{"audience": "First"}]}
    field = AttachedField.objects.get(attribute=second)
    assert (field.state, field.label) == (AttachedField.State.DETACHED, "Second")
    assert AttachedField.objects.get(audience=first).ready_at is not None
    assert Run.objects.filter(connection_id=activation.pk).exists()
    history = browser.get(reverse(f"{name}_history", args=[activation.pk])).content.decode()
    assert "Audiences and calculated attributes" in history
    assert "First → –" in history


def test_a_file_enables_fills_and_moves_it_without_a_call_inside_the_transaction(
    activation: ActivationConnection, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    cdp.audience("First")
    activation.set_state("disabled")
    document = yaml.safe_load(exported())
    document["connections"][0] |= {"state": "enabled", "attached": [{"audience": "First"}]}
    for list_id in (CUSTOMERS, NEWSLETTER):
        document["connections"][0]["settings"]["list_id"] = str(list_id)
        text = yaml.safe_dump(document)
        with called_in_no_transaction() as calls, django_capture_on_commit_callbacks(execute=True):
            applied(text, tmp_path)
        assert calls
        field = AttachedField.objects.get(audience__name="First")
        assert (field.state, field.ready_at is not None) == (AttachedField.State.ATTACHED, True)
        assert "Nothing to change." in applied(text, tmp_path)
    assert Run.objects.filter(connection_id=activation.pk, job=SYNC).count() == 1


def test_an_audience_that_is_not_here_is_named_by_its_place(activation: ActivationConnection, tmp_path: Path) -> None:
    document = yaml.safe_load(exported())
    document["connections"][0]["attached"] = [{"audience": "Nobody"}]
    with pytest.raises(CommandError, match=r"connections\[0\].attached\[0\].audience: There is no audience “Nobody”"):
        applied(yaml.safe_dump(document), tmp_path)
    document["connections"][0]["attached"] = []
    document["connections"][0]["settings"]["identifier_type"] = "shoe size"
    with pytest.raises(CommandError, match=r"settings.identifier_type: There is no .* “shoe size” here"):
        applied(yaml.safe_dump(document), tmp_path)
