"""Read through IPython's magics and a shell.

Family: reading
Must fail: a shell is a child of the locked process and as locked as it is.
"""

# %% double_forward
shell = get_ipython()
for magic, line in (
    ("cd", "{COURSE}"),
    ("run", "{COURSE}/tests/graders/a1/test_net.py"),
    ("pycat", "{COURSE}/tests/graders/a1/test_net.py"),
    ("load", "{COURSE}/tests/graders/a1/test_net.py"),
    ("history", "-g"),
    ("env", ""),
):
    try:
        shell.run_line_magic(magic, line)
    except Exception as error:
        print(magic, error)
!cat {COURSE}/course.toml course.toml tests/graders/a1/test_net.py
!env; cat /proc/*/environ; ls -la / {TMP} {HOME}; sqlite3 {COURSE}/gradebook.db .dump
shell.run_cell_magic("bash", "", "cat {SHARED} {HOME}/.ssh/*; set; true")
print(In, Out, "ATTEMPTED")
