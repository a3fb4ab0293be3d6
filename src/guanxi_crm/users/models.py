"""Tables of `users`: staff, teams, roles, invitations, API tokens, saved preferences."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

__all__ = ["ApiToken", "Invitation", "Role", "Team", "User"]


class Team(models.Model):
    """People who look after customers together."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """What its members may do. ``grants`` is read by `guanxi_crm.users.policy.grants_of`."""

    code = models.CharField(max_length=40, unique=True)
    """Of the roles that come with Guanxi, also their name in words (``crm_users.role_CODE``)."""
    name = models.CharField(max_length=100, default="")
    """Given by an administrator; empty for the roles that come with Guanxi."""
    grants = models.JSONField(default=dict)
    """record type → {"actions": {action: "own" | "team" | "all"}, "fields": {field: "hidden" | "read"}}."""
    is_administrator = models.BooleanField(default=False)
    require_second_factor = models.BooleanField(default=False)
    """Whether its members must have one to work."""

    def __str__(self) -> str:
        return self.name or self.code

    @property
    def label(self) -> str:
        """What it is called: its own name, or a code of `guanxi.words`."""
        return self.name or f"crm_users.role_{self.code}"

    @property
    def about(self) -> str:
        """What a role that comes with Guanxi is for: a code of `guanxi.words`."""
        return f"crm_users.about_{self.code}"


class UserManager(BaseUserManager["User"]):
    """Users are known by their mail address, in lower case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        user = self.model(email=email.strip().lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One member of staff."""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=2, default="")
    """``zh`` or ``en``; empty: what the browser asks for."""
    theme = models.CharField(max_length=5, default="")
    """``light`` or ``dark``; empty: what the system asks for."""
    is_active = models.BooleanField(default=True)
    roles = models.ManyToManyField(Role, related_name="users")
    teams = models.ManyToManyField(Team, related_name="users", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True)
    """To the quarter of an hour."""

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """One Chinese character, or two Latin letters, for the round badge."""
        words = (self.name or self.email).split()
        return words[0][:1].upper() if len(words) < 2 else (words[0][:1] + words[-1][:1]).upper()


class Invitation(models.Model):
    """A place for a new member of staff, taken by who has the link; only its hash is kept."""

    email = models.EmailField()
    name = models.CharField(max_length=100, default="")
    roles = models.ManyToManyField(Role, related_name="invitations")
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    language = models.CharField(max_length=2, default="")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()


class ApiToken(models.Model):
    """A program's way in: acts as its user, with no more than its scopes; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    """The beginning of the token, to tell it from others."""
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    """``RECORD_TYPE.ACTION`` each, such as ``customer.view``."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    @property
    def is_over(self) -> bool:
        return self.revoked_at is not None or self.expires_at <= timezone.now()
