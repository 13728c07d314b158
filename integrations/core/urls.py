from django.urls import path

from integrations.core.api.errors import not_found
from integrations.core.api.main import api
from integrations.core.hooks import hook
from integrations.core.views import health

urlpatterns = [
    path("hooks/<str:token>/", hook, name="hook"),
    path("health/", health, name="health"),
    path("api/", api.urls),
    path("api/<path:rest>", not_found),
]
