"""Everything a gradebook holds, in a form that two of them can be compared in."""

from sqlalchemy import MetaData, create_engine, select


def everything(course):
    """Every row of every table, with the rows it refers to in the place of random ids."""
    engine = create_engine(course.gradebook_url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        found = {table: [row._asdict() for row in connection.execute(select(table))] for table in tables.sorted_tables}
    engine.dispose()

    def told(table, row):
        """A row with what it refers to written out."""
        columns = []
        for column in table.columns:
            value = row[column.name]
            for key in column.foreign_keys:
                target = key.column
                if value is not None and target.name == "id":
                    value = told(target.table, next(each for each in found[target.table] if each["id"] == value))
            if column.foreign_keys or not column.primary_key or table.name in ("student", "course"):
                columns.append((column.name, value))
        return (table.name, *columns)

    return {table.name: sorted(repr(told(table, row)) for row in lines) for table, lines in found.items()}
