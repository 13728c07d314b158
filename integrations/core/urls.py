from django.urls import path

from integrations.core.hooks import hook
from integrations.core.views import health

urlpatterns = [
    path("hooks/<str:token>/", hook, name="hook"),
    path("health/", health, name="health"),
]
