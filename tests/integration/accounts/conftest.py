import pytest
from argon2 import PasswordHasher

from accounts import passwords


@pytest.fixture(autouse=True)
def _cheap_argon2(monkeypatch):
    """The real algorithm at its smallest cost: these tests hash hundreds of times."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobody.cache_clear()
