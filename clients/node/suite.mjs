// What a program of Node.js does with a server: node suite.mjs grpc://HOST:PORT
//
// Every check prints a line: passed, failed or skipped, a tab, its name, and for the last two a tab and the reason. An error
// within the rows of a result ends the client's process, so none is made.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

// The packages are where check.py has installed them.
const require = createRequire(path.join(process.env.MODULES ?? import.meta.dirname, "package.json"));
const { createFlightSqlClient } = require("@lakehouse-rs/flight-sql-client");
const { tableFromIPC } = require("apache-arrow");

const address = new URL(process.argv[2].replace(/^grpc/, "http"));
const connect = (more = {}) => createFlightSqlClient({ headers: [], tls: false, host: address.hostname, port: Number(address.port), ...more });
const query = async (client, sql) => tableFromIPC(await client.query(sql));
const values = (table) => table.toArray().map((row) => row.toArray().map(String).join(" "));

// What cannot be checked, and why.
class Skip extends Error {}

const checks = {
  "a query gives rows": async () => {
    const table = await query(await connect(), "select n_nationkey, n_name from nation where n_regionkey = 3 order by 1");
    assert.deepEqual(values(table), ["6 FRANCE", "7 GERMANY", "19 ROMANIA", "22 RUSSIA", "23 UNITED KINGDOM"]);
  },
  "an empty result keeps its columns": async () => {
    const table = await query(await connect(), "select n_nationkey, n_name from nation where false");
    assert.equal(table.numRows, 0);
    assert.deepEqual(table.schema.fields.map((f) => f.name), ["n_nationkey", "n_name"]);
  },
  "all rows of a large result come": async () => {
    const table = await query(await connect(), "select * from lineitem");
    assert.equal(table.numRows, 60175);
  },
  "types": async () => {
    const sql = `select 1::smallint as a, 2::bigint as b, 1.5::real as c, 'NaN'::float8 as d, true as e, 'grüße' as f, null::int as g,
      '\\x00ff'::bytea as h, date '2024-02-29' as i, timestamp(0) '2024-02-29 12:00:00.6' as j, timestamp(3) '2024-02-29 12:00:00.1234' as k`;
    const row = (await query(await connect(), sql)).get(0).toJSON();
    assert.deepEqual([row.a, row.b, row.c, row.d, row.e, row.f, row.g, [...row.h]], [1, 2n, 1.5, NaN, true, "grüße", null, [0, 255]]);
    assert.deepEqual([row.i, row.j, row.k].map((v) => new Date(Number(v)).toISOString()),
      ["2024-02-29T00:00:00.000Z", "2024-02-29T12:00:01.000Z", "2024-02-29T12:00:00.123Z"]);
  },
  "a text above 4 MiB": async () => {
    const table = await query(await connect(), "select repeat('x', 3000000) as t");
    assert.equal(table.get(0).t.length, 3000000);
  },
  "tables are made, filled and dropped": async () => {
    const client = await connect();
    await client.query("drop table if exists from_node");
    await client.query("create table from_node (id int primary key, at timestamp(3))");
    await client.query("insert into from_node values (1, '2024-01-01 00:00:00.5'), (2, null)");
    const table = await query(client, "select count(*) as n, count(at) as m from from_node");
    assert.deepEqual(values(table), ["2 1"]);
    await assert.rejects(client.query("insert into from_node values (1, null)"));
    await client.query("drop table from_node");
  },
  "an error says its code and its place": async () => {
    await assert.rejects((await connect()).query("select * from ordres"), (error) => {
      if (/^failed to prepare statement$/.test(error.message)) throw new Skip("this client does not pass on what the server says");
      return /\[42P01\] relation "ordres" does not exist/.test(error.message);
    });
  },
  "after an error the connection goes on": async () => {
    const client = await connect();
    await assert.rejects(client.query("select 1/'x'"));
    assert.deepEqual(values(await query(client, "select 1 as one")), ["1"]);
  },
  "catalogs, schemas and tables are listed": async () => {
    const client = await connect();
    assert.deepEqual(values(tableFromIPC(await client.getCatalogs())), ["skein"]);
    assert(values(tableFromIPC(await client.getDbSchemas({ dbSchemaFilterPattern: "pub%" }))).includes("skein public"));
    const tables = tableFromIPC(await client.getTables({ tableNameFilterPattern: "nat_on", tableTypes: ["TABLE"], includeSchema: true }));
    assert.deepEqual(tables.toArray().map((row) => row.table_name), ["nation"]);
  },
  "a login": async () => {
    const client = await connect({ username: "somebody", password: "x" });
    assert.deepEqual(values(await query(client, "select current_user as u")), ["somebody"]);
  },
  "20 clients at once": async () => {
    const counts = await Promise.all(Array.from({ length: 20 }, async (_, i) =>
      values(await query(await connect(), `select count(*) + ${i} as n from orders`))[0]));
    assert.deepEqual(counts, Array.from({ length: 20 }, (_, i) => String(15000 + i)));
  },
};

let failed = false;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`passed\t${name}`);
  } catch (error) {
    if (error instanceof Skip) {
      console.log(`skipped\t${name}\t${error.message}`);
      continue;
    }
    failed = true;
    console.log(`failed\t${name}\t${String(error.message).replace(/\s+/g, " ").slice(0, 300)}`);
  }
}
process.exit(failed ? 1 : 0);
