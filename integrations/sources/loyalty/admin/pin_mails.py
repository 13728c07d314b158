"""PIN mails that could not be sent, and the button that tries again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task
from unfold.admin import ModelAdmin

from integrations.core.search import InfinitePaginator
from integrations.sources.loyalty.models import PinMail
from integrations.sources.loyalty.pin_mails import SEND


@admin.register(PinMail)
class PinMailAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("customer_link", "created_at", "attempts", "problem", "due_at", "again")
    list_display_links = None
    list_select_related = ("customer",)
    list_per_page = 50
    list_before_template = "admin/loyalty/pin_mails_help.html"
    paginator = InfinitePaginator
    ordering = ("due_at", "pk")
    sortable_by = ()
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PinMail]:
        unsent: QuerySet[PinMail] = super().get_queryset(request).filter(sent_at__isnull=True).exclude(problem="")
        return unsent.defer("customer__pin")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        title = {"title": _("PIN mails that could not be sent")}
        return super().changelist_view(request, title)  # type: ignore[no-any-return]

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.list_display if self.has_change_permission(request) else self.list_display[:-1]

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list says all there is."""
        return HttpResponseRedirect(reverse("admin:loyalty_pinmail_changelist"))

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.send_view)
        return [path("<int:pk>/send/", view, name="loyalty_pinmail_send"), *super().get_urls()]

    @admin.display(description=gettext_lazy("Customer"))
    def customer_link(self, obj: PinMail) -> str:
        page = reverse("admin:loyalty_customer_change", args=[obj.customer_id])
        return format_html('<a href="{}">{}</a>', page, obj.customer)

    @admin.display(description=gettext_lazy("What next"))
    def again(self, obj: PinMail) -> str:
        # The list is a form: this button sends it elsewhere, with its CSRF token.
        words = _("Send again"), _("Send the PIN to %(customer)s again") % {"customer": obj.customer}
        page = reverse("admin:loyalty_pinmail_send", args=[obj.pk])
        html = '<button type="submit" class="set-button" formaction="{}" aria-label="{}">{}</button>'
        return format_html(html, page, words[1], words[0])

    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        if self.get_queryset(request).filter(pk=pk).update(due_at=timezone.now()):
            async_task(SEND)
            self.message_user(request, _("The mail is being sent."), messages.SUCCESS)
        else:
            self.message_user(request, _("This mail no longer waits: it was sent, or isn't needed."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:loyalty_pinmail_changelist"))
