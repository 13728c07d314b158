"""The pages of the activation: four steps in the order and words of the vendor's guide, and the webhook that tells who
unsubscribed, for those activations that create members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty import troubles  # noqa: F401 – it tells the first page
from integrations.connectors.heyloyalty.activation_form import ATTRIBUTES, AUDIENCES, ActivationForm, question_of
from integrations.connectors.heyloyalty.activation_pages import ActivationPages
from integrations.connectors.heyloyalty.attached import fields_of, misfit
from integrations.connectors.heyloyalty.attached_part import AttachedPart
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.sync import SYNC
from integrations.core.admin.connection.main import ConnectionAdmin
from integrations.core.admin.connection.sidebar import item, joins
from integrations.core.admin.connection.steps import WEBHOOK, Step
from integrations.core.models import Run

GENERAL = Step(
    "general",
    _("General information"),
    ((None, {"fields": ("name", "description", "identifier_type")}),),
)
ADDRESSES = (_("Addresses and limits"), {"fields": ("api_address", "calls_per_second")})
ACCOUNT = Step(
    "heyloyalty",
    _("Heyloyalty information"),
    ((None, {"fields": ("api_key", "api_secret", "errors_to", "list_id", "list_name")}), ADDRESSES),
)
FIND = Step(
    "find",
    _("Find information in Heyloyalty"),
    (
        (
            None,
            {
                "fields": (
                    ("api_key", "find_key"),
                    ("api_secret", "find_secret"),
                    ("list_id", "find_list"),
                    "list_name",
                    ("errors_to", "find_mail"),
                ),
                "description": _("Keep this page open, and open Heyloyalty in another tab of the browser."),
            },
        ),
    ),
)
ATTACH = Step(
    "attach",
    _("Audiences and calculated attributes"),
    (
        (
            None,
            {
                "fields": (AUDIENCES, ATTRIBUTES, "attached_fields"),
                "description": _(
                    "Each gets a field of its own on the list. Start with one audience: you can attach more at any "
                    "time. Select, press Apply, then Save; the sync takes some five minutes for 10,000 persons."
                ),
            },
        ),
        (_("Persons who aren't on the list"), {"fields": ("create_members",)}),
        (_("When the sync stops"), {"fields": ("notify_to", "notify")}),
    ),
)


@admin.register(ActivationConnection)
class ActivationAdmin(AttachedPart, ActivationPages, ConnectionAdmin):
    form = ActivationForm
    steps = (GENERAL, ACCOUNT, FIND, ATTACH, WEBHOOK)
    webhook_guide = "admin/heyloyalty/activation_webhook.html"
    readonly_fields = ("list_name", "find_key", "find_secret", "find_list", "find_mail", "attached_fields")
    list_before_template = "admin/heyloyalty/create.html"
    show_add_link = False

    class Media:
        js = ("heyloyalty/activation.js",)
        css = {"all": ("heyloyalty/activation.css",)}

    def step_after(self, step: Step | None) -> Step | None:
        """The vendor's guide ends with Save: the webhook is for some only."""
        return None if step == ATTACH else super().step_after(step)

    def needs_calls(self, obj: Any) -> bool:
        """Only who creates members could subscribe somebody again."""
        return bool(obj.create_members)

    # -- the form of the last step -----------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if questions := [question_of(row) for row in self._detaching(request, obj)]:
            asked = (_("What happens to the fields of what you detach?"), {"fields": tuple(questions)})
            return (*fieldsets[:1], asked, *fieldsets[1:])
        return fieldsets

    def _public(self, fields: Iterable[Any]) -> list[Any]:
        """For those who may only look: what is attached is told by `attached_fields`."""
        return [name for name in super()._public(fields) if name not in (AUDIENCES, ATTRIBUTES)]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        detaching = self._detaching(request, obj)
        own = {AUDIENCES, ATTRIBUTES, *map(question_of, detaching)}
        wanted = [name for name in kwargs.pop("fields", None) or () if name not in own]
        form = super().get_form(request, obj, change, fields=wanted, **kwargs)
        form.attaches = self._attaches(request, obj) and self.has_change_permission(request, obj)
        form.detaching = detaching
        return form

    def _attaches(self, request: HttpRequest, obj: Any) -> bool:
        return self.current_step(request, obj) == ATTACH

    def _detaching(self, request: HttpRequest, obj: Any) -> list[AttachedField]:
        """What is attached and not ticked any more."""
        if request.method != "POST" or not self._attaches(request, obj):
            return []
        ticked = {name: set(request.POST.getlist(name)) for name in (AUDIENCES, ATTRIBUTES)}
        return [row for row in fields_of(obj.pk) if not _is_ticked(row, ticked)]

    # -- what stands beside the inputs -------------------------------------------------------------

    @admin.display(description=_("List"))
    def list_name(self, obj: ActivationConnection) -> str:
        """Filled by the page's script, and whenever the number or a key is changed."""
        return render_to_string("admin/heyloyalty/list_name.html", {"url": self.page_url("list", obj)})

    @admin.display(description=_("In Heyloyalty"))
    def find_key(self, obj: ActivationConnection) -> str:
        return guide("key")

    @admin.display(description=_("In Heyloyalty"))
    def find_secret(self, obj: ActivationConnection) -> str:
        return guide("secret")

    @admin.display(description=_("In Heyloyalty"))
    def find_list(self, obj: ActivationConnection) -> str:
        return guide("list")

    @admin.display(description=_("Your own choice"))
    def find_mail(self, obj: ActivationConnection) -> str:
        return guide("mail")

    @admin.display(description=_("Fields on the list"))
    def attached_fields(self, obj: ActivationConnection) -> str:
        rows = [(row, row.problem or misfit(row)) for row in fields_of(obj.pk)]
        last = Run.objects.filter(connection_id=obj.pk, job=SYNC).order_by("-pk").first()
        return render_to_string("admin/heyloyalty/attached.html", {"rows": rows, "run": last})


def _is_ticked(row: AttachedField, ticked: dict[str, set[str]]) -> bool:
    if row.audience_id is not None:
        return str(row.audience_id) in ticked[AUDIENCES]
    return str(row.attribute_id) in ticked[ATTRIBUTES]


def guide(part: str) -> str:
    return render_to_string("admin/heyloyalty/guide.html", {"part": part})


@joins("cdp")
def activations(request: HttpRequest) -> list[dict[str, Any]]:
    """Activation, in the sidebar's group of the customer data platform."""
    page = admin.site._registry[ActivationConnection]
    if not page.has_view_or_change_permission(request):
        return []
    link = reverse("admin:heyloyalty_activationconnection_changelist")
    return [item(_now("Activation"), "campaign", link, request.path.startswith(link))]
