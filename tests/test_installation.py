"""What an operator's first `migrate` leaves behind, in a process that has loaded no page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.test_demo import ROOT

SCRIPT = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Group
for group in Group.objects.order_by("name"):
    print(group.name, *sorted(group.permissions.values_list("codename", flat=True)), sep=",")
"""


def test_the_shipped_groups_may_do_what_the_sources_pages_say(tmp_path: Path) -> None:
    own = {"DJANGO_SETTINGS_MODULE": "config.test_settings", "DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=os.environ | own, capture_output=True, text=True, check=True
    )
    marketing, support = (set(line.split(",")) for line in done.stdout.splitlines())
    assert {"Marketing admins", "change_audience", "change_customer", "change_activationconnection"} <= marketing
    assert {"Support", "view_person", "view_customer", "retry_event"} <= support
    assert not [name for name in support if name.startswith(("add_", "change_", "delete_"))]
