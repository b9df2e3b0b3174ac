#!/usr/bin/env bash
# Runs the TPC-H suite of IBM's substrait-compliance against a server of its own.
# usage: SUBSTRAIT_COMPLIANCE=CHECKOUT substrait-compliance.sh [SKEIN_BINARY]
# The SDK is on no module proxy, so the repository has to be there: github.com/IBM/substrait-compliance.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=${SUBSTRAIT_COMPLIANCE:-}
if [ ! -f "$checkout/sdk/go/go.mod" ]; then
  echo 'skipped: SUBSTRAIT_COMPLIANCE is no checkout of github.com/IBM/substrait-compliance, which is on no module proxy'
  exit 0
fi
checkout=$(realpath "$checkout")
skein=$(realpath "${1:-bin/skein}")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cp clients/compliance/*.go clients/compliance/go.* "$work"
(cd "$work" && go mod edit -replace "github.com/IBM/substrait-compliance/sdk/go=$checkout/sdk/go" && go build -o compliance .)
"$skein" tpch generate --sf 0.01 --out "$work/tpch" >/dev/null
mkdir "$work/tables"
for f in "$work"/tpch/*.parquet; do # for files that a checkout without large ones has not
  mv "$f" "$work/tables/$(basename "$f" .parquet)_generated.parquet"
done
"$skein" serve --listen 127.0.0.1:0 --tables "$work/tables" >"$work/log" 2>&1 &
server=$!
for _ in $(seq 100); do
  addr=$(grep -oE 'grpc://127\.0\.0\.1:[0-9]+' "$work/log" | head -1) && break
  sleep 0.1
done
"$work/compliance" --addr "$addr" --suite "$checkout/test-suites/tpch"
