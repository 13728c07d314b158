"""Settings, all from the environment (README › Settings). Production refuses to start without its secrets.

`manage.py demo` writes its own secrets into `var/demo/env`; the tests' are in `config/test_settings.py`.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str) -> str:
    """An environment variable production can't do without.

    Raises ImproperlyConfigured with what to do when it is missing or empty.
    """
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. See README › Settings; `manage.py demo` needs none of them.")
    return value


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required("SECRET_KEY")
# The first key encrypts, all of them decrypt. Never SECRET_KEY: it rotates for other reasons.
FERNET_KEYS = [key.strip() for key in required("FERNET_KEYS").split(",") if key.strip()]
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
# Hosts (name, address or name:port) that outgoing calls may reach although they are not public.
OUTBOUND_ALLOW = env.list("OUTBOUND_ALLOW", default=[])
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "integrations.core.admin_pages.PagesOnDemand",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_q",
    "simple_history",
    "integrations.core",
    "integrations.sandbox",
    "integrations.sources.cdp",
    "integrations.sources.loyalty",
    # One line a vendor.
    "integrations.connectors.contactsend",
    "integrations.connectors.flexpos",
    "integrations.connectors.heyloyalty",
    "integrations.connectors.leadhub",
    "integrations.connectors.leadsquared",
]

MIDDLEWARE = [
    "integrations.core.hooks.HookMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "integrations.core.preferences.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "integrations.core.icons.Loader"],
                ),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
# Widgets of forms are drawn by the same templates as their pages.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


def database(url_config: dict[str, Any]) -> dict[str, Any]:
    """The database of DATABASE_URL with the options this product was measured with (reasons: README › Decisions)."""
    url_config["CONN_MAX_AGE"] = 60
    url_config["CONN_HEALTH_CHECKS"] = True
    options = url_config.setdefault("OPTIONS", {})
    if url_config["ENGINE"].endswith("sqlite3"):
        options |= {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000",
        }
    elif url_config["ENGINE"].endswith("postgresql"):
        # A worker frozen inside a transaction must not hold its locks for ever. Compiling one of these short statements
        # takes longer than it saves.
        settings = "-c idle_in_transaction_session_timeout=60000 -c lock_timeout=20000 -c jit=off"
        options.setdefault("options", settings)
    return url_config


DATABASES = {
    "default": database(env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'portal.sqlite3'}"))
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    (BASE_DIR / "var").mkdir(exist_ok=True)

REDIS_URL = env.str("REDIS_URL", default="")

# Workers are woken by django-q2; the events table is the queue. Values and why: README › Decisions.
Q_CLUSTER: dict[str, Any] = {
    "name": env.str("Q_NAME", default="portal"),
    "workers": env.int("Q_WORKERS", default=4),
    "timeout": 120,
    "retry": 600,
    "max_attempts": 1,
    "ack_failures": True,
    "queue_limit": 2,
    "bulk": 1,
    "save_limit": 0,
    "catch_up": False,
    "poll": 0.2,
    "label": "Background jobs",
}
Q_CLUSTER |= {"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", _("English")), ("da", _("Danish")), ("it", _("Italian")), ("cs", _("Czech"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# django-ninja's pages of documentation. As an installed app it would be loaded by every worker, and take an eighth of
# its memory.
NINJA = Path(str(find_spec("ninja").origin)).parent  # type: ignore[union-attr]
STATICFILES_DIRS = [BASE_DIR / "static", ("ninja", NINJA / "static" / "ninja")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# The demo and `runserver` serve files straight from the apps; production runs collectstatic.
WHITENOISE_USE_FINDERS = env.bool("SERVE_STATIC_UNCOLLECTED", default=DEBUG)
if WHITENOISE_USE_FINDERS:
    STATIC_ROOT.mkdir(exist_ok=True)
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="portal@localhost")

# The country (ISO 3166, like DK) of phone numbers that somebody looks for without their country code.
PHONE_COUNTRY = env.str("PHONE_COUNTRY", default="").upper()

# A worker that stops answering loses its connection to another one after this many seconds.
LEASE_SECONDS = env.int("LEASE_SECONDS", default=60)

# Bodies and payloads hold personal data: they are deleted after this many days, counts and outcomes stay.
RETENTION_DAYS = env.int("RETENTION_DAYS", default=30)

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
if SECURE:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^hooks/", r"^health/"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
# Trusted only when the operator says that a proxy sets it.
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A row of Edit Mapping is up to eight form fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # unfold's Alpine evaluates the expressions in its own templates.
        "script-src": [SELF, UNSAFE_EVAL, NONCE],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"hook_tokens_masked": {"()": "integrations.core.request_log.HookTokensMasked"}},
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"filters": ["hook_tokens_masked"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Integration portal"),
    "SITE_HEADER": _("Integration portal"),
    "SITE_SYMBOL": "sync_alt",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")},
    ],
    "STYLES": [lambda request: static("portal.css")],
    "SCRIPTS": [lambda request: static("portal.js")],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "integrations.core.admin.connection.sidebar.navigation",
    },
    "ACCOUNT": {"navigation": "integrations.core.admin.preferences.account_links"},
    "SHOW_HISTORY": True,
    "ENVIRONMENT": "integrations.core.views.workers_sign",
    "DASHBOARD_CALLBACK": "integrations.core.admin.dashboard.main.first_page",
    "SHOW_VIEW_ON_SITE": False,
}
