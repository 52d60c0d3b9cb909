"""People of the city: an account signs in by e-mail; what it may do beyond a citizen is a list of grants."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What staff may be. Everyone signed in is a citizen without any grant."""

    OFFICER = "officer", _("officer")
    MODERATOR = "moderator", _("moderator")
    PRODUCER = "producer", _("producer")
    ADMINISTRATOR = "administrator", _("administrator")


class PersonManager(BaseUserManager["Person"]):
    """Makes accounts; e-mail addresses are compared without regard to case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A new account. No password means one that cannot be used (sign-in by provider or passkey)."""
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        """By e-mail, whatever its case."""
        return self.get(email=(username or "").strip().lower())


class Person(AbstractUser):
    """An account. ``nickname`` is what other citizens see; ``name`` is for staff; both may be empty."""

    username = None  # type: ignore[assignment]  # AbstractUser's field is removed on purpose: e-mail signs in
    first_name = None  # type: ignore[assignment]  # one name, in any order a culture writes it
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    nickname = models.CharField(_("nickname"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    # True while a token speaks that was made at the command line: who runs the house answers for it.
    vouched = False

    objects = PersonManager()  # type: ignore[assignment,misc]  # AbstractUser's manager wants a username

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["email"]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the e-mail in lower case, so that one address is one account."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        """What to call this person on a staff screen."""
        return self.name or self.nickname or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.nickname or self.name

    @cached_property
    def held_grants(self) -> tuple[Grant, ...]:
        """All grants of this person, read once per request."""
        return tuple(self.grants.select_related("office"))

    def forget_grants(self) -> None:
        """Read the grants anew at the next question: they were changed."""
        self.__dict__.pop("held_grants", None)

    @property
    def is_official(self) -> bool:
        """Any role beyond citizen."""
        return self.is_active and bool(self.held_grants)

    def has_role(self, role: str, office_id: int | None = None) -> bool:
        """Whether this person holds ``role`` (for the office, if one is named). An administrator holds all."""
        if not self.is_active:
            return False
        for grant in self.held_grants:
            if grant.role == Role.ADMINISTRATOR:
                return True
            if grant.role == role and office_id in (None, grant.office_id):
                return True
        return False

    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than a password (authenticator app or passkey)."""
        if self.vouched:
            return True
        from allauth.mfa.models import Authenticator  # the app is loaded after this one

        strong = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
        return bool(Authenticator.objects.filter(user_id=self.pk, type__in=strong).exists())

    @property
    def office_ids(self) -> frozenset[int]:
        """The offices this person answers for as an officer."""
        return frozenset(g.office_id for g in self.held_grants if g.role == Role.OFFICER and g.office_id)


class Grant(models.Model):
    """One role of one person. Only an officer's grant names an office."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    office = models.ForeignKey(
        "offices.Office",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("office"),
    )
    granted_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("grant")
        ordering = ["role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=models.Q(office=None), name="one_grant_without_office"
            ),
            models.UniqueConstraint(
                fields=["person", "role", "office"],
                condition=models.Q(office__isnull=False),
                name="one_grant_per_office",
            ),
            models.CheckConstraint(
                condition=models.Q(role="officer", office__isnull=False)
                | (~models.Q(role="officer") & models.Q(office=None)),
                name="officers_have_an_office",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.role}"


class ApiToken(models.Model):
    """A key with which a program speaks for a person on the Open API. Only its digest is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    vouched = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_live(self) -> bool:
        """Whether it still opens anything, as far as the token itself goes."""
        return self.revoked_at is None and not self.is_expired
