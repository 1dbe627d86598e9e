"""Copy a SQLite database into the one that the configuration names: ``python -m scripts.copy_database data/app.db``.

Both must have the same schema version, and the target must hold no image yet.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flask_appbuilder import Model
from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.exc import SQLAlchemyError

import config as configuration
from upscaler.models import Upload
from upscaler.models.database import make_engine

# Rows that are copied in one statement.
BATCH = 500


def main(arguments: list[str]) -> int:
    """Copy every row of the named file."""
    if len(arguments) != 1:
        return _complain("name one SQLite database, such as data/app.db")
    path = Path(arguments[0])
    if not path.is_file():
        return _complain(f"there is no file {path}")
    try:
        config = configuration.load()
        if not config.database_url:
            return _complain("the settings name no other database; set DATABASE_URL")
        # The composition root knows one database, that of the configuration, and this copies between two.
        source, target = make_engine(configuration.sqlite_uri(path)), make_engine(config.database_uri)
        if refusal := _refusal(source, target):
            return _complain(refusal)
        rows = copy_database(source, target)
    except configuration.ConfigError as error:
        return _complain(str(error))
    except SQLAlchemyError as error:
        return _complain(f"nothing was copied: {str(error).splitlines()[0]}")
    print(f"copy_database: copied {rows} rows")
    return 0


def copy_database(source: Engine, target: Engine) -> int:
    """Replace the rows of the target by those of the source, all or none; return their number."""
    # Importing the models has filled this list, from tables that others refer to down to those that refer.
    tables = Model.metadata.sorted_tables
    with source.connect() as reader, target.begin() as writer:
        for table in reversed(tables):
            writer.execute(table.delete())
        rows = sum(_copy_table(table, reader, writer) for table in tables)
        for table in tables:
            _continue_sequence(table, writer)
    return rows


def _copy_table(table: Table, reader: Connection, writer: Connection) -> int:
    # A row may refer to a later one of its own table: such columns are filled in when all rows are there.
    later = [key.parent for key in table.foreign_keys if key.column.table is table]
    count = 0
    for batch in reader.execute(select(table)).mappings().partitions(BATCH):
        writer.execute(table.insert(), [{**row, **{column.name: None for column in later}} for row in batch])
        count += len(batch)
    key = next(iter(table.primary_key.columns))
    for column in later:
        for row in reader.execute(select(key, column).where(column.is_not(None))):
            writer.execute(table.update().where(key == row[0]).values({column.name: row[1]}))
    return count


def _continue_sequence(table: Table, writer: Connection) -> None:
    """Let PostgreSQL continue its sequences after the copied ids."""
    if writer.dialect.name != "postgresql" or "id" not in table.c or table.c.id.type.python_type is not int:
        return
    sequence = writer.scalar(select(func.pg_get_serial_sequence(table.name, "id"))) or f"{table.name}_id_seq"
    largest = writer.scalar(select(func.max(table.c.id)))
    if largest is not None and writer.scalar(select(func.to_regclass(sequence))):
        writer.execute(select(func.setval(sequence, largest)))


def _refusal(source: Engine, target: Engine) -> str:
    """Return why the copy must not be made, or nothing."""
    version = text("SELECT version_num FROM alembic_version")
    with source.connect() as reader, target.connect() as writer:
        if reader.scalar(version) != writer.scalar(version):
            return "the databases have different versions; run `python -m scripts.prepare` on both with this code"
        if writer.scalar(select(func.count()).select_from(Upload)):
            return "the target has images already; copy into a new database"
    return ""


def _complain(reason: str) -> int:
    print(f"copy_database: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
