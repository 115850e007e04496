"""Who plays in the demonstration, and what they say.  Any likeness is a coincidence."""

from dataclasses import dataclass

PASSWORD = "un-debat-entre-reseaux"  # noqa: S105  of a node on this machine, printed for all to see


@dataclass(frozen=True)
class Member:
    """Somebody who debates."""

    handle: str
    name: str


@dataclass(frozen=True)
class Network:
    """A network, one working group of it and one member."""

    handle: str
    name: str
    summary: str
    group: str
    group_name: str
    group_summary: str
    member: Member


@dataclass(frozen=True)
class Line:
    """What the member of one network answers to an earlier line."""

    network: int
    answers: int
    text: str


NETWORKS = (
    Network(
        "fleuve",
        "Les Ateliers du Fleuve",
        "Fablabs, menuiseries partagées et ateliers vélo au bord de la Loire.",
        "machines",
        "Machines et ateliers",
        "Acheter, entretenir et partager l’outillage de nos lieux.",
        Member("camille", "Camille Roy"),
    ),
    Network(
        "lisiere",
        "La Lisière",
        "Cafés associatifs et lieux ruraux, de la Creuse au Cantal.",
        "villages",
        "Lieux de village",
        "Tenir un lieu ouvert quand on est peu nombreux.",
        Member("ines", "Inès Morel"),
    ),
    Network(
        "boussole",
        "La Boussole",
        "Des lieux où l’on apprend ensemble, à tout âge.",
        "transmettre",
        "Transmettre",
        "Ateliers, chantiers-écoles et compagnonnage.",
        Member("yann", "Yann Le Goff"),
    ),
    Network(
        "estran",
        "Estran",
        "Lieux partagés du littoral breton.",
        "saisons",
        "Au fil des saisons",
        "Habiter le bord de mer toute l’année.",
        Member("maelle", "Maëlle Kerbrat"),
    ),
    Network(
        "faubourgs",
        "Faubourgs",
        "Friches, ressourceries et cantines de quartier.",
        "friches",
        "Friches",
        "Occuper, négocier, durer.",
        Member("samir", "Samir Haddad"),
    ),
    Network(
        "canopee",
        "La Canopée",
        "Jardins collectifs et lieux d’écologie populaire.",
        "jardins",
        "Jardins",
        "Terre, eau, semences et voisinage.",
        Member("louise", "Louise Perrin"),
    ),
)

TITLE = "Un fonds commun pour remplacer nos machines ?"
QUESTION = (
    "Chaque lieu rachète ses machines seul : mettons-nous une part de nos recettes en commun ?"
)
OPENING = (
    "Cette année, trois ateliers ont arrêté une activité faute de pouvoir remplacer **une seule** "
    "machine. Ensemble, nous en possédons plus de deux cents, et elles vieillissent toutes en même "
    "temps.\n\n"
    "Une piste : chaque lieu verse 2 % de ses recettes d’atelier à un fonds, et emprunte au fonds "
    "quand une machine lâche. Restent trois questions :\n\n"
    "1. qui décide d’un achat, et en combien de temps ?\n"
    "2. que fait un lieu qui n’a pas d’atelier, mais dont les membres utilisent ceux des autres ?\n"
    "3. une machine payée par le fonds appartient-elle au lieu ou au fonds ?"
)

#: The debate after its opening by the first network; line 0 is the opening.
LINES = (
    Line(
        1,
        0,
        "Chez nous il n’y a pas d’atelier, mais nos membres vont dans les vôtres. Verser 2 % de "
        "*nos* recettes n’aurait pas de sens ; une part fixe par membre, oui.",
    ),
    Line(
        2,
        1,
        "D’accord avec la part par membre. Elle a un autre mérite : elle ne punit pas les lieux "
        "qui font beaucoup tourner leurs machines.",
    ),
    Line(
        0,
        2,
        "C’est vrai que 2 % des recettes, c’est taxer l’usage. Et si la part dépendait de la "
        "taille du lieu, et l’emprunt du nombre d’heures d’atelier ouvertes à tous ?",
    ),
    Line(
        2,
        0,
        "Sur la décision : trois personnes tirées au sort, une semaine pour répondre, et le "
        "silence vaut accord. Nous faisons ainsi pour nos chantiers-écoles depuis deux ans.",
    ),
    Line(
        1,
        3,
        "Les heures ouvertes à tous, cela me va. Cela se compte simplement, et cela dit à quoi "
        "sert le fonds.",
    ),
    Line(
        0,
        4,
        "Une semaine, c’est long quand la scie est en panne un samedi. Peut-on prévoir une avance "
        "de 300 € sans vote ?",
    ),
)
#: What the networks beyond the third one answer to the opening.
LATER = (
    "Nous voudrions en être, avec une réserve : que le fonds prête aussi pour **réparer**, pas "
    "seulement pour remplacer.",
    "Question 3 : chez nous les machines sont au lieu, et c’est ce qui rassure les bailleurs. Un "
    "fonds qui prête plutôt qu’il n’achète réglerait la question.",
    "Nos outils de jardin durent plus longtemps que les machines d’atelier. Un seul fonds, mais "
    "deux durées de prêt ?",
)


def script(networks: int) -> list[Line]:
    """The lines said when so many networks take part: with two, the third one's are left out."""
    lines = [*LINES, *(Line(3 + extra, 0, text) for extra, text in enumerate(LATER))]
    kept: dict[int, int] = {0: 0}
    said: list[Line] = []
    for number, line in enumerate(lines, start=1):
        if line.network < networks and line.answers in kept:
            kept[number] = len(said) + 1
            said.append(Line(line.network, kept[line.answers], line.text))
    return said
