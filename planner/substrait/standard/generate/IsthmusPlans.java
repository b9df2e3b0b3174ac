import io.substrait.isthmus.SqlToSubstrait;
import io.substrait.isthmus.sql.SubstraitCreateStatementParser;
import io.substrait.plan.PlanProtoConverter;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;

/** Writes plans of isthmus (Calcite). usage: IsthmusPlans DDL QUERIES_FOLDER OUT_FOLDER */
public class IsthmusPlans {
  public static void main(String[] args) throws Exception {
    var catalog = SubstraitCreateStatementParser.processCreateStatementsToCatalog(Files.readString(Path.of(args[0])));
    for (var name : new TreeSet<>(Arrays.asList(new File(args[1]).list()))) {
      if (!name.endsWith(".sql")) {
        continue;
      }
      try {
        var plan = new SqlToSubstrait().convert(Files.readString(Path.of(args[1], name)), catalog);
        Files.write(Path.of(args[2], name.replace(".sql", ".pb")), new PlanProtoConverter().toProto(plan).toByteArray());
      } catch (Throwable e) {
        System.out.println(name + ": " + String.valueOf(e.getMessage()).split("\n")[0]);
      }
    }
  }
}
