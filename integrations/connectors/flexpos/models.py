"""The settings page of Amero/FlexPOS: its fields, in its order, with its words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos import client as flexpos
from integrations.connectors.flexpos.client import AttractionsClient, FlexPOSClient
from integrations.connectors.flexpos.customers import EMAIL, MOBILE, CustomerFilter
from integrations.connectors.heyloyalty.account import HeyloyaltyAccount
from integrations.connectors.heyloyalty.client import bare
from integrations.core.errors import ConfigurationError
from integrations.core.fields import SecretField
from integrations.core.history import SettingsHistory
from integrations.core.http.ratelimit import RateLimits
from integrations.core.models import Connection

# How FlexPOS writes dates: 2024-03-09T00:03:11.
FLEXPOS_DATES = "Y-m-dTH:i:s"
ASK_FLEXPOS = _("FlexPOS support, or your consultant there, gives it to you.")


class MatchOn(models.TextChoices):
    EMAIL = EMAIL, _("Email")
    MOBILE = MOBILE, _("Mobile")


class Active(models.TextChoices):
    ALL = "all", _("All")
    ONLY = "only", _("Only with IsActive (true)")


class ClubMember(models.TextChoices):
    ALL = "all", _("All")
    ONLY = "only", _("Only with IsClubMember (1)")


class Newsletter(models.TextChoices):
    ALL = "all", _("All")
    ONLY = "only", _("Only with GetsNewsletter (1)")


class ImportType(models.TextChoices):
    """What happens to members the list doesn't have yet, and to those it has."""

    CREATE = "create", _("Create")
    UNCHECKED = "unchecked", _("Create without check")
    UPSERT = "upsert", _("Update or create")
    UPDATE = "update", _("Update only")


class FlexPOSConnection(HeyloyaltyAccount, Connection):
    """Customers, receipts and tickets of one FlexPOS into one list of Heyloyalty."""

    # Attractions are for those who sell tickets or memberships.
    optional_secrets = ("attraction_client_secret",)

    # Text, as the choices of a settings page are.
    list_id = models.CharField(
        _("List"),
        max_length=20,
        blank=True,
        help_text=_(
            "The list that members are sent to. It must have the tracking integration: in Heyloyalty, Integrations › "
            "Tracking. A list of its own keeps the history of the others clean."
        ),
    )
    tracking_id = models.CharField(
        _("Tracking ID"),
        max_length=100,
        blank=True,
        help_text=_(
            "Of the tracking integration of this list. In Heyloyalty: Integrations › Tracking › the list, as id in the "
            "tracking script. Test connection says whether it is right."
        ),
    )
    match_on = models.CharField(
        _("Match members on field"),
        max_length=6,
        choices=MatchOn.choices,
        default=MatchOn.EMAIL,
        help_text=_("By which field a member is recognised on the list. Purchases are always recognised by email."),
    )
    api_url = models.CharField(_("API url"), max_length=200, blank=True, help_text=ASK_FLEXPOS)
    client_id = models.CharField(_("Client_id"), max_length=200, blank=True, help_text=ASK_FLEXPOS)
    client_secret = SecretField(_("Client_secret"), help_text=ASK_FLEXPOS)
    fetch_active = models.CharField(
        _("Fetch Customers Active"), max_length=4, choices=Active.choices, default=Active.ALL
    )
    fetch_club_members = models.CharField(
        _("Fetch Customers ClubMember"), max_length=4, choices=ClubMember.choices, default=ClubMember.ALL
    )
    fetch_newsletter = models.CharField(
        _("Fetch Customers Newsletter"), max_length=4, choices=Newsletter.choices, default=Newsletter.ALL
    )

    attraction_api_url = models.CharField(_("Attraction API url"), max_length=200, blank=True, help_text=ASK_FLEXPOS)
    attraction_client_id = models.CharField(
        _("Attraction Client_id"), max_length=200, blank=True, help_text=ASK_FLEXPOS
    )
    attraction_client_secret = SecretField(_("Attraction Client_secret"), help_text=ASK_FLEXPOS)

    import_type = models.CharField(
        _("Import type"),
        max_length=9,
        choices=ImportType.choices,
        default=ImportType.UPSERT,
        help_text=_("How customers of FlexPOS become members: whether they are created, updated or both."),
    )
    date_format = models.CharField(
        _("Date format"),
        max_length=40,
        blank=True,
        default=FLEXPOS_DATES,
        help_text=_("How FlexPOS writes dates. What stands here is what it sends unless it was set up differently."),
    )
    separator = models.CharField(
        _("Character that separates options"),
        max_length=3,
        default=".",
        help_text=_("Nested data is reached with it in the field mapping, for example cards.Cardnumber."),
    )
    reimport_unsubscribed = models.BooleanField(_("Re-import previously unsubscribed"), default=True)
    send_automations = models.BooleanField(
        _("Send active automations"),
        default=False,
        help_text=_("Whether members who are created get welcome mails and the like."),
    )
    send_webhooks = models.BooleanField(
        _("Send webhooks"),
        default=False,
        help_text=_("Whether Heyloyalty tells your other systems (by its webhooks) of members created and updated."),
    )
    errors_to = models.EmailField(
        _("Send errors in the import file to"),
        blank=True,
        help_text=_("Who gets a mail with a list of the members that failed, and why."),
    )
    calls_per_minute = models.PositiveSmallIntegerField(
        _("FlexPOS calls per minute"),
        default=60,
        help_text=_("What FlexPOS takes from one client. 0 means no limit."),
    )

    history = SettingsHistory("api_key", "api_secret", "client_secret", "attraction_client_secret")

    class Meta:
        verbose_name = _("Amero/FlexPOS")
        verbose_name_plural = _("Amero/FlexPOS")

    def destinations(self) -> dict[str, str]:
        """Key and secret of Heyloyalty go together, to both of its addresses."""
        return {
            "api_key": bare(self.api_address),
            "api_secret": bare(self.tracking_address),
            "client_secret": self.api_url,
            "attraction_client_secret": self.attraction_api_url,
        }

    def written_to(self) -> str:
        """FlexPOS is only read: another address of it changes nothing about who is a member, or unsubscribed."""
        return bare(self.api_address)

    @property
    def list_number(self) -> int:
        """Raises ConfigurationError when no list is chosen."""
        if not self.list_id.isdecimal():
            raise ConfigurationError(_now("No list is chosen. Choose one under Settings."))
        return int(self.list_id)

    @property
    def filters(self) -> CustomerFilter:
        return CustomerFilter(
            active=self.fetch_active == Active.ONLY,
            club_member=self.fetch_club_members == ClubMember.ONLY,
            newsletter=self.fetch_newsletter == Newsletter.ONLY,
        )

    @property
    def has_attractions(self) -> bool:
        return bool(self.attraction_api_url)

    def flexpos_limits(self) -> RateLimits:
        """New windows of one realm."""
        return flexpos.rate_limits(self.calls_per_minute)

    def flexpos(self, limits: RateLimits | None = None) -> FlexPOSClient:
        """Close it after use. Raises ConfigurationError for an address that is none."""
        return FlexPOSClient(
            self.api_url,
            self.client_id,
            self.client_secret,
            limits or self.flexpos_limits(),
            attractions=self.attractions() if self.has_attractions else None,
        )

    def attractions(self, limits: RateLimits | None = None) -> AttractionsClient:
        """Close it after use. Raises ConfigurationError for an address that is none."""
        return AttractionsClient(
            self.attraction_api_url,
            self.attraction_client_id,
            self.attraction_client_secret,
            limits or self.flexpos_limits(),
        )
