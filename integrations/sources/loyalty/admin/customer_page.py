"""A customer's page: data, account, PIN and movements. Everything it saves goes through the bulk verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from integrations.core.batch import Outcome
from integrations.core.keyset import LAST_ID
from integrations.sources.loyalty.admin.card import card
from integrations.sources.loyalty.admin.delete import CustomerDeletion
from integrations.sources.loyalty.admin.forms import CustomerForm, MovementForm, PinForm
from integrations.sources.loyalty.admin.history import HistoryPages
from integrations.sources.loyalty.batch import PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import Customer, LoyaltySettings, PinMailBy
from integrations.sources.loyalty.movements import record_movements


class CustomerPages(HistoryPages, CustomerDeletion):
    """Part of CustomerAdmin."""

    def get_urls(self) -> Any:
        own = [
            path("<int:pk>/pin/", self.admin_site.admin_view(self.pin_view), name="loyalty_customer_pin"),
            path(
                "<int:pk>/movement/", self.admin_site.admin_view(self.movement_view), name="loyalty_customer_movement"
            ),
        ]
        return own + super().get_urls()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = CustomerForm(request.POST if request.method == "POST" else None, auto_id="data-%s")
        if request.method == "POST" and form.is_valid():
            [result] = save_customers([form.row()])
            if result.outcome != Outcome.REFUSED:
                self.log_addition(request, Customer.objects.get(pk=result.id or 0), _("Created"))
                return self._saved(request, result.id, _("The customer is saved."))
            form.refuse(result)
        title = _("Add customer")
        context = {**self.admin_site.each_context(request), "title": title, "content_title": title, "data_form": form}
        return TemplateResponse(request, "admin/loyalty/customer_add.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        customer = self.customer_or_404(request, int(object_id) if object_id.isdecimal() else 0)
        if request.method != "POST":
            return self._page(request, customer)
        if not self.has_change_permission(request, customer):
            raise PermissionDenied
        form = CustomerForm(request.POST, instance=customer, auto_id="data-%s")
        if form.is_valid():
            row, changed = form.row(), ", ".join(str(form.fields[name].label) for name in form.changed_data)
            [result] = save_customers([row])
            if result.outcome != Outcome.REFUSED:
                if result.outcome == Outcome.UPDATED:
                    self.log_change(request, customer, _("Changed %(fields)s") % {"fields": changed})
                return self._saved(request, customer.pk, _("The customer is saved."))
            form.refuse(result)
        return self._page(request, self.customer_or_404(request, customer.pk), data_form=form)

    def pin_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST gives the PIN that was typed, or a new one."""
        customer = self._posted(request, pk, "loyalty.change_customer")
        form = PinForm(request.POST, auto_id="pin-%s")
        if form.is_valid():
            [result] = change_pins([PinRow(form.cleaned_data["pin"], customer_id=pk)])
            if result.outcome != Outcome.REFUSED:
                self.log_change(request, customer, _("Changed the PIN"))
                return self._saved(request, pk, _("The new PIN is saved. %(who)s") % {"who": _who_sends(customer)})
            form.refuse(result)
        return self._page(request, customer, pin_form=form)

    def movement_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = self._posted(request, pk, "loyalty.add_movement")
        form = MovementForm(request.POST, auto_id="movement-%s")
        if form.is_valid():
            [result] = record_movements([form.row(pk)])
            if result.outcome != Outcome.REFUSED:
                if result.outcome == Outcome.CREATED:
                    words = {"value": f"{form.cleaned_data['value']:+,}"}
                    self.log_change(request, customer, _("Recorded a movement of %(value)s points") % words)
                return self._saved(request, pk, _("The movement is recorded."))
            form.refuse(result)
        return self._page(request, customer, movement_form=form)

    # -- what they share --------------------------------------------------------------------------

    def customer_or_404(self, request: HttpRequest, pk: int) -> Customer:
        """Raises PermissionDenied for those who may see no customer."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found: Customer | None = None
        if pk <= LAST_ID:
            found = self.get_queryset(request).select_related("account").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _posted(self, request: HttpRequest, pk: int, permission: str) -> Customer:
        customer = self.customer_or_404(request, pk)
        if request.method != "POST" or not request.user.has_perm(permission):
            raise PermissionDenied
        return customer

    def _page(self, request: HttpRequest, customer: Customer, **forms: Any) -> HttpResponse:
        user = request.user
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            **card(request, customer),
            "opts": self.opts,
            "original": customer,
            "title": str(customer),
            "refused": bool(forms),
        }
        if self.has_change_permission(request, customer):
            context["data_form"] = CustomerForm(instance=customer, auto_id="data-%s")
            if not customer.registered:
                context["pin_form"] = PinForm(auto_id="pin-%s")
        if user.has_perm("loyalty.add_movement"):
            context["movement_form"] = MovementForm(auto_id="movement-%s")
        context["can_delete"] = self.has_delete_permission(request, customer)
        return TemplateResponse(request, "admin/loyalty/customer.html", {**context, **forms})

    def _saved(self, request: HttpRequest, pk: int | None, text: str) -> HttpResponse:
        self.message_user(request, text, messages.SUCCESS)
        if not self.has_view_or_change_permission(request):
            return redirect(reverse("admin:index"))
        return redirect(reverse("admin:loyalty_customer_change", args=[pk]))


def _who_sends(customer: Customer) -> str:
    if LoyaltySettings.load().pin_mail == PinMailBy.INTEGRATION:
        return _("The integrations were told of it.")
    return _("The portal mails it to the customer.") if customer.email else _("The customer has no e-mail address.")
