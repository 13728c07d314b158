"""Who sees what of the log: view permission, and the connections whose access names the user's roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from integrations.core.keyset import LAST_ID
from integrations.core.models import Connection

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Visible:
    """The connections a user sees, by name. `ids` is None when that is all of them: no filter is needed then.

    Removed ones are among them: their log stays. `connectors`, `removed` and `drafts` are by their ids, too.
    """

    names: dict[int, str]
    connectors: dict[int, str]
    removed: frozenset[int]
    drafts: frozenset[int]
    ids: list[int] | None

    @classmethod
    def of(cls, request: HttpRequest) -> Visible:
        rows = list(Connection.objects.visible_to(request.user).order_by("name").only("name", "connector", "state"))
        ids = [row.pk for row in rows]
        everything = getattr(request.user, "is_superuser", False) or not Connection.objects.exclude(pk__in=ids).exists()
        return cls(
            {row.pk: str(row) for row in rows},
            {row.pk: row.connector for row in rows},
            frozenset(row.pk for row in rows if row.state == Connection.State.REMOVED),
            frozenset(row.pk for row in rows if row.state == Connection.State.DRAFT),
            None if everything else ids,
        )

    def installed(self) -> Visible:
        """Without the removed ones: what still is at work, or could be."""
        names = {pk: name for pk, name in self.names.items() if pk not in self.removed}
        return Visible(names, self.connectors, frozenset(), self.drafts, list(names))


def visible_or_404(queryset: Any, request: HttpRequest, pk: int) -> Any:
    """The row, if it belongs to a connection the user sees; else 404, as if it didn't exist."""
    mine = Connection.objects.visible_to(request.user).values("pk")
    found = queryset.filter(pk=pk, connection__in=mine).first() if pk <= LAST_ID else None
    if found is None:
        raise Http404
    return found


class LogAdmin(ModelAdmin):  # type: ignore[misc]
    """Pages of our own under the admin's roof: looked at, never added to, changed or deleted."""

    def __init__(self, model: type[models.Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        self.url_prefix = f"{self.opts.app_label}_{self.opts.model_name}"

    def get_urls(self) -> list[URLPattern]:
        return [
            path("", self._page(self.list_page), name=f"{self.url_prefix}_changelist"),
            path("<int:pk>/change/", self._page(self.detail_page), name=f"{self.url_prefix}_change"),
            *self.more_urls(),
        ]

    def more_urls(self) -> list[URLPattern]:
        return []

    def _page(self, view: View) -> View:
        return self.admin_site.admin_view(view)  # type: ignore[no-any-return]

    def list_page(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    def detail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        raise NotImplementedError

    def page_context(self, request: HttpRequest, title: Any, **context: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title, "content_title": title, **context}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
