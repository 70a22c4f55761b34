"""Put out SVG with scripts, foreign HTML, pictures from elsewhere and animated links.

Family: html
Must fail: a drawing is shown as a picture, in which nothing runs or loads.
"""

# %% double_forward
from IPython.display import SVG, display

RUN = "document.title='pwned'"
XMLNS = "xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
for inside in (
    f"<script>{RUN}</script>",
    f"<script xlink:href='http://127.0.0.1:{PORT}/s.js'/>",
    f"<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><img src='x' onerror=\"{RUN}\"/></body></foreignObject>",
    "<image href='http://127.0.0.1:{PORT}/i.png'/><use href='http://127.0.0.1:{PORT}/u.svg#x'/>",
    "<a><animate attributeName='href' values='javascript:alert(1)'/><text y='9'>look</text></a>",
    f"<set attributeName='onmouseover' to=\"{RUN}\"/><style>@import 'http://127.0.0.1:{PORT}/s.css';</style>",
):
    drawing = f"<svg {XMLNS} onload=\"{RUN}\" width='9' height='9'>{inside}</svg>"
    display(SVG(drawing))
    display({"text/html": drawing, "text/plain": drawing}, raw=True)
    display({"image/svg+xml": '"/>' + drawing + f"<script>{RUN}</script>"}, raw=True)
print("ATTEMPTED")
