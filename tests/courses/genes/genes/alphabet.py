"""The four letters of DNA, and some of the words that they form."""

LETTERS = "ACGT"
PARTNER = dict(zip(LETTERS, "TGCA", strict=True))
START = "ATG"
STOPS = ("TAA", "TAG", "TGA")
