#!/usr/bin/env bash
# TPC-H from nothing to checked answers: generates the tables once, starts an
# embedded cluster on a free local port, runs the 22 queries through a Flight SQL
# client, stops the cluster and says how to go on. SF=0.01 makes it small.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skein=${SKEIN:-bin/skein}
sf=${SF:-1}
data=data/tpch/sf$sf
stamp=$data.complete # beside the tables: everything in the folder is a table
run=data/demo
start_timeout=${START_TIMEOUT:-60}
server=

bold= plain=
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
step() { printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"; }

# stop ends the server, gently at first.
stop() {
  [ -n "$server" ] || return 0
  kill "$server" 2>/dev/null || true
  for _ in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

ended() {
  code=$?
  stop
  if [ "$code" -ne 0 ]; then
    echo >&2
    echo "The demo failed (exit code $code)." >&2
    if [ -s "$run/serve.err" ]; then
      echo "The server's last words, from $run/serve.err:" >&2
      tail -n 30 "$run/serve.err" >&2
    fi
  fi
  exit "$code"
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir -p "$run"
rm -f "$run/serve.out" "$run/serve.err"
"$skein" version

tables="region nation supplier customer part partsupp orders lineitem"
for t in $tables; do
  [ -f "$data/$t.parquet" ] || rm -f "$stamp"
done
if [ -f "$stamp" ]; then
  step "TPC-H at SF $sf is there: $data"
else
  step "Generating TPC-H at SF $sf into $data"
  rm -rf "$data"
  "$skein" tpch generate --sf "$sf" --out "$data"
  touch "$stamp"
fi

step "Starting an embedded cluster: one coordinator, two workers"
"$skein" serve --listen 127.0.0.1:0 --tables "$data" >"$run/serve.out" 2>"$run/serve.err" </dev/null &
server=$!
deadline=$((SECONDS + start_timeout))
until address=$(sed -n 's/^skein ready \(grpc:\/\/[^ ]*\).*$/\1/p' "$run/serve.out") && [ -n "$address" ]; do
  if ! kill -0 "$server" 2>/dev/null; then
    echo "The server ended before it was ready." >&2
    exit 1
  fi
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "The server is not ready after $start_timeout s." >&2
    exit 1
  fi
  sleep 0.05
done
echo "ready at $address"

step "Running the 22 queries through Flight SQL, answers checked"
"$skein" tpch run --addr "$address" --sf "$sf"

stop
step "How to go on"
cat <<EOF
Start the cluster again (it stays until Ctrl-C):

    $skein serve --tables $data

Open the SQL shell in another terminal:

    $skein sql

Or ask one question:

    $skein sql -c "select l_returnflag, count(*) from lineitem group by 1 order by 1"

From Python (pip install adbc-driver-flightsql pyarrow):

    import adbc_driver_flightsql.dbapi as flightsql
    with flightsql.connect("grpc://127.0.0.1:32010", autocommit=True) as skein, skein.cursor() as cursor:
        cursor.execute("select o_orderpriority, count(*) as n from orders group by 1 order by 1")
        print(cursor.fetch_arrow_table())
EOF
