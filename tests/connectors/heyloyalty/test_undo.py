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
from integrations.core import versions
from integrations.core.models import Run
from tests.connectors.configuration_contract import applied, exported
from tests.connectors.heyloyalty import cdp


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


def test_an_audience_that_is_not_here_is_named_by_its_place(activation: ActivationConnection, tmp_path: Path) -> None:
    document = yaml.safe_load(exported())
    document["connections"][0]["attached"] = [{"audience": "Nobody"}]
    with pytest.raises(CommandError, match=r"connections\[0\].attached\[0\].audience: There is no audience “Nobody”"):
        applied(yaml.safe_dump(document), tmp_path)
    document["connections"][0]["attached"] = []
    document["connections"][0]["settings"]["identifier_type"] = "shoe size"
    with pytest.raises(CommandError, match=r"settings.identifier_type: There is no .* “shoe size” here"):
        applied(yaml.safe_dump(document), tmp_path)
