"""Constants of nature, in SI units."""

G = 9.81
