"""Small numbers in letters, in French and English, as a page of prose sets them."""

_FRENCH = """
    zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize
    dix-sept dix-huit dix-neuf
""".split()  # noqa: SIM905  a column of twenty quoted words reads worse
_FRENCH_TENS = ["", "", "vingt", "trente", "quarante", "cinquante", "soixante", "", "quatre-vingt"]
_ENGLISH = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
""".split()  # noqa: SIM905
_ENGLISH_TENS = ["", "", *"twenty thirty forty fifty sixty seventy eighty ninety".split()]  # noqa: SIM905


def spell(number: int, language: str, *, feminine: bool = False) -> str:
    """A number from 1 to 99 in letters; any other in digits.  Only French knows the feminine."""
    if not 0 < number < 100:
        return str(number)
    if language == "fr":
        return _spell_french(number, "une" if feminine else "un")
    return _spell_english(number)


def _spell_french(number: int, one: str) -> str:
    if number < 20:
        return one if number == 1 else _FRENCH[number]
    tens, rest = divmod(number, 10)
    if tens in (7, 9):  # soixante-dix, quatre-vingt-dix
        tens, rest = tens - 1, rest + 10
    if rest == 0:
        return _FRENCH_TENS[tens] + ("s" if tens == 8 else "")
    link = " et " if rest in (1, 11) and tens != 8 else "-"
    return _FRENCH_TENS[tens] + link + (one if rest == 1 else _FRENCH[rest])


def _spell_english(number: int) -> str:
    if number < 20:
        return _ENGLISH[number]
    tens, rest = divmod(number, 10)
    return _ENGLISH_TENS[tens] + (f"-{_ENGLISH[rest]}" if rest else "")
