from django.urls import path

from integrations.sources.cdp.raptor.hook import raptor_hook

urlpatterns = [
    path("hooks/raptor/<str:token>/", raptor_hook, name="raptor-hook"),
]
