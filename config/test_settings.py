"""The settings of the test suite: production's, own secrets, the environment's database and broker."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ")
os.environ.setdefault("FERNET_KEYS", "tests-only-fernet-key")
os.environ.setdefault("Q_NAME", f"tests-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
os.environ.setdefault("OUTBOUND_ALLOW", "127.0.0.1,localhost")
os.environ.setdefault("SERVE_STATIC_UNCOLLECTED", "true")

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
LOGGING["root"]["level"] = "WARNING"  # type: ignore[index]
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["ENGINE"] = "tests.postgresql"
