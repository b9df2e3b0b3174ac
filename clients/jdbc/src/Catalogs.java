import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;

/** The listings of DatabaseMetaData. */
final class Catalogs {
  private final Suite suite;

  Catalogs(Suite suite) {
    this.suite = suite;
  }

  void add() {
    suite.check("getCatalogs, getSchemas", this::schemas);
    suite.check("getTables with patterns and types", this::tables);
    suite.check("getColumns: names, types, sizes, nullability", this::columns);
    suite.check("getTableTypes", () -> with(m -> Suite.equal(column(m.getTableTypes(), "TABLE_TYPE").contains("TABLE"), true)));
    suite.check("getPrimaryKeys, getImportedKeys, getExportedKeys, getCrossReference", this::keys);
    suite.check("the listings that Flight SQL has no word for are empty", this::rest);
  }

  interface Use {
    void of(DatabaseMetaData m) throws Exception;
  }

  private void with(Use use) throws Exception {
    try (Connection c = suite.connect()) {
      use.of(c.getMetaData());
    }
  }

  private static List<String> column(ResultSet r, String name) throws SQLException {
    try (r) {
      List<String> out = new ArrayList<>();
      while (r.next()) {
        out.add(r.getString(name));
      }
      return out;
    }
  }

  private void schemas() throws Exception {
    with(m -> {
      Suite.equal(column(m.getCatalogs(), "TABLE_CAT"), List.of("skein"));
      Suite.equal(column(m.getSchemas(), "TABLE_SCHEM").contains("public"), true);
      Suite.equal(column(m.getSchemas("skein", "pub%"), "TABLE_SCHEM"), List.of("public"));
      Suite.equal(column(m.getSchemas(null, "x%"), "TABLE_SCHEM"), List.of());
    });
  }

  private void tables() throws Exception {
    with(m -> {
      Suite.equal(column(m.getTables(null, "public", "part%", null), "TABLE_NAME"), List.of("part", "partsupp"));
      Suite.equal(column(m.getTables("skein", "public", "nation", new String[] {"TABLE"}), "TABLE_TYPE"), List.of("TABLE"));
      Suite.equal(column(m.getTables(null, "public", "nation", new String[] {"VIEW"}), "TABLE_NAME"), List.of());
      Suite.equal(column(m.getTables(null, null, "n\\_tion", null), "TABLE_NAME"), List.of());
      Suite.equal(column(m.getTables("", null, "nation", null), "TABLE_NAME"), List.of());
    });
  }

  private void columns() throws Exception {
    with(m -> {
      Suite.equal(column(m.getColumns(null, "public", "nation", null), "COLUMN_NAME"),
          List.of("n_nationkey", "n_name", "n_regionkey", "n_comment"));
      try (ResultSet r = m.getColumns(null, "public", "lineitem", "l_quantity")) {
        Suite.equal(r.next(), true);
        Suite.equal(r.getInt("DATA_TYPE"), Types.DECIMAL);
        Suite.equal(r.getString("TYPE_NAME"), "numeric(15,2)");
        Suite.equal(r.getInt("COLUMN_SIZE"), 15);
        Suite.equal(r.getInt("DECIMAL_DIGITS"), 2);
        Suite.equal(r.getInt("ORDINAL_POSITION"), 5);
        Suite.equal(r.getString("TABLE_CAT"), "skein");
        Suite.equal(List.of("YES", "NO").contains(r.getString("IS_NULLABLE")), true);
        Suite.equal(r.next(), false);
      }
    });
  }

  private void keys() throws Exception {
    with(m -> {
      for (ResultSet r : new ResultSet[] {m.getPrimaryKeys(null, "public", "nation"), m.getImportedKeys(null, "public", "nation"),
          m.getExportedKeys(null, "public", "nation"), m.getCrossReference(null, "public", "nation", null, "public", "region")}) {
        column(r, "PK_NAME");
      }
    });
  }

  private void rest() throws Exception {
    with(m -> {
      for (ResultSet r : new ResultSet[] {m.getProcedures(null, null, null), m.getFunctions(null, null, null), m.getUDTs(null, null, null, null),
          m.getIndexInfo(null, "public", "nation", false, true), m.getBestRowIdentifier(null, "public", "nation", 0, true),
          m.getVersionColumns(null, "public", "nation"), m.getClientInfoProperties(), m.getTypeInfo(), m.getColumnPrivileges(null, null, "nation", "%"),
          m.getTablePrivileges(null, null, "nation"), m.getSuperTables(null, null, "nation"), m.getSuperTypes(null, null, "x")}) {
        try (r) {
          while (r != null && r.next()) {
            r.getObject(1);
          }
        }
      }
    });
  }
}
