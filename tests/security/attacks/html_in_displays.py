"""Display HTML that acts: scripts, handlers, frames, forms, refreshes, links that are code, pictures that call home.

Family: html
Must fail: what is shown is rebuilt from tags and attributes that can't act.
"""

# %% double_forward
from IPython.display import HTML, display

RUN = "fetch('http://127.0.0.1:' + {PORT})"
for piece in (
    f"<script>{RUN}</script>",
    f"<script src='http://127.0.0.1:{PORT}/s.js'></script>",
    f'<img src=x onerror="{RUN}">',
    f'<IMG SRC=x OnError="{RUN}" /><svg/onload={RUN}>',
    f'<details open ontoggle="{RUN}"><summary>x</summary></details><p autofocus tabindex=0 onfocus="{RUN}">',
    f'<a href="javascript:{RUN}">a</a><a href=" jav&#x09;ascript:{RUN}">b</a><a href="data:text/html,<script>1</script>">c</a>',
    f'<iframe srcdoc="<script>{RUN}</script>"></iframe><iframe src="http://127.0.0.1:{PORT}"></iframe>',
    '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:{PORT}/"><base href="http://127.0.0.1:{PORT}/">',
    '<img src="http://127.0.0.1:{PORT}/pixel.png"><img srcset="//127.0.0.1:{PORT}/p.png 1x">',
    "<link rel=stylesheet href=http://127.0.0.1:{PORT}/s.css><style>@import 'http://127.0.0.1:{PORT}/i.css';</style>",
    '<form action="http://127.0.0.1:{PORT}/"><input name=password autofocus><button>Sign in again</button></form>',
    f'<object data="http://127.0.0.1:{PORT}/"></object><embed src="x"><video src=x onerror="{RUN}"></video>',
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>"></noscript><template><script>{RUN}</script></template>',
    f"</div></div></body></html><script>{RUN}</script><!--",
):
    display(HTML(piece))
    display({"text/markdown": piece}, raw=True)
    display({"text/html": list(piece)}, raw=True)
print("ATTEMPTED")
HTML(f"<script>{RUN}</script>")
