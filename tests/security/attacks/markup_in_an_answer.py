"""Answer a question that a person reads with Markdown that acts.

Family: html
Must fail: Markdown is made to HTML first and cleaned then, whatever the way to write a link or a tag.
"""

# %% double_forward
print("ATTEMPTED")

# %% [markdown] zero_why
# # Because <script>document.title='pwned'</script><img src=x onerror=alert(1)>
#
# [look](javascript:alert(1)) [look](<java&#115;cript:alert(1)>) [look][1] <javascript:alert(1)> ![p](http://127.0.0.1:{PORT}/p.png)
# [look](data:text/html;base64,PHNjcmlwdD4xPC9zY3JpcHQ+ "x\" onclick=\"alert(1)") ![" onerror=alert(1) x="](//127.0.0.1:{PORT}/q.png)
#
# [1]: javascript:alert(1)
#
# $\href{javascript:alert(1)}{x}$ $\unicode[<img src=x onerror=alert(1)>]{x41}$ $\class{btn score}{x}$ $\cssId{score}{x}$
# $$\begin{a}<iframe srcdoc="<script>1</script>"></iframe>\end{a}$$ $<img src=x onerror=alert(1)>$
#
# ```x"onmouseover=alert(1)
# </code></pre><script>alert(1)</script>
# ```
#
# <details open ontoggle=alert(1)> <a href="files/javascript:alert(1)">b</a> <meta http-equiv=refresh content="0;url=//x">
# <div style="position:fixed;inset:0;background:url(//127.0.0.1:{PORT}/b)">Score: 17/17</div> <h1 id="score" name="base_url">
# </textarea></script></style></title><svg onload=alert(1)> <!--><img src=x onerror=alert(1)>-->
