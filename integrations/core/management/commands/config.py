"""`manage.py config`: connections as a file, for moving them from test to production and for review."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from integrations.core.configuration import yaml_text
from integrations.core.configuration.apply import Look, Refused, carry_out, look
from integrations.core.configuration.export import Ambiguous, document
from integrations.core.configuration.operator import operators_request, told
from integrations.core.models import Connection

# A file is read by whoever reviews it, in whatever language: English.
HEAD = (
    "Connections, as `manage.py config export` writes them and `manage.py config apply` takes them.\n"
    "Secrets are not in here: {env: NAME} names the environment variable that holds one."
)


class Command(BaseCommand):
    help = "Write connections, their mapping and access to a file, or apply such a file."

    def add_arguments(self, parser: Any) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="Write connections as YAML.")
        export.add_argument("file", nargs="?", default="-", help="where to; without it the output")
        export.add_argument("--connection", action="append", metavar="NAME", help="only this one; can be repeated")
        apply = verbs.add_parser("apply", help="Show what a file would change, then apply it.")
        apply.add_argument("file", help="- reads the input")
        apply.add_argument("--yes", action="store_true", help="don't ask")
        apply.add_argument("--dry-run", action="store_true", help="only show the difference")

    def handle(self, *args: Any, **options: Any) -> None:
        # A connection's rules are those of its pages, which only web processes have loaded.
        admin.autodiscover()
        if options["verb"] == "export":
            self.export(options["file"], options["connection"])
        else:
            self.apply(options["file"], yes=options["yes"], dry_run=options["dry_run"])

    def export(self, file: str, names: list[str] | None) -> None:
        found = Connection.objects.all()
        if names is not None:
            found = found.filter(name__in=names)
            if missing := sorted(set(names) - set(found.values_list("name", flat=True))):
                raise CommandError(_("There is no connection called %(name)s.") % {"name": missing[0]})
        try:
            text = yaml_text.write(document(found), HEAD)
        except Ambiguous as error:
            raise CommandError(str(error)) from None
        if file == "-":
            self.stdout.write(text, ending="")
        else:
            Path(file).write_text(text, encoding="utf-8")
            self.stderr.write(_("Written to %(file)s. Secrets are not in it.") % {"file": file})

    def apply(self, file: str, *, yes: bool, dry_run: bool) -> None:
        request = operators_request()
        found = look(read(file), request)
        self.show(found)
        if found.problems:
            raise CommandError(listed(found.problems))
        if not found.changing:
            self.stdout.write(_("Nothing to change."))
        elif dry_run:
            self.stdout.write(_("Nothing was changed: this was a dry run."))
        elif yes or self.is_wanted():
            try:
                carry_out(found, request)
            except Refused as error:
                raise CommandError(listed(error.problems)) from None
            for text in told(request):
                self.stdout.write(text)
            self.stdout.write(self.style.SUCCESS(_("Applied.")))
        else:
            self.stdout.write(_("Nothing was changed."))

    def show(self, found: Look) -> None:
        for step in found.changing:
            self.stdout.write(self.style.MIGRATE_HEADING(step.title))
            for each in step.differences:
                self.stdout.write(f"  {each.what}: {f'{each.old} → ' if each.old else ''}{each.new}")
        if found.others:
            text = _("Not in the file, and left as they are: %(names)s.")
            self.stdout.write(text % {"names": ", ".join(found.others)})

    def is_wanted(self) -> bool:
        try:
            return input(_("Apply this? Type yes or no: ")).strip().lower() in ("y", "yes", _("yes"))
        except EOFError:
            raise CommandError(_("There is nobody to ask. Add --yes to apply it without a question.")) from None


def read(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read(yaml_text.LONGEST + 1)
        with Path(file).open(encoding="utf-8") as opened:
            return opened.read(yaml_text.LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else _("it is not UTF-8 text")
        raise CommandError(_("%(file)s can't be read: %(why)s.") % {"file": file, "why": why}) from None


def listed(problems: list[tuple[str, str]]) -> str:
    lines = [f"  {path}: {text}" if path else f"  {text}" for path, text in problems]
    return "\n".join([_("Nothing was changed. Correct this first:"), *lines])
