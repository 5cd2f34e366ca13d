"""Who may use the bot. Nobody but owners and members; an empty list means nobody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from app.models import Brand, Member, Role
from app.ports import Clock, Store

STRANGER_PERIOD = timedelta(days=1)


class MemberService:
    """The brand that exists from the start, its members, and strangers."""

    def __init__(self, *, store: Store, clock: Clock, zone: str, language: str, grid: str) -> None:
        """Zone and language are the settings'; the grid is that of a brand made now."""
        self._store = store
        self._clock = clock
        self._zone = zone
        self._language = language
        self._grid = grid

    async def brand(self) -> Brand:
        """The brand of this installation, made at the first call."""
        async with self._store.read() as tx:
            brands = await tx.brands.find(limit=1)
        if brands:
            return brands[0]
        async with self._store.write() as tx:
            again = await tx.brands.find(limit=1)
            if again:
                return again[0]
            return await tx.brands.add(
                name="Brand",
                zone=self._zone,
                language=self._language,
                grid=self._grid,
                created_at=self._clock.now(),
            )

    async def settle(self, owner_ids: Collection[int]) -> None:
        """Bring zone, language and owners in line with the settings.

        Instants already promised stay; an owner who is configured no more is out.
        """
        brand = await self.brand()
        async with self._store.write() as tx:
            await tx.brands.touch(brand.id, zone=self._zone, language=self._language)
            members = {m.user_id: m for m in await tx.members.find(brand_id=brand.id)}
            for user_id in owner_ids:
                if user_id not in members:
                    await tx.members.add(
                        brand_id=brand.id,
                        user_id=user_id,
                        role=Role.OWNER,
                        name=str(user_id),
                        created_at=self._clock.now(),
                    )
                elif members[user_id].role is not Role.OWNER:
                    await tx.members.touch(members[user_id].id, role=Role.OWNER)
            for member in members.values():
                if member.role is Role.OWNER and member.user_id not in owner_ids:
                    await tx.members.remove(member.id)

    async def find(self, user_id: int) -> Member | None:
        """The member with that Telegram id."""
        async with self._store.read() as tx:
            found = await tx.members.find(user_id=user_id)
        return found[0] if found else None

    async def owners(self) -> list[Member]:
        """Who hears of what went wrong."""
        async with self._store.read() as tx:
            return await tx.members.find(role=Role.OWNER)

    async def rename(self, member: Member, name: str) -> Member:
        """Keep the name a person shows on Telegram."""
        if member.name == name:
            return member
        async with self._store.write() as tx:
            return await tx.members.touch(member.id, name=name)

    async def speak(self, member: Member, language: str) -> Member:
        """Set the language the bot uses with a person."""
        async with self._store.write() as tx:
            return await tx.members.touch(member.id, language=language)

    async def may_tell_stranger(self, user_id: int) -> bool:
        """True once a day for each stranger."""
        now = self._clock.now()
        async with self._store.write() as tx:
            return await tx.strangers.may_tell(user_id, now=now, since=now - STRANGER_PERIOD)
