"""From genes to proteins."""


def open_frame(strand):
    """The first gene of a strand: its words from the first start word to the word before the next stop word.

    Returns
    -------
    list of str
        Words of three letters; empty if there is no start word.
    """
    from genes.alphabet import START, STOPS

    words = []
    # TODO: find START, then read three letters at a time until one of STOPS.
    ### BEGIN SOLUTION
    begin = strand.find(START)
    if begin >= 0:
        for place in range(begin, len(strand) - 2, 3):
            word = strand[place : place + 3]
            if word in STOPS:
                break
            words.append(word)
    ### END SOLUTION
    return words
