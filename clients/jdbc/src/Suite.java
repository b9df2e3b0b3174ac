import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Checks of the JDBC driver against a server: java Suite grpc://HOST:PORT
 *
 * <p>Every check prints a line: passed, failed or skipped, a tab, its name, and for the last two a
 * tab and the reason. The server has TPC-H's tables at scale factor 0.01.
 */
public final class Suite {
  private static final int LIMIT_SECONDS = 60;

  /** A check that cannot be made, and why. */
  static final class Skip extends Exception {
    Skip(String reason) {
      super(reason);
    }
  }

  interface Check {
    void run() throws Exception;
  }

  private final Map<String, Check> checks = new LinkedHashMap<>();
  private final String url;

  private Suite(String address) {
    url = "jdbc:arrow-flight-sql://" + address.replace("grpc://", "") + "/?useEncryption=false";
  }

  void check(String name, Check check) {
    checks.put(name, check);
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(url);
  }

  Connection connect(String more) throws SQLException {
    return DriverManager.getConnection(url + more);
  }

  Connection connect(Properties properties) throws SQLException {
    return DriverManager.getConnection(url, properties);
  }

  static void equal(Object got, Object want) {
    if (!Objects.deepEquals(got, want)) {
      throw new AssertionError("got " + show(got) + ", want " + show(want));
    }
  }

  private static String show(Object o) {
    return o instanceof Object[] a ? Arrays.deepToString(a) : o instanceof byte[] b ? Arrays.toString(b) : String.valueOf(o);
  }

  static SQLException raises(String text, Check check) throws Exception {
    try {
      check.run();
    } catch (SQLException e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        if (String.valueOf(t.getMessage()).contains(text)) {
          return e;
        }
      }
      throw new AssertionError("the error says " + e.getMessage() + ", not " + text, e);
    }
    throw new AssertionError("no error; wanted " + text);
  }

  private boolean run() {
    ExecutorService pool = Executors.newCachedThreadPool(r -> {
      Thread t = new Thread(r);
      t.setDaemon(true);
      return t;
    });
    boolean failed = false;
    for (Map.Entry<String, Check> e : checks.entrySet()) {
      String outcome = "passed";
      String reason = "";
      try {
        pool.submit(() -> {
          e.getValue().run();
          return null;
        }).get(LIMIT_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException x) {
        Throwable cause = x.getCause();
        outcome = cause instanceof Skip ? "skipped" : "failed";
        reason = cause instanceof Skip ? cause.getMessage() : where(cause) + cause;
      } catch (TimeoutException | InterruptedException x) {
        outcome = "failed";
        reason = "no end after " + LIMIT_SECONDS + " s";
      }
      failed = failed || outcome.equals("failed");
      reason = reason.replaceAll("\\s+", " ");
      System.out.println(outcome + "\t" + e.getKey() + (reason.isEmpty() ? "" : "\t" + reason.substring(0, Math.min(400, reason.length()))));
      System.out.flush();
    }
    return failed;
  }

  private static String where(Throwable t) {
    for (StackTraceElement f : t.getStackTrace()) {
      if (f.getFileName() != null && f.getClassName().indexOf('.') < 0 && !f.getClassName().equals("Suite")) {
        return f.getFileName() + ":" + f.getLineNumber() + ": ";
      }
    }
    return "";
  }

  public static void main(String[] args) {
    Suite suite = new Suite(args[0]);
    new Queries(suite).add();
    new Parameters(suite).add();
    new Catalogs(suite).add();
    new Scalars(suite).add();
    System.exit(suite.run() ? 1 : 0);
  }
}
