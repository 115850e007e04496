"""What a page says when something went wrong: what happened, what to do, a way back."""

from dataclasses import dataclass

from fedi.core.i18n import N_, Language


@dataclass(frozen=True)
class Way:
    """A link out of an error."""

    path: str
    text: str


@dataclass(frozen=True)
class Apology:
    """The words of an error page."""

    title: str
    sentence: str
    ways: tuple[Way, ...]


#: Title and sentence of each status a page may have.
_WORDS = {
    401: (N_("Your session is over"), N_("Sign in, then send this again.")),
    403: (N_("This is not allowed"), N_("You may not do that here.")),
    404: (
        N_("There is nothing here"),
        N_("The address may be misspelt, or the page may never have existed."),
    ),
    405: (N_("Not this way"), N_("This address is one of a form: start from its page.")),
    409: (N_("The place is taken"), N_("Somebody else was there first.")),
    410: (
        N_("This is no longer here"),
        N_("Its author removed it. What others replied may still be read in the debate."),
    ),
    422: (N_("This could not be published"), N_("Something in it has to be changed.")),
    429: (
        N_("A little slower, please"),
        N_("This was asked very often in a short time. Try again in a few minutes."),
    ),
    502: (
        N_("The other server does not answer"),
        N_("Nothing is wrong with what you asked. Try again a little later."),
    ),
    503: (
        N_("Too many people at once"),
        N_("This server has more to do than it can. Try again in a moment."),
    ),
}
_WORDS[413], _WORDS[504] = _WORDS[422], _WORDS[502]
#: The same for errors that their status does not describe.
_OF_CODES = {
    "database-down": (
        N_("This server cannot reach its database"),
        N_("It is not your doing, and nothing is lost. Try again in a few minutes."),
    ),
    "link-spent": (
        N_("This link no longer works"),
        N_("It works once, for a while. Ask for another; or sign in, if it has done its work."),
    ),
}
#: Errors after which one may want to sign in.
_SIGN_IN = {"session-over", "link-spent"}
_THEIR_MISTAKE = (
    N_("We did not understand"),
    N_("What your browser sent makes no sense to us."),
)
_OUR_MISTAKE = (
    N_("Something broke on our side"),
    N_("It is not your doing. It has been noted; try again in a moment."),
)


def apologise(status: int, code: str, language: Language) -> Apology:
    """Words for an error: of its code when they are known, otherwise of its HTTP status."""
    otherwise = _THEIR_MISTAKE if status < 500 else _OUR_MISTAKE
    title, sentence = _OF_CODES.get(code) or _WORDS.get(status, otherwise)
    ways = [Way("/", language.gettext("Read the debates"))]
    if code in _SIGN_IN:
        ways.insert(0, Way("/sign-in", language.gettext("Sign in")))
    if code == "link-spent":
        ways.insert(1, Way("/sign-in/link", language.gettext("Send me another link")))
    return Apology(language.gettext(title), language.gettext(sentence), tuple(ways))
