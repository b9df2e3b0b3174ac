"""Arrow Flight without a Flight SQL library, as notebooks use it: python3 arrow_flight.py grpc://HOST:PORT

The commands of Flight SQL are made by hand, a few bytes of Protocol Buffers each, so that nothing of a driver stands
between a check and the server.
"""

import sys
import threading
import time

import pyarrow as pa
import pyarrow.flight as flight

from suite import Suite, equal, raises

suite = Suite()
TYPES = "type.googleapis.com/arrow.flight.protocol.sql."


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def field(number, value):
    """A field of a message: a text, bytes, a bool or an integer."""
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def command(name, *fields):
    return field(1, TYPES + name) + field(2, b"".join(fields))


def descriptor(name, *fields):
    return flight.FlightDescriptor.for_command(command(name, *fields))


def statement(sql):
    return descriptor("CommandStatementQuery", field(1, sql))


def fields(message):
    """The fields of a message as (number, value); a value is bytes or an integer."""
    def read(at):
        n = shift = 0
        while True:
            n |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return n, at

    out, at = [], 0
    while at < len(message):
        key, at = read(at)
        n, at = read(at)
        if key & 7 == 2:
            out.append((key >> 3, message[at:at + n]))
            at += n
        else:
            out.append((key >> 3, n))
    return out


def rows(client, info):
    return client.do_get(info.endpoints[0].ticket).read_all()


def metadata(client, name, *parts):
    info = client.get_flight_info(descriptor(name, *parts))
    table = rows(client, info)
    equal(table.schema, info.schema)
    return table


@suite.check
def query(address):
    """GetFlightInfo and DoGet of a statement; both schemas are equal, metadata included"""
    with flight.connect(address) as client:
        info = client.get_flight_info(statement("select l_orderkey, l_quantity, l_comment from lineitem"))
        equal((len(info.endpoints), info.endpoints[0].locations), (1, []))
        reader = client.do_get(info.endpoints[0].ticket)
        equal(reader.schema.equals(info.schema, check_metadata=True), True)
        equal(reader.read_all().num_rows, 60_175)


@suite.check
def query_id(address):
    """app_metadata of info and endpoint is the query's id"""
    with flight.connect(address) as client:
        info = client.get_flight_info(statement("select 1"))
        equal((bool(info.app_metadata), info.endpoints[0].app_metadata), (True, info.app_metadata))


@suite.check
def schema(address):
    """GetSchema of a statement, of a prepared one and of metadata commands"""
    with flight.connect(address) as client:
        equal(client.get_schema(statement("select n_name from nation")).schema.names, ["n_name"])
        equal(client.get_schema(descriptor("CommandGetCatalogs")).schema.names, ["catalog_name"])
        equal(client.get_schema(descriptor("CommandGetTables", field(5, True))).schema.names[-1], "table_schema")


@suite.check
def retried_tickets(address):
    """a ticket is good again until it expires, also on another connection"""
    with flight.connect(address) as client, flight.connect(address) as other:
        info = client.get_flight_info(statement("select count(*) from lineitem"))
        equal(info.endpoints[0].expiration_time is not None, True)
        equal((rows(client, info), rows(other, info)), (rows(client, info),) * 2)


def prepare(client, sql):
    result = next(iter(client.do_action(flight.Action("CreatePreparedStatement", command("ActionCreatePreparedStatementRequest", field(1, sql))))))
    answer = dict(fields(result.body.to_pybytes()))
    return dict(fields(answer[2]))


