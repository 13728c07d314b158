"""The portal's addresses, and among them a source: Links stand for its records, of which no page of ours is a list."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from unfold.sites import UnfoldAdminSite

from config.urls import urlpatterns as portal
from integrations.core.admin.exports import ExportPages
from integrations.core.models import Link


class LinkAdmin(ExportPages):
    export_source = "shop.link"


shop = UnfoldAdminSite(name="admin")
shop._registry = {**admin.site._registry, Link: LinkAdmin(Link, shop)}
urlpatterns = [path("admin/", shop.urls), *portal]
