from django.urls import path

from integrations.sources.loyalty.ellity_hook import ellity_hook

urlpatterns = [
    path("hooks/ellity/<str:token>/", ellity_hook, name="ellity-hook"),
]