@suite.check
def prepared(address):
    """a prepared statement: parameters, its updated handle, closing it twice"""
    with flight.connect(address) as client:
        made = prepare(client, "select n_name from nation where n_nationkey = ?")
        equal((pa.ipc.read_schema(pa.py_buffer(made[2])).names, len(pa.ipc.read_schema(pa.py_buffer(made[3])))), (["n_name"], 1))
        handle = made[1]
        batch = pa.record_batch([pa.array([7, 3], pa.int32())], ["$1"])
        writer, reader = client.do_put(descriptor("CommandPreparedStatementQuery", field(1, handle)), batch.schema)
        writer.write_batch(batch)
        writer.done_writing()
        answer = reader.read()
        writer.close()
        updated = dict(fields(answer.to_pybytes()))[1] if answer is not None else handle
        for used in (updated, handle):
            info = client.get_flight_info(descriptor("CommandPreparedStatementQuery", field(1, used)))
            equal(rows(client, info).column(0).to_pylist(), ["GERMANY", "CANADA"])
        for closed in (handle, updated, handle):
            list(client.do_action(flight.Action("ClosePreparedStatement", command("ActionClosePreparedStatementRequest", field(1, closed)))))
        raises((flight.FlightError, pa.ArrowException), "[26000]", lambda: client.get_flight_info(descriptor("CommandPreparedStatementQuery", field(1, handle))))


@suite.check
def prepared_kinds(address):
    """is_update and an empty dataset_schema tell updates from queries"""
    with flight.connect(address) as client:
        for sql, update in (("select 1", 0), ("show tables", 0), ("explain select 1", 0), ("set batch_rows = 0", 1), ("create schema x", 1)):
            made = prepare(client, sql)
            empty = len(pa.ipc.read_schema(pa.py_buffer(made[2]))) == 0
            equal((sql, made.get(4, 0), empty), (sql, update, bool(update)))


@suite.check
def updates(address):
    """DoPut of an update gives its record count; it ran once"""
    with flight.connect(address) as client:
        for sql in ("drop schema if exists put", "create schema put", "drop schema put"):
            writer, reader = client.do_put(descriptor("CommandStatementUpdate", field(1, sql)), pa.schema([]))
            writer.done_writing()
            equal(reader.read() is not None, True)
            writer.close()


@suite.check
def put_without_command(address):
    """DoPut of a path or of nonsense is refused, and the server lives"""
    with flight.connect(address) as client:
        for bad in (flight.FlightDescriptor.for_path("x"), flight.FlightDescriptor.for_command(b"\xff\xfe")):
            def put():
                writer, reader = client.do_put(bad, pa.schema([("n", pa.int64())]))
                writer.write_batch(pa.record_batch([pa.array([1])], ["n"]))
                writer.done_writing()
                reader.read()
                writer.close()

            raises((flight.FlightError, pa.ArrowException), "", put)
        equal(rows(client, client.get_flight_info(statement("select 1"))).num_rows, 1)


@suite.check
def metadata_commands(address):
    """every metadata command answers with the schema it announced"""
    with flight.connect(address) as client:
        reference = (field(1, "skein"), field(2, "public"), field(3, "nation"))
        for name, parts in [
            ("CommandGetCatalogs", ()), ("CommandGetDbSchemas", ()), ("CommandGetTables", ()),
            ("CommandGetTables", (field(5, True),)), ("CommandGetTableTypes", ()), ("CommandGetSqlInfo", ()),
            ("CommandGetXdbcTypeInfo", ()), ("CommandGetPrimaryKeys", reference), ("CommandGetExportedKeys", reference),
            ("CommandGetImportedKeys", reference),
            ("CommandGetCrossReference", (*reference, field(4, "skein"), field(5, "public"), field(6, "region"))),
        ]:
            metadata(client, name, *parts)


@suite.check
def sorted_metadata(address):
    """schemas and tables are sorted; filters take % and _, and \\ before them"""
    with flight.connect(address) as client:
        tables = metadata(client, "CommandGetTables").to_pylist()
        keys = [(t["catalog_name"], t["db_schema_name"], t["table_name"], t["table_type"]) for t in tables]
        equal(keys, sorted(keys))
        for pattern, want in (("nation", 1), ("n%n", 1), ("n_tion", 1), ("n\\_tion", 0), ("", 0)):
            found = metadata(client, "CommandGetTables", field(2, "public"), field(3, pattern))
            equal((pattern, found.num_rows), (pattern, want))
        equal(metadata(client, "CommandGetTables", field(1, "")).num_rows, 0)
        types = metadata(client, "CommandGetXdbcTypeInfo").to_pylist()
        keys = [(t["data_type"], t["type_name"]) for t in types]
        equal(keys, sorted(keys))


