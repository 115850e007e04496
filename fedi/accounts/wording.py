"""The letters a node writes, in the languages of its interface.

A letter is a subject and paragraphs.  `{link}` stands in a paragraph of its own.  Values are put
in as they are: the text part is plain, and `fedi.core.mail` escapes the other one.
"""

from collections.abc import Mapping
from typing import NamedTuple

#: For those whose language we do not know or do not speak.
DEFAULT = "fr"


class Words(NamedTuple):
    """One letter in one language."""

    subject: str
    paragraphs: tuple[str, ...]


_GREETING = {"fr": "Bonjour {name},", "en": "Hello {name},"}
_SIGNATURE = {
    "fr": "{network}\n{site}\nCe message est envoyé par une machine : il est inutile d'y répondre.",
    "en": "{network}\n{site}\nA machine sent this message: there is no need to answer it.",
}

LETTERS: Mapping[str, Mapping[str, Words]] = {
    "joining": {
        "fr": Words(
            "Confirmez votre adresse",
            (
                "Pour rejoindre {network}, ouvrez ce lien dans les deux jours :",
                "{link}",
                "Si vous n'avez rien demandé, ne faites rien : aucun compte ne sera créé.",
            ),
        ),
        "en": Words(
            "Confirm your address",
            (
                "To join {network}, open this link within two days:",
                "{link}",
                "If you asked for nothing, do nothing: no account will be made.",
            ),
        ),
    },
    "already": {
        "fr": Words(
            "Vous avez déjà un compte",
            (
                "Quelqu'un, vous sans doute, vient de demander un compte avec cette adresse. "
                "Vous en avez déjà un ; ce lien vous y connecte dans la demi-heure :",
                "{link}",
                "Si ce n'était pas vous, ne faites rien.",
            ),
        ),
        "en": Words(
            "You already have an account",
            (
                "Somebody, probably you, just asked for an account with this address. You already "
                "have one; this link signs you in within half an hour:",
                "{link}",
                "If it was not you, do nothing.",
            ),
        ),
    },
    "invitation": {
        "fr": Words(
            "{by} vous invite à rejoindre {network}",
            ("{by} vous invite à prendre part aux débats. Créez votre compte ici :", "{link}"),
        ),
        "en": Words(
            "{by} invites you to join {network}",
            ("{by} invites you to take part in the debates. Make your account here:", "{link}"),
        ),
    },
    "accepted": {
        "fr": Words(
            "Bienvenue dans {network}",
            ("Votre demande est acceptée. {word}", "Vous pouvez vous connecter :", "{link}"),
        ),
        "en": Words(
            "Welcome to {network}",
            ("Your request is accepted. {word}", "You can sign in:", "{link}"),
        ),
    },
    "refused": {
        "fr": Words(
            "Votre demande de compte",
            ("Votre demande pour rejoindre {network} n'est pas acceptée.", "{word}"),
        ),
        "en": Words(
            "Your request for an account",
            ("Your request to join {network} is not accepted.", "{word}"),
        ),
    },
    "sign-in": {
        "fr": Words(
            "Votre lien de connexion",
            (
                "Ce lien vous connecte. Il fonctionne une fois, pendant une demi-heure :",
                "{link}",
                "Ne le donnez à personne. Si vous ne l'avez pas demandé, ne faites rien.",
            ),
        ),
        "en": Words(
            "Your link to sign in",
            (
                "This link signs you in. It works once, for half an hour:",
                "{link}",
                "Give it to nobody. If you did not ask for it, do nothing.",
            ),
        ),
    },
    "password": {
        "fr": Words(
            "Choisir un nouveau mot de passe",
            (
                "Ce lien permet de choisir un nouveau mot de passe. Il fonctionne une fois, "
                "pendant deux heures :",
                "{link}",
                "Si vous ne l'avez pas demandé, ne faites rien : rien ne change.",
            ),
        ),
        "en": Words(
            "Choose a new password",
            (
                "With this link you choose a new password. It works once, for two hours:",
                "{link}",
                "If you did not ask for it, do nothing: nothing changes.",
            ),
        ),
    },
    "stranger": {
        "fr": Words(
            "Aucun compte à cette adresse",
            (
                "Quelqu'un a demandé à se connecter à {network} avec cette adresse, qui n'y a pas "
                "de compte. Si c'était vous, essayez une autre adresse.",
                "{link}",
            ),
        ),
        "en": Words(
            "No account has this address",
            (
                "Somebody asked to sign in to {network} with this address, which has no account "
                "there. If it was you, try another address.",
                "{link}",
            ),
        ),
    },
    "address": {
        "fr": Words(
            "Confirmez votre nouvelle adresse",
            ("Ouvrez ce lien dans la journée pour utiliser cette adresse :", "{link}"),
        ),
        "en": Words(
            "Confirm your new address",
            ("Open this link within a day to use this address:", "{link}"),
        ),
    },
    "changed": {
        "fr": Words(
            "Un changement sur votre compte",
            (
                "{change}",
                "Si ce n'était pas vous, choisissez tout de suite un nouveau mot de passe :",
                "{link}",
            ),
        ),
        "en": Words(
            "A change to your account",
            ("{change}", "If it was not you, choose a new password at once:", "{link}"),
        ),
    },
    "decided": {
        "fr": Words(
            "Une décision de la modération de {network}",
            (
                "{change}",
                "Le motif : {word}",
                "Vous pouvez lire cette décision et y répondre une fois, même si vous ne pouvez "
                "plus vous connecter :",
                "{link}",
                "Ne donnez ce lien à personne : qui l'a peut répondre à votre place.",
            ),
        ),
        "en": Words(
            "A decision of the moderators of {network}",
            (
                "{change}",
                "The reason: {word}",
                "You can read this decision and answer it once, even if you can no longer sign in:",
                "{link}",
                "Give this link to nobody: whoever has it can answer in your place.",
            ),
        ),
    },
    "judged": {
        "fr": Words(
            "La réponse à votre recours",
            ("La modération de {network} a lu votre recours et vous répond :", "{word}", "{link}"),
        ),
        "en": Words(
            "The answer to your appeal",
            ("The moderators of {network} read your appeal and answer:", "{word}", "{link}"),
        ),
    },
    "reported": {
        "fr": Words(
            "Ce que devient votre signalement",
            ("La modération de {network} l'a lu et vous répond :", "{word}", "{link}"),
        ),
        "en": Words(
            "What came of your report",
            ("The moderators of {network} read it and answer:", "{word}", "{link}"),
        ),
    },
}

