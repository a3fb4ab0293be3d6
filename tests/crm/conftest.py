"""What tests of the CRM share: a company in Shanghai, staff of every role, customers.

``administrator``, ``manager``, ``sales``, ``service``, ``analyst``, ``viewer`` are users with the roles that come with
Guanxi. ``sales`` and ``colleague`` are in ``team``; ``stranger`` is in sales too, but in another team.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from filelock import FileLock

from crm_served import guanxi
from guanxi_crm.core.company import company_update
from guanxi_crm.core.models import Company
from guanxi_crm.core.policy import Actor, Door
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.users.models import Role, Team, User
from guanxi_crm.users.policy import actor_for
from guanxi_crm.users.services.roles import roles_ensure

PASSWORD = "correct horse battery staple"  # noqa: S105
CONTACT_KINDS = ("phone", "email", "wechat", "address")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Rate limits, the company's settings and the language of one test are not those of the next."""
    for cache in caches.all():
        cache.clear()
    with translation.override("en"):
        yield
    for cache in caches.all():
        cache.clear()


@pytest.fixture(autouse=True)
def nobody_left_in_the_search_index(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """A test with transactions of its own ends with all of Django's tables emptied, and the index is none of them."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM customers_search")


@pytest.fixture
def company(db: None) -> Company:
    """A shop in Shanghai that counts in yuan."""
    roles_ensure()
    return company_update(name="半山书店", timezone="Asia/Shanghai", currency="CNY", language="zh")


@pytest.fixture
def password() -> str:
    """Everybody's."""
    return PASSWORD


@pytest.fixture
def user_of(company: Company) -> Callable[..., User]:
    """Makes a member of staff: ``user_of("sales", name="…", teams=[team])``; roles by their codes."""
    numbers = itertools.count(1)

    def make(*roles: str, teams: list[Team] | None = None, **values: object) -> User:
        number = next(numbers)
        values = {"email": f"{(*roles, 'nobody')[0]}{number}@example.com", "name": f"Staff {number}", **values}
        user = User.objects.create_user(password=PASSWORD, **values)
        user.roles.set(Role.objects.filter(code__in=roles))
        user.teams.set(teams or [])
        return user

    return make


@pytest.fixture
def team(db: None) -> Team:
    """Of ``sales`` and ``colleague``."""
    return Team.objects.create(name="华东")


@pytest.fixture
def administrator(user_of: Callable[..., User]) -> User:
    return user_of("administrator", name="Ada Admin", email="administrator@example.com")


@pytest.fixture
def manager(user_of: Callable[..., User]) -> User:
    return user_of("manager", name="Mei Manager", email="manager@example.com")


@pytest.fixture
def sales(user_of: Callable[..., User], team: Team) -> User:
    return user_of("sales", name="Sam Sales", email="sales@example.com", teams=[team])


@pytest.fixture
def colleague(user_of: Callable[..., User], team: Team) -> User:
    return user_of("sales", name="Carl Colleague", email="colleague@example.com", teams=[team])


@pytest.fixture
def stranger(user_of: Callable[..., User]) -> User:
    other = Team.objects.create(name="华南")
    return user_of("sales", name="Stella Stranger", email="stranger@example.com", teams=[other])


@pytest.fixture
def service(user_of: Callable[..., User]) -> User:
    return user_of("service", name="Sue Service", email="service@example.com")


@pytest.fixture
def analyst(user_of: Callable[..., User]) -> User:
    return user_of("analyst", name="Ann Analyst", email="analyst@example.com")


@pytest.fixture
def viewer(user_of: Callable[..., User]) -> User:
    return user_of("viewer", name="Vic Viewer", email="viewer@example.com")


@pytest.fixture
def staff(
    administrator: User, manager: User, sales: User, service: User, analyst: User, viewer: User
) -> dict[str, User]:
    """Role → its user, for tests of all roles."""
    everybody = (administrator, manager, sales, service, analyst, viewer)
    return {user.roles.get().code: user for user in everybody}


@pytest.fixture
def actor() -> Callable[..., Actor]:
    """``actor(user)``: what he may do, read anew; ``actor(user, Door.API)`` by another door."""

    def make(user: User, door: Door = Door.PAGE) -> Actor:
        return actor_for(User.objects.get(pk=user.pk), door)

    return make


@pytest.fixture
def client_of(db: None) -> Callable[..., Client]:
    """``client_of(user)``: a browser in which he has signed in; ``language`` is what the browser asks for."""

    def make(user: User, *, language: str = "en", **options: object) -> Client:
        client = Client(headers={"Accept-Language": language}, **options)
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def customer_of(company: Company) -> Callable[..., Customer]:
    """Makes a customer: ``customer_of(name="王小明", owner=sales, phone="13800138000")``.

    Values are fields of `Customer`; ``phone``, ``email``, ``wechat`` and ``address`` become his primary contact points.
    """
    numbers = itertools.count(1001)

    def make(**values: object) -> Customer:
        contacts = {kind: str(values.pop(kind)) for kind in CONTACT_KINDS if kind in values}
        now = timezone.now()
        defaults = {"number": f"C{next(numbers)}", "name": "王小明", "created_at": now, "updated_at": now}
        customer = Customer.objects.create(**{**defaults, **values})
        for kind, value in contacts.items():
            normal = "".join(each for each in value if each.isdigit()) if kind == "phone" else value.lower()
            ContactPoint.objects.create(customer=customer, kind=kind, value=value, normal=normal, is_primary=True)
        return customer

    return make


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[..., Path]:
    """``made_once("demo", make)``: a directory that ``make(path)`` has made, as this process's own copy.

    Processes that test beside each other have a common parent directory. The first that asks makes the directory there,
    the others wait for it. It gets its name when it is whole.
    """
    own = tmp_path_factory.getbasetemp()
    common = own if worker_id == "master" else own.parent

    def once(name: str, make: Callable[[Path], object]) -> Path:
        whole, begun = common / f"{name}-made-once", common / f"{name}-begun"
        with FileLock(common / f"{name}.lock"):
            if not whole.exists():
                shutil.rmtree(begun, ignore_errors=True)
                make(begun)
                begun.rename(whole)
        return shutil.copytree(whole, tmp_path_factory.mktemp(name) / "data")

    return once


@pytest.fixture(scope="session")
def demo_directory(made_once: Callable[..., Path]) -> Path:
    """The simulated company of 300 customers, loaded and studied; to be read, or copied before it is changed."""
    return made_once("demo", lambda path: guanxi("demo", "load", "--data", str(path), "--customers", "300"))
