"""Bearer tokens: how a program acts for a member."""

from sqlalchemy import select

from actors.models import Actor
from fedi.accounts.models import AccessToken, Account
from fedi.accounts.secrets import digest, new_secret
from fedi.core.errors import Forbidden, Invalid, Unauthenticated
from fedi.core.unit import Unit

SCOPES = frozenset({"read", "write"})


async def create_token(unit: Unit, account: Account, scopes: tuple[str, ...]) -> str:
    """Make a token that may do this; it is shown now and never again.

    Raises `Invalid` for a scope that does not exist.
    """
    if not scopes or not SCOPES.issuperset(scopes):
        raise Invalid("the scopes are read and write", code="bad-scope")
    token = new_secret()
    unit.add(
        AccessToken(
            token_hash=digest(token),
            account_id=account.id,
            scopes=" ".join(sorted(set(scopes))),
            created_at=unit.now,
        )
    )
    return token


async def find_token(unit: Unit, token: str, scope: str) -> Actor:
    """The person for whom the bearer of this token acts.

    Raises `Unauthenticated` when the token is unknown, revoked or its account closed, and
    `Forbidden` when it does not reach as far as `scope`.
    """
    query = (
        select(AccessToken.scopes, Actor)
        .join(Account, Account.id == AccessToken.account_id)
        .join(Actor, Actor.id == Account.actor_id)
        .where(
            AccessToken.token_hash == digest(token),
            AccessToken.revoked_at.is_(None),
            Account.disabled_at.is_(None),
            Actor.gone_at.is_(None),
            Actor.suspended_at.is_(None),
        )
    )
    row = (await unit.session.execute(query)).one_or_none()
    if row is None:
        raise Unauthenticated("this token is not valid", code="bad-token")
    scopes, actor = row
    if scope not in scopes.split():
        raise Forbidden(f"this token may not {scope}", code="scope")
    unit.meet(actor)
    found: Actor = actor
    return found
