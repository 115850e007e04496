"""What a page says when something went wrong: what happened, what to do, a way back."""

from dataclasses import dataclass

from fedi.core.i18n import Language


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


def apologise(status: int, language: Language, *, sign_in: bool = False) -> Apology:
    """Words for an HTTP status; `sign_in` offers that way too."""
    title, sentence = _words(status, language)
    ways = [Way("/", language.gettext("Read the debates"))]
    if sign_in:
        ways.insert(0, Way("/sign-in", language.gettext("Sign in")))
    return Apology(title, sentence, tuple(ways))


def _words(status: int, language: Language) -> tuple[str, str]:
    say = language.gettext
    match status:
        case 401:
            return say("Your session is over"), say("Sign in, then send this again.")
        case 403:
            return say("This is not allowed"), say("You may not do that here.")
        case 404:
            return (
                say("There is nothing here"),
                say("The address may be misspelt, or the page may never have existed."),
            )
        case 405:
            return say("Not this way"), say("This address is one of a form: start from its page.")
        case 409:
            return say("The place is taken"), say("Somebody else was there first.")
        case 410:
            return (
                say("This is no longer here"),
                say("Its author removed it. What others replied may still be read in the debate."),
            )
        case 413 | 422:
            return say("This could not be published"), say("Something in it has to be changed.")
        case 429:
            return (
                say("A little slower, please"),
                say("This was asked very often in a short time. Try again in a few minutes."),
            )
        case 502 | 504:
            return (
                say("The other server does not answer"),
                say("Nothing is wrong with what you asked. Try again a little later."),
            )
        case 503:
            return (
                say("Too many people at once"),
                say("This server has more to do than it can. Try again in a moment."),
            )
        case status if 400 <= status < 500:
            return say("We did not understand"), say("What your browser sent makes no sense to us.")
        case _:
            return (
                say("Something broke on our side"),
                say("It is not your doing. It has been noted; try again in a moment."),
            )
