"""What the file says about itself, in the language of the member."""

from datetime import datetime

from actors.models import Actor

_README = {
    "fr": (
        "LISEZ-MOI.txt",
        """\
Tout ce que ce site garde au sujet de {name} (@{acct}), le {day}.

posts/           vos messages, un par un : à lire (.html) et à reprendre (.md, en Markdown)
media/           vos images et votre portrait
outbox.json      tout ce que vous avez dit, tel qu'envoyé aux autres serveurs (ActivityPub)
actor.json       votre profil, tel que les autres serveurs le lisent
profile.json     votre adresse, vos réglages, les lieux pour lesquels vous parlez
likes.json       ce que vous aimez
bookmarks.json   ce que vous avez gardé
following.csv    qui vous suivez ; Mastodon sait l'importer
followers.csv    qui vous suit
rows/            chaque ligne de la base de données qui vous concerne, table par table :
                 sessions, brouillons, lectures, notifications, décisions, signalements…

N'y sont pas : votre mot de passe, vos clés et les codes secrets, qui ne doivent pas voyager ;
les signalements faits à votre sujet, qui protègent leurs auteurs ; les messages des autres.
Un texte de tableur qui commencerait par = + - ou @ est précédé d'une apostrophe.
""",
    ),
    "en": (
        "README.txt",
        """\
Everything that this site keeps about {name} (@{acct}), on {day}.

posts/           your messages, one by one: to read (.html) and to go on with (.md, Markdown)
media/           your images and your portrait
outbox.json      all that you said, as it was sent to other servers (ActivityPub)
actor.json       your profile, as other servers read it
profile.json     your address, your settings, the places you speak for
likes.json       what you like
bookmarks.json   what you kept
following.csv    whom you follow; Mastodon can import it
followers.csv    who follows you
rows/            every row of the database that is about you, table by table:
                 sessions, drafts, what you read, notifications, decisions, reports…

Not in it: your password, keys and secret codes, which must not travel; reports about you,
to protect who wrote them; the messages of others.
A text for spreadsheets that would begin with = + - or @ has an apostrophe before it.
""",
    ),
}


def explain(language: str, actor: Actor, now: datetime) -> dict[str, str]:
    """The name of the file that explains the others, and its text."""
    name, text = _README.get(language, _README["fr"])
    return {name: text.format(name=actor.name, acct=actor.acct, day=f"{now:%Y-%m-%d}")}
