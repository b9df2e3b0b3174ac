import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Arrays;

/** Prepared statements and their parameters. */
final class Parameters {
  private final Suite suite;

  Parameters(Suite suite) {
    this.suite = suite;
  }

  void add() {
    suite.check("parameters of every type", this::types);
    suite.check("NULL as a parameter of every type", this::nulls);
    suite.check("a prepared statement executed again with other values", this::again);
    suite.check("ParameterMetaData", this::metadata);
    suite.check("addBatch and executeBatch", this::batch);
    suite.check("many prepared statements on one connection", this::many);
    suite.check("a missing parameter is an error, not a crash", this::missing);
  }

  private static final Object[][] VALUES = {
    {"boolean", true}, {"smallint", (short) 3}, {"integer", 4}, {"bigint", 5L}, {"real", 1.5f}, {"double precision", 2.5},
    {"numeric(10,2)", new BigDecimal("12.34")}, {"text", "x'y"}, {"bytea", new byte[] {0, 1}},
    {"date", Date.valueOf("2000-02-29")}, {"time", Time.valueOf("01:02:03")}, {"timestamp", Timestamp.valueOf("2000-02-29 01:02:03")},
  };

  private void types() throws SQLException {
    try (Connection c = suite.connect()) {
      for (Object[] v : VALUES) {
        try (PreparedStatement p = c.prepareStatement("select cast(? as " + v[0] + ") as v, cast(? as text) as t")) {
          p.setObject(1, v[1]);
          p.setString(2, "t");
          try (ResultSet r = p.executeQuery()) {
            r.next();
            if (v[1] instanceof byte[]) {
              Suite.equal(r.getBytes(1), v[1]);
            } else if (v[1] instanceof Float f) {
              Suite.equal(r.getFloat(1), f);
            } else {
              Suite.equal(v[0] + " " + r.getString(1).replaceAll("\\.0+$", ""), v[0] + " " + v[1].toString().replaceAll("\\.0+$", ""));
            }
          }
        }
      }
    }
  }

  private void nulls() throws SQLException {
    try (Connection c = suite.connect()) {
      for (Object[] v : VALUES) {
        try (PreparedStatement p = c.prepareStatement("select cast(? as " + v[0] + ") is null")) {
          p.setNull(1, Types.NULL);
          try (ResultSet r = p.executeQuery()) {
            r.next();
            Suite.equal(v[0] + " " + r.getBoolean(1), v[0] + " true");
          }
        }
      }
    }
  }

  private void again() throws SQLException {
    try (Connection c = suite.connect(); PreparedStatement p = c.prepareStatement("select n_name from nation where n_nationkey = ?")) {
      for (int i = 0; i < 25; i++) {
        p.setLong(1, i);
        try (ResultSet r = p.executeQuery()) {
          Suite.equal(r.next(), true);
          Suite.equal(r.next(), false);
        }
      }
    }
  }

  private void metadata() throws SQLException {
    try (Connection c = suite.connect(); PreparedStatement p = c.prepareStatement("select * from lineitem where l_quantity > ? and l_comment = ? and l_shipdate < ?")) {
      ParameterMetaData m = p.getParameterMetaData();
      Suite.equal(m.getParameterCount(), 3);
      Suite.equal(m.getParameterType(2), Types.VARCHAR);
      Suite.equal(m.getParameterType(3), Types.DATE);
      Suite.equal(p.getMetaData().getColumnCount(), 16);
    }
  }

  private void batch() throws Exception {
    try (Connection c = suite.connect(); Statement s = c.createStatement()) {
      try {
        s.execute("create table if not exists of_batch (n bigint, t text)");
      } catch (SQLException e) {
        if (String.valueOf(e.getMessage()).contains("[0A000]")) {
          throw new Suite.Skip("tables cannot be created yet");
        }
        throw e;
      }
      try (PreparedStatement p = c.prepareStatement("insert into of_batch values (?, ?)")) {
        for (int i = 0; i < 100; i++) {
          p.setLong(1, i);
          p.setString(2, "t" + i);
          p.addBatch();
        }
        int[] counts = p.executeBatch();
        Suite.equal(Arrays.stream(counts).sum(), 100);
      }
      try (ResultSet r = s.executeQuery("select count(*), sum(n) from of_batch")) {
        r.next();
        Suite.equal(r.getLong(1), 100L);
        Suite.equal(r.getLong(2), 4950L);
      }
      s.execute("drop table of_batch");
    }
  }

  private void many() throws SQLException {
    try (Connection c = suite.connect()) {
      PreparedStatement[] all = new PreparedStatement[100];
      for (int i = 0; i < all.length; i++) {
        all[i] = c.prepareStatement("select " + i + " + ?");
      }
      for (int i = 0; i < all.length; i++) {
        all[i].setInt(1, 1);
        try (ResultSet r = all[i].executeQuery()) {
          r.next();
          Suite.equal(r.getInt(1), i + 1);
        }
        all[i].close();
      }
    }
  }

  private void missing() throws SQLException {
    try (Connection c = suite.connect(); PreparedStatement p = c.prepareStatement("select ?::int")) {
      try (ResultSet r = p.executeQuery()) {
        r.next();
        throw new AssertionError("no error");
      } catch (SQLException | RuntimeException e) {
        Suite.equal(c.isValid(5), true);
      }
    }
  }
}
