"""Sentences of a small grammar, acceptable or not by agreement alone: the offline stand-in for CoLA.

Every sentence has two nouns, one in the singular and one in the plural, and words that agree with one of them, often
across a distance: "the old pilot near the clerks laughs". Exchanging the nouns makes it unacceptable: "the old clerks
near the pilot laughs". Such a pair has the same words, so nothing that only counts words tells one from the other.
"""

NOUNS = (
    "author",
    "clerk",
    "dancer",
    "doctor",
    "farmer",
    "guard",
    "lawyer",
    "painter",
    "pilot",
    "senator",
    "singer",
    "teacher",
)
INTRANSITIVE = ("dance", "laugh", "leave", "shout", "sleep", "smile", "talk", "wait")
TRANSITIVE = ("admire", "avoid", "follow", "help", "know", "like")
PAST = ("hurt", "praised", "blamed", "described")
PREPOSITIONS = ("behind", "beside", "near", "opposite", "with")
ADJECTIVES = ("busy", "famous", "old", "quiet", "tall", "young")
ADVERBS = ("again", "loudly", "often", "today")
REFLEXIVES = {"singular": "herself", "plural": "themselves"}

# N is a noun phrase, I and T are verbs without and with an object, R a reflexive pronoun; the digit says which noun a
# word agrees with. P is a preposition, D a verb in the past, which agrees with anything; the rest stands as it is.
PATTERNS = (
    "N1 P N2 I1",
    "P N2 N1 I1",
    "N1 T1 N2",
    "N1 that N2 T2 I1",
    "N1 that T1 N2 I1",
    "N1 I1 and N2 I2",
    "N1 P N2 D R1",
    "N1 that N2 T2 D R1",
)
ADJECTIVE_SHARE = 0.2
ADVERB_SHARE = 0.2


def pairs(count, rng, avoid=()):
    """Minimal pairs, all different.

    Parameters
    ----------
    count : int
    rng : numpy.random.Generator
    avoid : collection of tuples of str
        Acceptable sentences that must not occur again.

    Returns
    -------
    list of pairs of tuples of str
        An acceptable sentence, and the same with its nouns exchanged, which is not.
    """
    found = {}
    while len(found) < count:
        acceptable, exchanged = _pair(rng)
        if acceptable not in avoid:
            found[acceptable] = exchanged
    return list(found.items())


def draw(count, rng, avoid=()):
    """Sentences in random order, half of them acceptable, each with its partner (but for one, if the count is odd).

    Parameters
    ----------
    count : int
    rng : numpy.random.Generator
    avoid : collection of tuples of str
        Acceptable sentences that must not occur again.

    Returns
    -------
    sentences : list of tuples of str
    labels : (N,) array of int64
        1 where a sentence is acceptable, 0 where it isn't.
    """
    sentences = [sentence for pair in pairs((count + 1) // 2, rng, avoid) for sentence in pair][:count]
    order = rng.permutation(count)
    return [sentences[place] for place in order], 1 - order % 2


def vocabulary():
    """All words of the grammar, sorted."""
    inflected = (*NOUNS, *INTRANSITIVE, *TRANSITIVE)
    others = (*PAST, *PREPOSITIONS, *ADJECTIVES, *ADVERBS, *REFLEXIVES.values(), "the", "that", "and")
    return sorted({*inflected, *(f"{word}s" for word in inflected), *others})


def _pair(rng):
    """One acceptable sentence, and the same with its nouns exchanged."""
    numbers = ("singular", "plural") if rng.random() < 0.5 else ("plural", "singular")
    lemmas = rng.choice(NOUNS, size=2, replace=False)
    nouns = [f"{lemma}s" if number == "plural" else str(lemma) for lemma, number in zip(lemmas, numbers, strict=True)]
    words, places = [], {}
    for slot in str(rng.choice(PATTERNS)).split():
        kind, noun = slot[0], int(slot[1]) - 1 if slot[1:].isdigit() else None
        if kind == "N":
            words.append("the")
            if rng.random() < ADJECTIVE_SHARE:
                words.append(_one_of(ADJECTIVES, rng))
            places[noun] = len(words)
            words.append(nouns[noun])
        elif noun is not None:
            words.append(_agreeing(kind, numbers[noun], rng))
        else:
            words.append(_one_of({"P": PREPOSITIONS, "D": PAST}.get(slot, (slot,)), rng))
    if rng.random() < ADVERB_SHARE:
        words.append(_one_of(ADVERBS, rng))
    exchanged = list(words)
    exchanged[places[0]], exchanged[places[1]] = words[places[1]], words[places[0]]
    return tuple(words), tuple(exchanged)


def _agreeing(kind, number, rng):
    """A verb or a pronoun in the number of its noun."""
    if kind == "R":
        return REFLEXIVES[number]
    verb = _one_of({"I": INTRANSITIVE, "T": TRANSITIVE}[kind], rng)
    return f"{verb}s" if number == "singular" else verb


def _one_of(words, rng):
    return str(words[rng.integers(len(words))])
