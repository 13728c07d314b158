from django.urls import path
from django.utils.module_loading import autodiscover_modules
from django.views.decorators.csrf import csrf_exempt

from integrations.core.api.errors import not_found
from integrations.core.api.main import api, with_sentences
from integrations.core.hooks import hook
from integrations.core.views import health

# Here and not when the apps load: workers serve no addresses, and the API is a tenth of a process's memory.
autodiscover_modules("api")
api_urls = api.urls
with_sentences(api_urls[0])

urlpatterns = [
    path("hooks/<str:token>/", hook, name="hook"),
    path("health/", health, name="health"),
    path("api/", api_urls),
    path("api/<path:rest>", csrf_exempt(not_found)),
]
