"""A person's page. Everything it saves goes through the bulk verb."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from integrations.core.batch import Outcome
from integrations.core.keyset import LAST_ID
from integrations.sources.cdp.admin.person_card import card
from integrations.sources.cdp.admin.person_forms import IdentifierForm, PropertiesForm
from integrations.sources.cdp.deletion import delete_persons
from integrations.sources.cdp.models import Person
from integrations.sources.cdp.people import save_persons

SEE_PEOPLE = "core.view_personal_data"


class PersonPages(ModelAdmin):  # type: ignore[misc]
    """Part of PersonAdmin."""

    delete_confirmation_template = "admin/cdp/person_delete.html"

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.identifier_view)
        return [path("<int:pk>/identifier/", view, name="cdp_person_identifier"), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The forms hold what is masked for the others."""
        return super().has_change_permission(request, obj) and request.user.has_perm(SEE_PEOPLE)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IdentifierForm(None, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            [result] = save_persons([form.row()])
            if result.outcome != Outcome.REFUSED:
                self.log_addition(request, Person.objects.get(pk=result.id or 0), _("Created"))
                return self._saved(request, result.id, _("The person is saved. Add what you know of the person."))
            form.refuse_row(result)
        title = _("Add person")
        context = {**self.admin_site.each_context(request), "title": title, "content_title": title, "data_form": form}
        return TemplateResponse(request, "admin/cdp/person_add.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        person = self._person_or_404(request, int(object_id) if object_id.isdecimal() else 0)
        if request.method != "POST":
            return self._page(request, person)
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        form = PropertiesForm(person, request.POST)
        if form.is_valid():
            changed = ", ".join(str(form.fields[name].label) for name in form.changed_data)
            [result] = save_persons([form.row()])
            if result.outcome != Outcome.REFUSED:
                if result.outcome == Outcome.UPDATED:
                    self.log_change(request, person, _("Changed %(fields)s") % {"fields": changed})
                return self._saved(request, person.pk, _("The person is saved."))
            form.refuse_row(result)
        return self._page(request, person, properties_form=form)

    def identifier_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST gives a person another identifier."""
        person = self._person_or_404(request, pk)
        if request.method != "POST" or not self.has_change_permission(request, person):
            raise PermissionDenied
        form = IdentifierForm(person, request.POST)
        if form.is_valid():
            [result] = save_persons([form.row()])
            if result.outcome != Outcome.REFUSED:
                stayed = Person.objects.get(pk=result.id or 0)
                self.log_change(request, stayed, _("Added an identifier"))
                text = _("The identifier is saved.") if stayed.pk == pk else _("This is the older person, who stayed.")
                return self._saved(request, stayed.pk, text)
            form.refuse_row(result)
        return self._page(request, person, identifier_form=form)

    def delete_model(self, request: HttpRequest, obj: Person) -> None:
        # The entry of the deletion itself, written before, names nobody.
        entries = LogEntry.objects.filter(content_type=_content_type(), object_id=str(obj.pk))
        with transaction.atomic():
            entries.exclude(action_flag=DELETION).delete()
            delete_persons([obj.pk])

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Named, not listed: a person may have thousands of events. Who may delete persons may delete those."""
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    # -- what they share --------------------------------------------------------------------------

    def _person_or_404(self, request: HttpRequest, pk: int) -> Person:
        """Raises PermissionDenied for those who may see no person."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).filter(pk=pk).first() if pk <= LAST_ID else None
        if found is None:
            raise Http404
        return found  # type: ignore[no-any-return]

    def _page(self, request: HttpRequest, person: Person, **forms: Any) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            **card(request, person),
            "opts": self.opts,
            "original": person,
            "title": str(person),
            "can_delete": self.has_delete_permission(request, person),
        }
        if self.has_change_permission(request, person):
            context |= {"properties_form": PropertiesForm(person), "identifier_form": IdentifierForm(person)}
        return TemplateResponse(request, "admin/cdp/person.html", {**context, **forms})

    def _saved(self, request: HttpRequest, pk: int | None, text: str) -> HttpResponse:
        self.message_user(request, text, messages.SUCCESS)
        if not self.has_view_or_change_permission(request):
            return redirect(reverse("admin:index"))
        return redirect(reverse("admin:cdp_person_change", args=[pk]))


def _content_type() -> ContentType:
    return ContentType.objects.get_for_model(Person)
