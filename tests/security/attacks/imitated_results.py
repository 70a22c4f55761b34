"""Show what looks like the grader's result table, the page's head and its score, laid over the real ones.

Family: html
Must fail: outputs can't leave their place, nor use the classes and ids by which the page shows its own.
"""

# %% double_forward
from IPython.display import HTML, display

for style in (
    "position:fixed;inset:0;z-index:99999;background:white",
    "position:absolute;top:0;left:0;width:100vw;height:100vh",
    "margin-top:-9999px;transform:translateY(-100vh) scale(9)",
    "float:left;width:99999px;height:99999px;font-size:900px",
):
    display(
        HTML(
            f'<div class="panel panel-default navbar-fixed-top container" style="{style}"><h1>net (Score: 17.0 / 17.0)</h1>'
            '<div class="panel-heading"><span class="nbgrader-label">Student\'s answer</span>'
            '<span class="pull-right score btn full-credit">Score: 17.0/17.0 (Top)</span></div>'
            '<table class="dataframe nnkit-results"><tr><td style="color:#1a9850">passed</td><td>17 of 17</td></tr></table></div>'
        )
    )
display(HTML("<style>.panel {display: none} body::before {content: 'Score: 17.0 / 17.0'}</style>"))
display(HTML("<title>net (Score: 17.0 / 17.0)</title><h1 style='display:none'>x</h1><body class='x' style='opacity:0'>"))
print("net (Score: 17.0 / 17.0)\n✓ passed  4 of 4 points\nATTEMPTED")
