"""Persons: the list. Found by an identifier, or how it begins."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.imports.pages import ImportPages
from integrations.core.admin.log.sight import Sight
from integrations.core.search import InfinitePaginator
from integrations.sources.cdp.admin.person_page import PersonPages
from integrations.sources.cdp.admin.persons import persons_named
from integrations.sources.cdp.admin.standing import shown_time
from integrations.sources.cdp.models import Identifier, Person
from integrations.sources.cdp.models.people import LONGEST_VALUE

# So many identifiers stand in the list; the others are on the person's page.
NAMES_SHOWN = 3


@admin.register(Person)
class PersonAdmin(PersonPages, ImportPages, ModelAdmin):  # type: ignore[misc]
    import_source = "cdp.person"
    list_display = ("person", "created", "changed")
    list_per_page = 50
    list_before_template = "admin/cdp/persons_help.html"
    paginator = InfinitePaginator
    ordering = ("-pk",)
    # What `persons_named` looks at; Django wants names here to show the box.
    search_fields = ("identifiers__key",)
    search_help_text = gettext_lazy("An identifier, like the e-mail address, or how it begins")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Person], search_term: str
    ) -> tuple[QuerySet[Person], bool]:
        text = search_term.strip()[:LONGEST_VALUE]
        return (queryset.filter(pk__among=list(persons_named(text))) if text else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Its rows know their identifiers: read once."""
        listed = super().get_changelist_instance(request)
        sight = Sight.of(request)
        names: dict[int, list[str]] = {}
        found = Identifier.objects.filter(person_id__among=[one.pk for one in listed.result_list])
        for person_id, value in found.order_by("type_id", "pk").values_list("person_id", "value"):
            names.setdefault(person_id, []).append(sight.label(value))
        for person in listed.result_list:
            person.names = names.get(person.pk, [])
        return listed

    @admin.display(description=gettext_lazy("Person"))
    def person(self, obj: Any) -> str:
        shown = " · ".join(obj.names[:NAMES_SHOWN])
        more = len(obj.names) - NAMES_SHOWN
        if more > 0:
            shown += _(" and %(number)s more") % {"number": more}
        return shown or str(obj)

    @admin.display(description=gettext_lazy("Created"))
    def created(self, obj: Person) -> str:
        return shown_time(obj.created_at)

    @admin.display(description=gettext_lazy("Changed"))
    def changed(self, obj: Person) -> str:
        return shown_time(obj.updated_at)