@suite.check
def table_schemas(address):
    """table_schema is an encapsulated schema with type names, precision and scale"""
    with flight.connect(address) as client:
        table = metadata(client, "CommandGetTables", field(3, "lineitem"), field(5, True))
        schema = pa.ipc.read_schema(pa.py_buffer(table.column("table_schema")[0].as_py()))
        about = {k.decode(): v.decode() for k, v in schema.field("l_quantity").metadata.items()}
        want = {"TYPE_NAME": "numeric(15,2)", "PRECISION": "15", "SCALE": "2", "TABLE_NAME": "lineitem",
                "SCHEMA_NAME": "public", "CATALOG_NAME": "skein"}
        equal({k: about.get("ARROW:FLIGHT:SQL:" + k) for k in want}, want)


@suite.check
def actions(address):
    """ListActions names every action that is answered"""
    with flight.connect(address) as client:
        names = {a.type for a in client.list_actions()}
    want = {"CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo", "CancelQuery",
            "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions", "CloseSession"}
    equal(want - names, set())


@suite.check
def cancelled(address):
    """CancelFlightInfo ends a query; its ticket is good for nothing after"""
    with flight.connect(address) as client:
        info = client.get_flight_info(statement("select * from lineitem"))
        result = client.cancel_flight_info(flight.CancelFlightInfoRequest(info)) if hasattr(client, "cancel_flight_info") \
            else next(iter(client.do_action(flight.Action("CancelFlightInfo", field(1, info.serialize())))))
        body = result.body.to_pybytes()
        equal(dict(fields(body)).get(1), 1)
        raises((flight.FlightError, pa.ArrowException), "[57014]", lambda: rows(client, info))


@suite.check
def renewed(address):
    """RenewFlightEndpoint moves the expiration on"""
    with flight.connect(address) as client:
        info = client.get_flight_info(statement("select 1"))
        endpoint = info.endpoints[0]
        result = next(iter(client.do_action(flight.Action("RenewFlightEndpoint", field(1, endpoint.serialize())))))
        again = flight.FlightEndpoint.deserialize(result.body.to_pybytes())
        equal(again.expiration_time.as_py() >= endpoint.expiration_time.as_py(), True)
        equal(client.do_get(again.ticket).read_all().num_rows, 1)


@suite.check
def transactions_refused(address):
    """transactions, savepoints and unknown actions are refused with 0A000"""
    with flight.connect(address) as client:
        for name, message, parts in [
            ("BeginTransaction", "ActionBeginTransactionRequest", ()),
            ("BeginSavepoint", "ActionBeginSavepointRequest", (field(1, b"x"), field(2, "s"))),
            ("EndTransaction", "ActionEndTransactionRequest", (field(1, b"x"), field(2, 1))),
            ("EndSavepoint", "ActionEndSavepointRequest", (field(1, b"x"), field(2, 1))),
        ]:
            action = flight.Action(name, command(message, *parts))
            raises((flight.FlightError, NotImplementedError), "[0A000]", lambda: list(client.do_action(action)))
        raises((flight.FlightError, NotImplementedError, pa.ArrowException), "[", lambda: list(client.do_action(flight.Action("Nonsense", b""))))


