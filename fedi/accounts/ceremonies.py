"""What a passkey is asked to sign, and whether it did (Web Authentication, level 3).

The library weighs six megabytes: `fedi.accounts.passkeys` loads this module when somebody has a
passkey, or wants one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fedi.core.errors import Invalid


class Made(NamedTuple):
    """A key that was made."""

    credential_id: bytes
    public_key: bytes  # COSE
    sign_count: int


class Party(NamedTuple):
    """For whom keys sign: the host of the node, its address, its name."""

    host: str
    origin: str
    name: str


def ask_to_make(
    party: Party, challenge: bytes, handle: bytes, names: tuple[str, str], known: Sequence[bytes]
) -> str:
    """What `navigator.credentials.create` is given, as JSON.

    `handle` names the member to the key, `names` is their login and how they are called.  The key
    can be found without a name, and recognises its owner, so it counts as both steps.
    """
    options = generate_registration_options(
        rp_id=party.host,
        rp_name=party.name,
        user_id=handle,
        user_name=names[0],
        user_display_name=names[1],
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return options_to_json(options)


def read_made(party: Party, challenge: bytes, credential: str) -> Made:
    """The key that answered; `Invalid` unless it was made here, for this challenge."""
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid("this passkey could not be added: try again", code="bad-passkey") from error
    return Made(made.credential_id, made.credential_public_key, made.sign_count)


def ask_to_sign(party: Party, challenge: bytes) -> str:
    """What `navigator.credentials.get` is given, as JSON: any key of this node may answer."""
    options = generate_authentication_options(
        rp_id=party.host,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def which_key(credential: str) -> bytes:
    """The id of the key that says it signed; empty for what is no answer of a key."""
    try:
        return parse_authentication_credential_json(credential).raw_id
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return b""


def count_signed(party: Party, challenge: bytes, credential: str, key: Made) -> int | None:
    """How often the key has signed by now; None unless it signed this, here, for its owner.

    A count that does not grow is a copy of the key: it is refused.
    """
    try:
        signed = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return signed.new_sign_count
