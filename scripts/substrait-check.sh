#!/usr/bin/env bash
# Asks DataFusion, DuckDB, Acero and the official validator about the plans that Skein makes of TPC-H.
# It loads Python packages. usage: substrait-check.sh [SKEIN_BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."
skein=$(realpath "${1:-bin/skein}")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
mkdir "$work/queries" "$work/plans"
"$skein" tpch generate --sf 0.01 --out "$work/tpch" >/dev/null
"$skein" tpch queries --sf 0.01 --out "$work/queries"
"$skein" serve --listen 127.0.0.1:0 --tables "$work/tpch" >"$work/log" 2>&1 &
server=$!
for _ in $(seq 100); do
  addr=$(grep -oE 'grpc://127\.0\.0\.1:[0-9]+' "$work/log" | head -1) && break
  sleep 0.1
done
for f in "$work"/queries/*.sql; do
  "$skein" substrait plan --addr "$addr" --format binary -o "$work/plans/$(basename "$f" .sql).pb" "$(grep -v '^--' "$f")"
done
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q datafusion==55.0.0 pyarrow==26.0.1 duckdb==1.1.3 duckdb-extension-substrait==1.1.3 substrait-validator==0.1.4
"$work/venv/bin/python" scripts/substrait_check.py "$work/tpch" "$work/queries" "$work/plans"