@suite.check
def cookies(address):
    """a session goes on over connections by its cookie, and ends by CloseSession"""
    class Cookies(flight.ClientMiddlewareFactory):
        jar = {}

        def start_call(self, info):
            jar = self.jar

            class Call(flight.ClientMiddleware):
                def sending_headers(self):
                    return {"cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {}

                def received_headers(self, headers):
                    for line in headers.get("set-cookie", []):
                        name, _, value = line.partition(";")[0].partition("=")
                        jar[name] = value
                        if "max-age=0" in line.lower().replace(" ", ""):
                            jar.pop(name)
            return Call()

    factory = Cookies()
    option = field(1, field(1, "batch_rows") + field(2, field(1, "7")))
    with flight.connect(address, middleware=[factory]) as client:
        list(client.do_action(flight.Action("SetSessionOptions", option)))
    with flight.connect(address, middleware=[factory]) as client:
        equal(rows(client, client.get_flight_info(statement("show batch_rows"))).column(0).to_pylist(), ["7"])
        list(client.do_action(flight.Action("CloseSession", b"")))
    with flight.connect(address, middleware=[factory]) as client:
        equal(rows(client, client.get_flight_info(statement("show batch_rows"))).column(0).to_pylist(), ["0"])


@suite.check
def error_kinds(address):
    """errors are pyarrow's own classes, with SQLSTATE and the statement's caret"""
    with flight.connect(address) as client:
        for sql, kind, code in [
            ("selec 1", pa.ArrowInvalid, "[42601]"), ("select * from nowhere", pa.ArrowKeyError, "[42P01]"),
            ("begin", NotImplementedError, "[0A000]"),
        ]:
            raises((kind, flight.FlightError), code, lambda: client.get_flight_info(statement(sql)))
        info = client.get_flight_info(statement("select 1 / (n_nationkey - 7) from nation"))
        raises((pa.ArrowInvalid, flight.FlightError), "[22012]", lambda: rows(client, info))


@suite.check
def bad_tickets(address):
    """tickets and commands of nonsense are refused"""
    with flight.connect(address) as client:
        for raw in (b"", b"x", b"\xff" * 100, command("TicketStatementQuery", field(1, b"forged"))):
            raises((flight.FlightError, pa.ArrowException), "", lambda: client.do_get(flight.Ticket(raw)).read_all())
            raises((flight.FlightError, pa.ArrowException), "", lambda: client.get_flight_info(flight.FlightDescriptor.for_command(raw)))


@suite.check
def abandoned(address):
    """readers that stop after a batch leave nothing running"""
    def work():
        with flight.connect(address) as client:
            for _ in range(10):
                info = client.get_flight_info(statement("select * from lineitem"))
                reader = client.do_get(info.endpoints[0].ticket)
                reader.read_chunk()
                reader.cancel()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with flight.connect(address) as client:
        left, until = None, time.monotonic() + 10  # the server hears of a cancelled stream a little later
        while left != [0] and time.monotonic() < until:
            info = client.get_flight_info(statement("select count(*) from information_schema.skein_queries where state = 'running' and query = 'select * from lineitem'"))
            left = rows(client, info).column(0).to_pylist()
        equal(left, [0])


@suite.check
def message_sizes(address):
    """no message of a wide result is above 4 MiB"""
    with flight.connect(address, generic_options=[("grpc.max_receive_message_length", 4 << 20)]) as client:
        info = client.get_flight_info(statement("select repeat(l_comment, 50) as a, repeat(l_comment, 50) as b from lineitem"))
        equal(rows(client, info).num_rows, 60_175)


@suite.check
def large_headers(address):
    """headers of 64 KB are taken"""
    with flight.connect(address) as client:
        options = flight.FlightCallOptions(headers=[(b"x-padding", b"x" * 60_000)])
        info = client.get_flight_info(statement("select 1"), options)
        equal(client.do_get(info.endpoints[0].ticket, options).read_all().num_rows, 1)


@suite.check
def login(address):
    """authenticate_basic_token gives a token that is taken, or users are not known"""
    with flight.connect(address) as client:
        token = client.authenticate_basic_token("someone", "secret")
        equal(token[0].lower(), b"authorization")
        options = flight.FlightCallOptions(headers=[token], timeout=10)
        info = client.get_flight_info(statement("select current_user"), options)
        equal(client.do_get(info.endpoints[0].ticket, options).read_all().num_rows, 1)


if __name__ == "__main__":
    suite.run(sys.argv[1])
