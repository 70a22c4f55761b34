"""How close a caption is to what people wrote: unigram BLEU (Papineni et al. 2002), computed by sacrebleu."""

from sacrebleu.metrics import BLEU

# Captions are split at blanks already, and a text of three words has no 4-grams.
_UNIGRAMS = BLEU(max_ngram_order=1, tokenize="none", smooth_method="none", effective_order=True)


def unigram_bleu(caption, references):
    """Share of the caption's words that the references have too, less a penalty for being short.

    Parameters
    ----------
    caption : str
        Words with blanks between them.
    references : str or list of str
        What people wrote; each word counts as often as the reference with most of it has it.

    Returns
    -------
    float
        From 0 to 1.
    """
    references = [references] if isinstance(references, str) else list(references)
    return _UNIGRAMS.sentence_score(caption, references).score / 100


def mean_unigram_bleu(captions, references):
    """Mean of `unigram_bleu` over captions.

    Parameters
    ----------
    captions : sequence of str
    references : sequence of str, or of list of str
        Of each caption.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there is no caption, or not as many references.
    """
    if not len(captions) or len(captions) != len(references):
        raise ValueError(f"{len(captions)} captions and {len(references)} references")
    scores = [unigram_bleu(*pair) for pair in zip(captions, references, strict=True)]
    return sum(scores) / len(scores)
