"""Django's settings, made from the checked Environment. Wiring only; each choice that needs one has its reason."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from maru.platform.ports.cache import caches
from maru.platform.ports.environment import load
from maru.platform.ports.tasks import tasks

MARU = load()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = MARU.secret
DEBUG = MARU.debug
ALLOWED_HOSTS = list(MARU.hosts)
ROOT_URLCONF = "maru.project.urls"
ASGI_APPLICATION = "maru.project.asgi.application"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "maru.platform.ports.search",
    "maru.platform.events",
    "maru.platform.audit",
    "maru.platform.access",
    "maru.platform.registry",
    "maru.platform.ui",
    "maru.commons.offices",
    "maru.commons.people",
    "maru.commons.files",
    "maru.commons.sources",
    "maru.commons.moderation",
    "maru.commons.voices",
    "maru.services.live",
    "maru.services.opendata",
    "maru.project",
    # After people, whose and the design system's templates of the same names come first.
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # A page of the hall weighs a sixth of itself. Its secrets are masked anew in each answer, and the length is
    # padded at random, so that compression tells nothing of them.
    "maru.project.middleware.Compression",
    "maru.project.middleware.TrustedProxies",
    "maru.project.middleware.RequestReference",
    "maru.project.middleware.CityTime",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "maru.platform.access.middleware.BodyLimit",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "maru.commons.people.middleware.BearerToken",
    "maru.commons.people.middleware.PersonLanguage",
    "maru.commons.people.middleware.DeviceCookie",
    "maru.platform.access.middleware.Refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "maru.project.context.house",
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    if url == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": MARU.home / "db.sqlite3",
            "OPTIONS": {
                # IMMEDIATE: a transaction that will write takes the lock at once and waits for it, instead of
                # failing half-way when another writer was first.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;",
            },
            # A file, not memory: tests of threads and processes need the same database.
            "TEST": {"NAME": MARU.home / "test.sqlite3"},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "maru",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(MARU.database)}
CACHES = caches(MARU.cache)
TASKS = tasks(MARU.tasks)

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "maru.commons.people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_FORMS = {"signup": "maru.commons.people.forms.SignupForm"}
SOCIALACCOUNT_ADAPTER = "maru.commons.people.adapter.ProviderAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Verifying the address is optional, so it must not stand before the second step.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {"login_webauthn": "maru.commons.people.passkeys.PasskeyLoginForm"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not MARU.https
MFA_TOTP_ISSUER = "Maru"
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "city",
                    "name": MARU.oidc_name or "OpenID Connect",
                    "client_id": MARU.oidc_client,
                    "secret": MARU.oidc_secret,
                    "settings": {"server_url": MARU.oidc_issuer},
                }
            ]
        }
    }
    if MARU.oidc_issuer
    else {}
)


def _mail(url: str) -> dict[str, object]:
    if url == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(MARU.home / "mail"),
        }
    if url == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
    }


globals().update(_mail(MARU.mail))

LANGUAGE_CODE = "en"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "maru.project.formats"
TIME_ZONE = "UTC"
LANGUAGE_COOKIE_NAME = "maru_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [PACKAGE / "project" / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = MARU.home / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = MARU.media
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = MARU.https
CSRF_COOKIE_SECURE = MARU.https
CSRF_FAILURE_VIEW = "maru.project.faults.csrf_failure"
CSRF_TRUSTED_ORIGINS = [MARU.public_url] if MARU.public_url else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if MARU.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if MARU.https and MARU.proxies else None
X_FRAME_OPTIONS = "DENY"

# The event stream may be another port of the same host (default) or another address; a page cannot know its own
# host in a static header, so any port of http and https is allowed for connections where no address is set.
_STREAM = (
    [MARU.stream_url]
    if MARU.stream_url
    else [f"http://*:{MARU.stream_port}", f"https://*:{MARU.stream_port}"]
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        # media-chrome's web components put style elements into their shadow trees.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'", *_STREAM],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "form-action": ["'self'", *([MARU.oidc_issuer] if MARU.oidc_issuer else [])],
    }
}

LOGGING_CONFIG = "maru.project.logs.configure"
LOGGING = {"debug": MARU.debug}
SILENCED_SYSTEM_CHECKS: list[str] = []
