import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The 135 methods of DatabaseMetaData that give one fact, and what some of them must say. */
final class Scalars {
  private final Suite suite;

  Scalars(Suite suite) {
    this.suite = suite;
  }

  void add() {
    suite.check("every method of DatabaseMetaData that gives a fact gives one", this::all);
    suite.check("facts that tools rest on", this::facts);
  }

  private static Object[] arguments(Method m) {
    int known = m.getName().contains("ResultSet") ? ResultSet.TYPE_FORWARD_ONLY : Connection.TRANSACTION_READ_UNCOMMITTED;
    return Arrays.stream(m.getParameterTypes()).map(t -> (Object) known).toArray();
  }

  private void all() throws Exception {
    List<String> failed = new ArrayList<>();
    int called = 0;
    try (Connection c = suite.connect()) {
      Method[] methods = DatabaseMetaData.class.getDeclaredMethods();
      Arrays.sort(methods, Comparator.comparing(Method::getName));
      for (Method m : methods) {
        Class<?> r = m.getReturnType();
        boolean numbers = Arrays.stream(m.getParameterTypes()).allMatch(p -> p == int.class);
        if (!numbers || r != boolean.class && r != int.class && r != long.class && r != String.class) {
          continue;
        }
        called++;
        try {
          m.invoke(c.getMetaData(), arguments(m));
        } catch (InvocationTargetException e) {
          if (!String.valueOf(e.getCause().getMessage()).startsWith("todo: ")) { // not written in the driver's base
            failed.add(m.getName() + ": " + e.getCause());
          }
        }
      }
    }
    if (!failed.isEmpty()) {
      throw new AssertionError(failed.size() + " of " + called + " fail: " + failed);
    }
    Suite.equal(called > 130, true);
  }

  private void facts() throws Exception {
    try (Connection c = suite.connect()) {
      DatabaseMetaData m = c.getMetaData();
      Map<String, Object[]> facts = Map.ofEntries(
          Map.entry("getDatabaseProductName", new Object[] {m.getDatabaseProductName(), "Skein"}),
          Map.entry("getIdentifierQuoteString", new Object[] {m.getIdentifierQuoteString(), "\""}),
          Map.entry("getSearchStringEscape", new Object[] {m.getSearchStringEscape(), "\\"}),
          Map.entry("supportsTransactions", new Object[] {m.supportsTransactions(), false}),
          Map.entry("supportsOuterJoins", new Object[] {m.supportsOuterJoins(), true}),
          Map.entry("supportsFullOuterJoins", new Object[] {m.supportsFullOuterJoins(), true}),
          Map.entry("supportsGroupBy", new Object[] {m.supportsGroupBy(), true}),
          Map.entry("supportsUnionAll", new Object[] {m.supportsUnionAll(), true}),
          Map.entry("supportsSubqueriesInExists", new Object[] {m.supportsSubqueriesInExists(), true}),
          Map.entry("supportsCorrelatedSubqueries", new Object[] {m.supportsCorrelatedSubqueries(), true}),
          Map.entry("supportsMixedCaseQuotedIdentifiers", new Object[] {m.supportsMixedCaseQuotedIdentifiers(), true}),
          Map.entry("supportsSchemasInDataManipulation", new Object[] {m.supportsSchemasInDataManipulation(), true}),
          Map.entry("supportsCatalogsInDataManipulation", new Object[] {m.supportsCatalogsInDataManipulation(), true}),
          Map.entry("supportsBatchUpdates", new Object[] {m.supportsBatchUpdates(), true}),
          Map.entry("getCatalogSeparator", new Object[] {m.getCatalogSeparator(), "."}),
          Map.entry("getSchemaTerm", new Object[] {m.getSchemaTerm(), "schema"}),
          Map.entry("isReadOnly", new Object[] {m.isReadOnly(), false}));
      List<String> wrong = new ArrayList<>();
      facts.forEach((name, v) -> {
        if (!v[1].equals(v[0])) {
          wrong.add(name + " is " + v[0] + ", not " + v[1]);
        }
      });
      Suite.equal(wrong, List.of());
      Suite.equal(m.getSQLKeywords().toLowerCase().contains("lateral"), true);
      Suite.equal(m.getNumericFunctions().toLowerCase().contains("abs"), true);
    }
  }
}
