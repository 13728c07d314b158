"""Customer List."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.badges import badge
from integrations.core.admin.exports import ExportPages
from integrations.core.admin.imports.pages import ImportPages
from integrations.core.search import InfinitePaginator
from integrations.sources.loyalty.admin.customer_page import CustomerPages
from integrations.sources.loyalty.admin.search import matching
from integrations.sources.loyalty.models import Customer

NOTHING = "–"


@admin.register(Customer)
class CustomerAdmin(ExportPages, CustomerPages, ImportPages, ModelAdmin):  # type: ignore[misc]
    import_source = "loyalty.customer"
    export_source = "loyalty.customer"
    list_display = ("person", "name", "registered_badge", "points", "next_expiry", "last_change")
    list_select_related = ("account",)
    list_per_page = 50
    list_before_template = "admin/loyalty/customers_help.html"
    paginator = InfinitePaginator
    ordering = ("-pk",)
    # What `matching` looks at; Django wants names here to show the box.
    search_fields = ("email_key", "external_id", "first_name", "last_name")
    search_help_text = gettext_lazy("E-mail, own id or name, or how it begins")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).defer("pin")  # type: ignore[no-any-return]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        return (matching(queryset, search_term) if search_term.strip() else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filter above the list: others have no index."""
        return lookup == "registered__exact"

    @admin.display(description=gettext_lazy("E-mail"))
    def person(self, obj: Customer) -> str:
        return str(obj)

    @admin.display(description=gettext_lazy("Name"))
    def name(self, obj: Customer) -> str:
        return f"{obj.first_name} {obj.last_name}".strip() or NOTHING

    @admin.display(description=gettext_lazy("Registered"))
    def registered_badge(self, obj: Customer) -> str:
        look, text = ("success", _("Registered")) if obj.registered else ("default", _("Not registered"))
        return badge(look, text)

    @admin.display(description=gettext_lazy("Account (points)"))
    def points(self, obj: Customer) -> str:
        return f"{obj.account.balance:,}"

    @admin.display(description=gettext_lazy("Next expiry"))
    def next_expiry(self, obj: Customer) -> str:
        account = obj.account
        if account.next_expiry is None:
            return NOTHING
        words = {"date": formats.date_format(account.next_expiry), "points": f"{account.next_expiry_points:,}"}
        return _("%(date)s: %(points)s points") % words

    @admin.display(description=gettext_lazy("Last change"))
    def last_change(self, obj: Customer) -> str:
        account = obj.account
        if account.last_change_at is None:
            return NOTHING
        value = f"{account.last_change_value:+,}" if account.last_change_value else ""
        at = formats.date_format(timezone.localtime(account.last_change_at), "SHORT_DATETIME_FORMAT")
        return f"{at} {value}".strip()
