#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME, one after another, and goes on
# after a finding; the exit code says whether there was one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fuzztime=${FUZZTIME:-30s}
failed=0
while IFS=: read -r file _ line; do
  target=${line#func }
  target=${target%%(*}
  echo "==> $(dirname "$file") $target"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$(dirname "$file")" || failed=1
done < <(grep -rn --include='*_test.go' '^func Fuzz' . | sort)
exit "$failed"
