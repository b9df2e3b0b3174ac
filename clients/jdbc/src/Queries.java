import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** Statements and their results. */
final class Queries {
  private final Suite suite;

  Queries(Suite suite) {
    this.suite = suite;
  }

  void add() {
    suite.check("SELECT 1", () -> Suite.equal(one("select 1"), 1));
    suite.check("60,175 rows", this::manyRows);
    suite.check("getObject and getString of every type", this::types);
    suite.check("NULL of every type", this::nulls);
    suite.check("ResultSetMetaData: names, types, precision, scale", this::resultMetadata);
    suite.check("an empty result keeps its columns", this::empty);
    suite.check("execute, executeQuery and executeUpdate of DDL, once each", this::definitions);
    suite.check("SET and SHOW in one connection", this::settings);
    suite.check("errors carry SQLSTATE in their message", this::errors);
    suite.check("setMaxRows and close before the end", this::maxRows);
    suite.check("cancel ends a running query", this::cancel);
    suite.check("catalog= in the URL and setCatalog", this::catalog);
    suite.check("unknown properties are headers", this::headers);
    suite.check("user and password, and token", this::credentials);
    suite.check("auto-commit is what there is", this::autoCommit);
    suite.check("two statements open on one connection", this::twoStatements);
    suite.check("isValid", () -> {
      try (Connection c = suite.connect()) {
        Suite.equal(c.isValid(5), true);
      }
    });
  }

  private Object one(String sql) throws SQLException {
    try (Connection c = suite.connect(); Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
      r.next();
      return r.getObject(1);
    }
  }

  private void manyRows() throws SQLException {
    try (Connection c = suite.connect(); Statement s = c.createStatement();
        ResultSet r = s.executeQuery("select l_orderkey, l_comment from lineitem order by l_orderkey, l_linenumber")) {
      int n = 0;
      long last = 0;
      while (r.next()) {
        n++;
        if (r.getLong(1) < last) {
          throw new AssertionError("out of order");
        }
        last = r.getLong(1);
      }
      Suite.equal(n, 60175);
    }
  }

  private static final String[][] TYPES = {
    {"true", "boolean", "true"}, {"-1", "smallint", "-1"}, {"2", "integer", "2"}, {"9000000000", "bigint", "9000000000"},
    {"1.5", "real", "1.5"}, {"2.5", "double precision", "2.5"}, {"12.30", "numeric(15,2)", "12.30"}, {"grüße", "text", "grüße"},
    {"ab", "varchar(5)", "ab"}, {"1996-02-29", "date", "1996-02-29"}, {"12:34:56", "time", "12:34:56"},
    {"1996-02-29 12:34:56", "timestamp", "1996-02-29 12:34:56"},
  };

  private void types() throws SQLException {
    for (String[] t : TYPES) {
      try (Connection c = suite.connect(); Statement s = c.createStatement();
          ResultSet r = s.executeQuery("select cast('" + t[0] + "' as " + t[1] + ")")) {
        r.next();
        Suite.equal(t[1] + " " + r.getString(1).replaceAll("\\.0+$", ""), t[1] + " " + t[2]);
        if (r.getObject(1) == null || r.wasNull()) {
          throw new AssertionError(t[1] + " is null");
        }
      }
    }
    try (Connection c = suite.connect(); Statement s = c.createStatement();
        ResultSet r = s.executeQuery("select '\\x00ff'::bytea, (select array_agg(n_nationkey) from nation where n_nationkey < 2), timestamptz '2000-01-01 00:00:00+00', 12.30::numeric(15,2), date '2000-01-01'")) {
      r.next();
      Suite.equal(r.getBytes(1), new byte[] {0, (byte) 0xff});
      Suite.equal(r.getArray(2).getArray() instanceof Object[], true);
      Suite.equal(r.getTimestamp(3) != null, true);
      Suite.equal(r.getBigDecimal(4), new BigDecimal("12.30"));
      Suite.equal(r.getDate(5), Date.valueOf("2000-01-01"));
    }
  }

  private void nulls() throws SQLException {
    for (String[] t : TYPES) {
      try (Connection c = suite.connect(); Statement s = c.createStatement();
          ResultSet r = s.executeQuery("select cast(null as " + t[1] + ")")) {
        r.next();
        Suite.equal(t[1] + r.getObject(1) + r.wasNull(), t[1] + "nulltrue");
      }
    }
  }

  private void resultMetadata() throws SQLException {
    try (Connection c = suite.connect(); Statement s = c.createStatement();
        ResultSet r = s.executeQuery("select l_orderkey as \"Key\", l_quantity, l_comment, l_shipdate from lineitem limit 1")) {
      ResultSetMetaData m = r.getMetaData();
      Suite.equal(m.getColumnCount(), 4);
      Suite.equal(m.getColumnLabel(1), "Key");
      Suite.equal(m.getColumnType(1), Types.BIGINT);
      Suite.equal(m.getColumnType(2), Types.DECIMAL);
      Suite.equal(m.getPrecision(2), 15);
      Suite.equal(m.getScale(2), 2);
      Suite.equal(m.getColumnType(3), Types.VARCHAR);
      Suite.equal(m.getColumnType(4), Types.DATE);
    }
  }

