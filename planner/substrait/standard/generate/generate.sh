#!/bin/sh
# Writes the plans of other producers under ../testdata/producers: TPC-H and features.sql from
# DataFusion and isthmus, expressions from Ibis. It needs Python 3.11, Java 17 and Maven, and
# loads their packages. usage: generate.sh SKEIN_BINARY
set -eu
skein=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$here/../testdata/producers
mkdir -p "$out" "$work/queries" "$work/isthmus"

"$skein" tpch generate --sf 0.01 --out "$work/tpch" >/dev/null
"$skein" tpch queries --sf 0.01 --out "$work/queries"
awk '/^-- [a-z_]+$/ { name = $2; next } /^--/ { next } NF && name { print > (dir "/" name ".sql") }' dir="$work/queries" "$here/features.sql"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q datafusion==55.0.0 pyarrow==26.0.1 ibis-substrait==4.0.1 substrait==0.23.0 pyarrow-hotfix
"$work/venv/bin/python" "$here/datafusion_plans.py" "$work/tpch" "$work/queries" "$out/datafusion.zip"
"$work/venv/bin/python" "$here/ibis_plans.py" "$work/tpch" "$out/ibis.zip"

# Calcite keeps the word that names a column of Q11.
sed -i 's/\bvalue\b/part_value/g' "$work/queries/q11.sql"
mvn -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib"
java -cp "$work/lib/*" "$here/IsthmusPlans.java" "$here/tpch.sql" "$work/queries" "$work/isthmus" 2>/dev/null
(cd "$work/isthmus" && touch -d 1980-01-01 ./*.pb && rm -f "$out/isthmus.zip" && python3 -m zipfile -c "$out/isthmus.zip" ./*.pb)
