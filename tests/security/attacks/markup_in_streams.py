"""Print markup, terminal codes that become links or markup, and codes that play tricks on a terminal.

Family: html
Must fail: a stream is text; of terminal codes colours alone are shown.
"""

# %% double_forward
import sys

MARKUP = "<script>document.title='pwned'</script><img src=x onerror=alert(1)>"
for stream in (sys.stdout, sys.stderr):
    stream.write(MARKUP + "\n")
    stream.write(f"\x1b[31m{MARKUP}\x1b[0m \x1b[38;5;<b>m{MARKUP} \x1b[1;2;3;\"onclick=alert(1)m\n")
    stream.write(f"\x1b]8;;javascript:alert(1)\x07look\x1b]8;;\x07 \x1b]0;{MARKUP}\x07\n")
    stream.write(f"\x00{MARKUP}\x00 \ufeff{MARKUP} \u202e{MARKUP} <\x00script>alert(1)</script> <scr\x08ipt>\n")
    stream.write("&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; \\u003cscript\\u003e %3Cscript%3E\n")
print("ATTEMPTED")


def double_forward(x):
    raise ValueError(f"ATTEMPTED \x1b[31m{MARKUP}\x1b]8;;javascript:alert(1)\x07look\x1b]8;;\x07\r\n\x1b[2J")
