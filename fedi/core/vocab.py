"""Names of ActivityStreams and of its neighbours, and sets of types this node knows."""

AS2 = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS2}#Public"
SECURITY = "https://w3id.org/security/v1"
CID = "https://www.w3.org/ns/cid/v1"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"

#: Terms of ours: which copies there are of a debate, and who goes on with it.
TERMS = {
    "tl": "https://w3id.org/tiers-lieux#",
    "mirrors": {"@id": "tl:mirrors", "@type": "@id"},
    "mirrorOf": {"@id": "tl:mirrorOf", "@type": "@id"},
    "successors": {"@id": "tl:successors", "@type": "@id", "@container": "@list"},
    "continues": {"@id": "tl:continues", "@type": "@id"},
    "closing": "tl:closing",
}

ACTIVITY_JSON = "application/activity+json"
LD_JSON = f'application/ld+json; profile="{AS2}"'
ACCEPT = f"{ACTIVITY_JSON}, {LD_JSON}"
JRD_JSON = "application/jrd+json"
MARKDOWN = "text/markdown"

ACTOR_TYPES = frozenset({"Person", "Group", "Application", "Service", "Organization"})
#: Types that become posts; what other software calls its messages.
POST_TYPES = frozenset(
    {"Note", "Article", "Page", "Question", "Event", "Video", "Audio", "Image", "Document"}
)
TOMBSTONE = "Tombstone"
#: Software that speaks FEP-1b12, by its name in NodeInfo.
FORUM_SOFTWARE = frozenset(
    {
        "lemmy",
        "piefed",
        "mbin",
        "kbin",
        "nodebb",
        "discourse",
        "lotide",
        "friendica",
        "hubzilla",
        "streams",
        "forte",
    }
)
OUR_SOFTWARE = "fedi"
#: FEPs that actors of this node name in `generator.implements` (FEP-844e).
IMPLEMENTS = (
    ("https://w3id.org/fep/1b12", "FEP-1b12"),
    ("https://w3id.org/fep/8b32", "FEP-8b32"),
    ("https://w3id.org/fep/f228", "FEP-f228"),
    ("https://datatracker.ietf.org/doc/html/rfc9421", "RFC 9421"),
)