  private void empty() throws Exception {
    int columns = 0;
    for (String sql : new String[] {"select * from nation where 1=0", "select * from (select * from nation) t limit 0"}) {
      try (Connection c = suite.connect(); Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
        columns = r.getMetaData().getColumnCount();
        Suite.equal(r.next(), false);
      }
    }
    if (columns == 8) { // the ones of the statement, and again those of its result
      throw new Suite.Skip("no rows come, as they should; this driver lists the columns of an empty result twice");
    }
    Suite.equal(columns, 4);
  }

  private void definitions() throws Exception {
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      s.executeUpdate("drop schema if exists of_jdbc");
      Suite.equal(s.execute("create schema of_jdbc"), false);
      Suite.equal(s.getUpdateCount(), 0);
      Suite.raises("[42P06]", () -> s.execute("create schema of_jdbc"));
      Suite.equal(s.executeUpdate("drop schema of_jdbc"), 0);
      Suite.equal(s.executeLargeUpdate("drop schema if exists of_jdbc"), 0L);
    }
  }

  private void settings() throws SQLException {
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      s.execute("set batch_rows = 100");
      try (ResultSet r = s.executeQuery("show batch_rows")) {
        r.next();
        Suite.equal(r.getString(1), "100");
      }
    }
  }

  private void errors() throws Exception {
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      Suite.raises("[42601]", () -> s.executeQuery("selec 1"));
      Suite.raises("[42P01]", () -> s.executeQuery("select * from nowhere"));
      Suite.raises("[0A000]", () -> s.execute("begin"));
      Suite.raises("[22012]", () -> {
        try (ResultSet r = s.executeQuery("select 1 / (n_nationkey - 7) from nation")) {
          while (r.next()) {
            r.getInt(1);
          }
        }
      });
    }
  }

  private void maxRows() throws SQLException {
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      s.setMaxRows(10);
      int n = 0;
      try (ResultSet r = s.executeQuery("select * from lineitem")) {
        while (r.next()) {
          n++;
        }
      }
      Suite.equal(n, 10);
      s.setMaxRows(0);
      for (int i = 0; i < 20; i++) {
        try (ResultSet r = s.executeQuery("select * from lineitem")) {
          r.next();
        }
      }
    }
  }

  private void cancel() throws Exception {
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      timer.schedule(() -> {
        s.cancel();
        return null;
      }, 500, MILLISECONDS);
      long begin = System.nanoTime();
      try (ResultSet r = s.executeQuery("select count(*) from lineitem a, lineitem b, lineitem c"
          + " where a.l_comment || b.l_comment like '%' || c.l_comment || 'jdbc%'")) {
        r.next();
        throw new AssertionError("the query came to its end");
      } catch (SQLException e) {
        Suite.equal(System.nanoTime() - begin < 20_000_000_000L, true);
      }
    } finally {
      timer.shutdownNow();
    }
    for (int i = 0; i < 100; i++) {
      if (one("select count(*) from information_schema.skein_queries where state = 'running' and query like '%jdbc%' and query not like '%skein%'").equals(0L)) {
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the server still runs the query");
  }

  private void catalog() throws Exception {
    Connection named = suite.connect("&catalog=skein");
    try (Statement s = named.createStatement(); ResultSet r = s.executeQuery("show catalog")) {
      r.next();
      Suite.equal(r.getString(1), "skein");
    }
    try {
      named.close();
    } catch (SQLException e) { // this driver closes its channel, and then the session over it
      Suite.equal(e.getMessage(), "Channel shutdown invoked");
    }
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      c.setCatalog("skein");
      c.setSchema("public");
      try (ResultSet r = s.executeQuery("select current_schema")) {
        r.next();
        Suite.equal(r.getString(1), "public");
      }
    }
  }

  private void headers() throws SQLException {
    Properties p = new Properties();
    p.setProperty("x-some-header", "x".repeat(6000));
    try (Connection c = suite.connect(p); Statement s = c.createStatement(); ResultSet r = s.executeQuery("select 1")) {
      Suite.equal(r.next(), true);
    }
  }

  private void credentials() throws SQLException {
    Properties p = new Properties();
    p.setProperty("user", "someone");
    p.setProperty("password", "secret");
    try (Connection c = suite.connect(p); Statement s = c.createStatement(); ResultSet r = s.executeQuery("select current_user")) {
      r.next();
      Suite.equal(r.getString(1), "someone");
    }
    try (Connection c = suite.connect("&token=abc"); Statement s = c.createStatement(); ResultSet r = s.executeQuery("select 1")) {
      Suite.equal(r.next(), true);
    }
  }

  private void autoCommit() throws SQLException {
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      c.setAutoCommit(true);
      Suite.equal(c.getAutoCommit(), true);
      c.setAutoCommit(false);
      try (ResultSet r = s.executeQuery("select 1")) {
        Suite.equal(r.next(), true);
      }
      c.rollback();
      c.commit();
      Suite.equal(c.getTransactionIsolation(), Connection.TRANSACTION_NONE);
    }
  }

  private void twoStatements() throws SQLException {
    try (Connection c = suite.connect(); PreparedStatement a = c.prepareStatement("select n_nationkey from nation order by 1");
        PreparedStatement b = c.prepareStatement("select n_nationkey from nation order by 1");
        ResultSet x = a.executeQuery(); ResultSet y = b.executeQuery()) {
      while (x.next()) {
        Suite.equal(y.next(), true);
        Suite.equal(x.getInt(1), y.getInt(1));
      }
    }
  }
}
