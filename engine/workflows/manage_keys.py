"""API keys: make, list and revoke them, and recognise who holds one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from engine.domain.api_key import ApiKey, KeyState, Role, checked_name
from engine.domain.key_secret import key_id_in, make_secret
from engine.errors import Conflict, KeyRefused, NotFound
from engine.formatting import format_time_iso
from engine.storage import api_keys
from engine.storage.api_keys import StoredKey
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from engine.workflows.key_hashes import hash_of, is_hash_of

RECOGNISED_FOR = timedelta(minutes=10)
"""How long a secret that was verified is known again without computing its hash."""
NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    key: ApiKey
    secret: str
    """To be shown once: it cannot be read again."""


class KeyRing:
    """The keys of one database, all of them in memory: their owner is the only process that changes them.

    Methods may be called from any thread. What a key may do is looked up at each use, so that one that is revoked is
    worth nothing from the moment that `revoke` returns, whatever was remembered of it.
    """

    def __init__(
        self, database: Database, bookkeeping: Bookkeeping, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._bookkeeping = bookkeeping
        self._now = now
        self._changing = threading.Lock()
        """Held while a change is written, so that changes follow one another."""
        self._lock = threading.Lock()
        """Held for moments, while what is in memory is read or replaced."""
        self._keys: dict[str, StoredKey] | None = None
        self._recognised: dict[bytes, tuple[str, datetime]] = {}
        """SHA-256 of a verified secret: whose it is, and until when that is believed."""

    def create(self, name: str, role: Role, *, lifetime: timedelta | None = None) -> MadeKey:
        """A new key with its secret. Raises InvalidValue, Overloaded and StorageError."""
        made = make_secret()
        now = self._now()
        key = ApiKey(
            key_id=made.key_id,
            name=checked_name(name),
            role=role,
            created_at=now,
            expires_at=now + lifetime if lifetime is not None else None,
        )
        stored = StoredKey(key=key, secret_hash=hash_of(made.secret))
        with self._changing:
            self._database.write(lambda cursor: api_keys.save(cursor, stored), is_bookkeeping=True)
            with self._lock:
                self._loaded()[key.key_id] = stored
        return MadeKey(key=key, secret=made.secret)

    def lend(self, name: str, role: Role) -> MadeKey:
        """A key that is in memory alone: it ends with this ring, unless it is revoked before. Raises Overloaded."""
        made = make_secret()
        key = ApiKey(key_id=made.key_id, name=checked_name(name), role=role, created_at=self._now())
        lent = StoredKey(key=key, secret_hash=hash_of(made.secret))
        with self._lock:
            self._loaded()[key.key_id] = lent
        return MadeKey(key=key, secret=made.secret)

    def everything(self) -> list[ApiKey]:
        """Every key that was ever made, oldest first."""
        with self._lock:
            return [stored.key for stored in self._loaded().values()]

    def active(self, key_id: str) -> ApiKey | None:
        """The key of this id, as long as it opens anything."""
        with self._lock:
            stored = self._loaded().get(key_id)
        return stored.key if stored is not None and self._state(stored.key) is KeyState.ACTIVE else None

    def has_admin(self, *, besides: str | None = None) -> bool:
        """Whether some active key, other than `besides`, may manage keys."""
        return any(
            key.role is Role.ADMIN and key.key_id != besides and self._state(key) is KeyState.ACTIVE
            for key in self.everything()
        )

    def revoke(self, key_id: str, *, keep_an_admin: bool = False) -> ApiKey:
        """The key, which opens nothing from now on; one that was revoked before is returned as it is.

        Raises NotFound, StorageError, and Conflict where `keep_an_admin` and it is the last that may manage keys.
        """
        with self._changing:
            with self._lock:
                stored = self._loaded().get(key_id)
            if stored is None:
                raise NotFound(f"There is no key {key_id[:80]!r}; `modeldyno keys list` shows the ids of all.")
            if stored.key.revoked_at is not None:
                return stored.key
            is_last = self._state(stored.key) is KeyState.ACTIVE and not self.has_admin(besides=key_id)
            if keep_an_admin and stored.key.role is Role.ADMIN and is_last:
                raise Conflict(
                    f"Key {stored.key.name!r} is the last that may manage keys; make another one for admin first."
                )
            at = self._now()
            self._database.write(lambda cursor: api_keys.revoke(cursor, key_id, at), is_bookkeeping=True)
            with self._lock:
                self._recognised = {sha: known for sha, known in self._recognised.items() if known[0] != key_id}
                return self._keep(replace(self._loaded()[key_id].key, revoked_at=at))

    def recognise(self, secret: str) -> ApiKey | None:
        """The active key of a secret that was verified lately, in microseconds; None leaves it to `authenticate`."""
        with self._lock:
            known = self._recognised.get(_digest(secret))
            stored = self._loaded().get(known[0]) if known is not None else None
        if known is None or stored is None or self._now() >= known[1]:
            return None
        if self._state(stored.key) is not KeyState.ACTIVE:
            return None
        self._note_use(stored.key.key_id)
        return stored.key

    def authenticate(self, secret: str) -> ApiKey:
        """The active key that `secret` belongs to; computes a hash, but for texts of another form or unknown ids.

        Raises KeyRefused, which says to the holder of the right secret why it opens nothing, and Overloaded.
        """
        key_id = key_id_in(secret)
        with self._lock:
            stored = self._loaded().get(key_id) if key_id is not None else None
        if stored is None or not is_hash_of(stored.secret_hash, secret):
            raise KeyRefused("The API key is not one of this server's.")
        with self._lock:
            key = self._loaded()[stored.key.key_id].key  # it may have been revoked while the hash was computed
            state = self._state(key)
            if state is KeyState.ACTIVE:
                self._recognised[_digest(secret)] = (key.key_id, self._now() + RECOGNISED_FOR)
        if state is KeyState.REVOKED:
            raise KeyRefused(f"The API key {key.name!r} was revoked; ask for another one.")
        if state is KeyState.EXPIRED and key.expires_at is not None:
            raise KeyRefused(
                f"The API key {key.name!r} expired at {format_time_iso(key.expires_at)}; ask for another one."
            )
        self._note_use(key.key_id)
        return key

    def _state(self, key: ApiKey) -> KeyState:
        return key.state_at(self._now())

    def _note_use(self, key_id: str) -> None:
        """At most once a minute; the writing is left to the bookkeeping."""
        now = self._now()
        with self._lock:
            used_at = self._loaded()[key_id].key.last_used_at
            if used_at is not None and now - used_at < NOTE_USE_EVERY:
                return
            self._keep(replace(self._loaded()[key_id].key, last_used_at=now))
        self._bookkeeping.note_use(key_id, now)

    def _keep(self, key: ApiKey) -> ApiKey:
        keys = self._loaded()
        keys[key.key_id] = replace(keys[key.key_id], key=key)
        return key

    def _loaded(self) -> dict[str, StoredKey]:
        """Read from the database the first time; the caller holds a lock."""
        if self._keys is None:
            with self._database.cursor() as cursor:
                self._keys = {stored.key.key_id: stored for stored in api_keys.everything(cursor)}
        return self._keys


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
