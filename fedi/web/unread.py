"""How many things members are told that they have not looked at: known without asking."""

from fedi.accounts.models import Account
from fedi.core.unit import Unit
from fedi.core.wakes import Wakes
from fedi.debates.notifications import count_unread

#: Members whose number a process keeps.
ROOM = 10_000


class Unread:
    """The numbers of one process, each asked again once something has happened to it."""

    def __init__(self, signals: Wakes) -> None:
        self._counts: dict[int, int] = {}
        self._heard = 0
        signals.listen("notifications", self._forget)

    async def of(self, unit: Unit, account: Account) -> int:
        """How many; what happens while this is asked makes it be asked again next time."""
        if (known := self._counts.get(account.actor_id)) is not None:
            return known
        heard = self._heard
        count = await count_unread(unit, account)
        if heard == self._heard:
            if len(self._counts) >= ROOM:
                self._counts.clear()
            self._counts[account.actor_id] = count
        return count

    def _forget(self, key: str) -> None:
        self._heard += 1
        if key:
            self._counts.pop(int(key), None)
        else:
            self._counts.clear()
