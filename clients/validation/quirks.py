"""What adbc-drivers/validation has to know of Skein."""

import re

from adbc_drivers_validation import model


class Skein(model.DriverQuirks):
    name = "skein"
    driver = "adbc_driver_flightsql"
    driver_name = "ADBC Flight SQL Driver - Go"
    vendor_name = "Skein"
    vendor_version = re.compile(".+")
    short_version = "1"
    setup = model.DriverSetup(database={"uri": model.FromEnv("SKEIN")})
    features = model.DriverFeatures(
        connection_get_table_schema=True,
        connection_set_current_schema=True,
        get_objects=True,
        statement_bind=True,
        statement_bulk_ingest=True,
        statement_bulk_ingest_schema=True,
        statement_bulk_ingest_temporary=True,
        statement_execute_schema=True,
        statement_get_parameter_schema=True,
        statement_prepare=True,
        statement_rows_affected=True,
        statement_rows_affected_ddl=True,
        current_catalog="skein",
        current_schema="public",
        secondary_schema="other",
        quirk_foundry=False,
        supported_xdbc_fields=["xdbc_type_name"],
    )

    @property
    def queries_paths(self):
        return (model.ROOT / "queries",)

    def is_table_not_found(self, table_name, error):
        return "[42P01]" in str(error) and (table_name is None or table_name in str(error))

    def qualify_temp_table(self, cursor, name):
        return self.quote_identifier("pg_temp", name)

    def drop_table(self, *, table_name, schema_name=None, catalog_name=None, if_exists=True, temporary=False):
        if temporary:
            catalog_name, schema_name = None, "pg_temp"
        return super().drop_table(table_name=table_name, schema_name=schema_name, catalog_name=catalog_name, if_exists=if_exists)

    def split_statement(self, statement):
        from adbc_drivers_validation import quirks

        in_postgresql = re.sub(r"VARBINARY\(\d+\)|BLOB", "BYTEA", statement)
        in_postgresql = re.sub("X'([0-9A-Fa-f]*)'", r"decode('\1', 'hex')", in_postgresql)
        return quirks.split_statement(in_postgresql, dialect="postgres")


# Failures that are not Skein's, by a part of the test's name or of the error.
KNOWN = {
    "must set IngestTargetTable": "this driver binds parameters only of what is prepared; the suite binds before it prepares",
    "test_parameter_execute": "this driver forgets parameters that were bound before the statement was prepared",
    "unknown or development build": "the driver's package does not know its own version",
    "test_set_current_schema": "the driver has one status for all values of options that are refused",
    "createappend_schema_mismatch": "a column that the table lacks is 42703, INVALID_ARGUMENT; the suite wants ALREADY_EXISTS",
    "decimal_scale_negative": "numeric has no negative scale",
    "UPDATE is not supported": "UPDATE is to come with managed tables",
    "(timestamp[ns": "a second has six digits, as in PostgreSQL: timestamp(7) and nanoseconds that are ingested become microseconds",
    "(time64[ns": "a second has six digits, as in PostgreSQL: time(9) and nanoseconds that are ingested become microseconds",
}
