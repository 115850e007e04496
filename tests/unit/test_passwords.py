"""Passwords and the secrets that stand for a person."""

import asyncio

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from fedi.accounts.passwords import MAX_WAITING, hash_password, verify_password
from fedi.accounts.secrets import digest, new_secret
from fedi.core.errors import Invalid, Overloaded


async def test_a_password_opens_only_its_own_hash():
    stored = await hash_password("quatre mots bien choisis")
    assert await verify_password("quatre mots bien choisis", stored)
    assert not await verify_password("quatre mots mal choisis", stored)


async def test_passwords_are_hashed_with_argon2id_at_the_advised_cost():
    parameters = extract_parameters(await hash_password("quatre mots bien choisis"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


async def test_one_password_has_another_hash_each_time():
    one, other = [await hash_password("quatre mots bien choisis") for _ in range(2)]
    assert one != other


@pytest.mark.parametrize("password", ["", "court", "x" * 129])
async def test_a_password_too_short_or_too_long_is_refused(password: str):
    with pytest.raises(Invalid):
        await hash_password(password)


async def test_nobody_has_a_password():
    assert not await verify_password("quatre mots bien choisis", None)
    assert not await verify_password("", None)


async def test_a_damaged_hash_opens_for_nobody():
    assert not await verify_password("quatre mots bien choisis", "$argon2id$rubbish")


async def test_a_very_long_attempt_is_refused_cheaply():
    stored = await hash_password("x" * 128)
    assert await verify_password("x" * 128, stored)
    assert not await verify_password("x" * 1_000_000, stored)


async def test_a_flood_of_sign_ins_is_told_to_come_back_later():
    attempts = [verify_password("quatre mots", None) for _ in range(MAX_WAITING + 5)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Overloaded)]
    assert len(refused) == 5
    assert not await verify_password("quatre mots", None), "the next one is taken again"


def test_secrets_are_long_and_stored_as_hashes():
    one, other = new_secret(), new_secret()
    assert one != other
    assert len(one) >= 43
    assert digest(one) == digest(one) != digest(other)
    assert one.encode() not in digest(one)
