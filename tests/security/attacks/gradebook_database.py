"""Open the gradebook as a database, read every table, and give oneself full marks.

Family: reading
Must fail: the gradebook is outside the locked process's view of the files.
"""

# %% double_forward
import sqlite3

for place in ("{COURSE}/gradebook.db", "../gradebook.db", "/gradebook.db"):
    try:
        book = sqlite3.connect(f"file:{place}?mode=rw", uri=True)
        for (table,) in book.execute("select name from sqlite_master where type = 'table'").fetchall():
            print(table, book.execute(f"select * from {table}").fetchall())
        book.execute("update grade set manual_score = 100")
        book.commit()
    except sqlite3.Error as error:
        print("ATTEMPTED", error)
