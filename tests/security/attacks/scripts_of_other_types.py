"""Put out scripts as something else than HTML: JavaScript, widgets and their state, plots, diagrams, unknown types.

Family: html
Must fail: types that a page would run are named on it, not shown.
"""

# %% double_forward
from IPython.display import Javascript, Latex, display

RUN = "document.title='pwned'"
HTML = f"<script>{RUN}</script><img src=x onerror={RUN}>"
display(Javascript(RUN, lib="http://127.0.0.1:{PORT}/lib.js", css="http://127.0.0.1:{PORT}/s.css"))
display(Latex(r"$\href{javascript:document.title='pwned'}{x}$ \unicode{<img src=x onerror=1>} $$" + HTML + "$$"))
WIDGETS = "application/vnd.jupyter.widget-"
display({WIDGETS + "view+json": {"model_id": "a", "version_major": 2, "x": "</script>" + HTML}}, raw=True)
display({WIDGETS + "state+json": {"state": {"a": {"model_name": "HTMLModel", "state": {"value": HTML}}}}}, raw=True)
display({"application/vnd.bokehjs_exec.v0+json": "", "application/javascript": RUN}, raw=True)
display({"application/vnd.plotly.v1+json": {"data": HTML}, "text/vnd.mermaid": f"graph TD; A[{HTML}]"}, raw=True)
display({f'x"><{HTML}': HTML, "text/html;charset=x": HTML, "TEXT/HTML": HTML, "application/xhtml+xml": HTML}, raw=True)
display({"application/pdf": HTML, "image/png": f'"><{HTML}', "image/gif": HTML, "application/json": {HTML: HTML}}, raw=True)
display({"text/html": HTML}, {"text/html": {"isolated": True}, "isolated": True, "unconfined": True}, raw=True)
display({"image/jpeg": "/9j/"}, {"image/jpeg": {"width": "1 onload=" + RUN, "alt": HTML}, "filenames": {"image/jpeg": "//x"}}, raw=True)
print("ATTEMPTED")
