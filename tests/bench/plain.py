"""What intake is compared with: a project as `startproject` makes it, with one view that stores a webhook's body."""

from __future__ import annotations

import json
import os

import django
import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    SECRET_KEY="plain-project-of-the-benchmark",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": environ.Env.db_url_config(os.environ["PLAIN_DATABASE_URL"])},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402


class Call(models.Model):
    """One webhook call."""

    received_at = models.DateTimeField(auto_now_add=True)
    body = models.JSONField()

    class Meta:
        app_label = "plain"

    def __str__(self) -> str:
        return str(self.pk)


@csrf_exempt
def hook(request: HttpRequest) -> JsonResponse:
    Call.objects.create(body=json.loads(request.body))
    return JsonResponse({"ok": True})


urlpatterns = [path("hook/", hook)]
application = get_wsgi_application()

if Call._meta.db_table not in connection.introspection.table_names():
    with connection.schema_editor() as editor:
        editor.create_model(Call)
    connection.close()