#: What `decided` may tell, by the code of an act; `-until` where it ends by itself.
DECISIONS: Mapping[str, Mapping[str, str]] = {
    "hide": {
        "fr": "Un de vos messages a été masqué.",
        "en": "One of your messages was hidden.",
    },
    "delete": {
        "fr": "Un de vos messages a été effacé.",
        "en": "One of your messages was erased.",
    },
    "warn": {"fr": "Vous avez reçu un avertissement.", "en": "You were warned."},
    "silence": {
        "fr": "Les débats que vous ouvrez ne sont plus mis en avant.",
        "en": "The debates you open are no longer put forward.",
    },
    "suspend": {"fr": "Votre compte a été suspendu.", "en": "Your account was suspended."},
    "suspend-until": {
        "fr": "Votre compte est suspendu jusqu'au {until:%d/%m/%Y}.",
        "en": "Your account is suspended until {until:%Y-%m-%d}.",
    },
}

#: What `changed` may tell.
CHANGES: Mapping[str, Mapping[str, str]] = {
    "address": {
        "fr": "L'adresse de votre compte a été remplacée par une autre.",
        "en": "The address of your account was replaced by another one.",
    },
    "password": {
        "fr": "Le mot de passe de votre compte a été changé, et toutes ses sessions fermées.",
        "en": "The password of your account was changed, and all its sessions ended.",
    },
    "codes": {
        "fr": "La connexion par code a été activée ou désactivée sur votre compte.",
        "en": "Signing in with a code was turned on or off for your account.",
    },
    "passkey": {
        "fr": "Une clé d'accès a été ajoutée à votre compte.",
        "en": "A passkey was added to your account.",
    },
}


def word_letter(template: str, language: str, values: Mapping[str, str]) -> Words:
    """The letter in that language, its values put in; paragraphs left empty are not there.

    Raises `KeyError` for a letter or a value that there is not.
    """
    spoken = language if language in LETTERS[template] else DEFAULT
    subject, paragraphs = LETTERS[template][spoken]
    written = [part.format_map(values).strip() for part in paragraphs]
    greeting = [_GREETING[spoken].format_map(values).replace(" ,", ",")]
    signature = [_SIGNATURE[spoken].format_map(values)]
    parts = (*greeting, *filter(None, written), *signature)
    return Words(subject.format_map(values), parts)
