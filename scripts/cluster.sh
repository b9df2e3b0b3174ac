#!/usr/bin/env bash
# A cluster on this machine: MinIO, two coordinators and three workers, each a process of
# its own. TPC-H is put into a bucket once and run from there; meanwhile a worker is
# killed, and later replaced. SF=10 is larger; KEEP=1 leaves the cluster running until
# Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skein=${SKEIN:-bin/skein}
minio=${MINIO:-data/bin/minio}
sf=${SF:-1}
run=data/cluster
declare -A pids=()

bold= plain=
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
step() { printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"; }

# stop ends all processes, gently at first.
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  pids=()
}

ended() {
  code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 130 ]; then
    echo "The cluster failed (exit code $code). What its processes said:" >&2
    tail -n 8 "$run"/*.err >&2 || true
  fi
  stop
  exit "$code"
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# await NAME SECONDS COMMAND… waits until the command succeeds while the process lives.
await() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    kill -0 "${pids[$name]}" 2>/dev/null || { echo "$name has ended before it was ready." >&2; exit 1; }
    [ "$SECONDS" -lt "$deadline" ] || { echo "$name is not ready." >&2; exit 1; }
    sleep 0.05
  done
}

# serve NAME FLAGS… starts a process of the cluster and waits for its ready line.
serve() {
  local name=$1
  shift
  "$skein" serve --name "$name" --cluster-key "$run/key" "$@" >"$run/$name.out" 2>"$run/$name.err" </dev/null &
  pids[$name]=$!
  disown "${pids[$name]}"
  await "$name" 60 grep -q '^skein ready' "$run/$name.out"
  echo "$name $(sed -n 's/^skein ready //p' "$run/$name.out")"
}

worker() { serve "$1" --listen 127.0.0.1:0 --gossip 127.0.0.1:0 --join 127.0.0.1:7946 --role worker --threads 1; }

mkdir -p "$run/minio/warehouse"
rm -f "$run"/*.out "$run"/*.err
(umask 077 && head -c 32 /dev/urandom | base64 >"$run/key")
export AWS_ACCESS_KEY_ID=skein AWS_SECRET_ACCESS_KEY=skein-secret AWS_EC2_METADATA_DISABLED=true AWS_REGION=us-east-1
export AWS_ENDPOINT_URL=http://127.0.0.1:${MINIO_PORT:-9000}

step "Starting MinIO"
MINIO_ROOT_USER=$AWS_ACCESS_KEY_ID MINIO_ROOT_PASSWORD=$AWS_SECRET_ACCESS_KEY \
  "$minio" server --address "${AWS_ENDPOINT_URL#http://}" "$run/minio" >"$run/minio.out" 2>"$run/minio.err" &
pids[minio]=$!
disown "${pids[minio]}"
await minio 30 bash -c "</dev/tcp/127.0.0.1/${MINIO_PORT:-9000}"
echo "$AWS_ENDPOINT_URL"

tables=s3://warehouse/tpch/sf$sf
stamp=$run/sf$sf.complete
if [ -f "$stamp" ]; then
  step "TPC-H at SF $sf is there: $tables"
else
  step "Generating TPC-H at SF $sf into $tables"
  "$skein" tpch generate --sf "$sf" --out "$tables" --parts 4
  touch "$stamp"
fi

step "Starting two coordinators and three workers"
serve coordinator-1 --listen 127.0.0.1:32010 --gossip 127.0.0.1:7946 --role coordinator --catalog s3://warehouse/catalog --tables "$tables"
serve coordinator-2 --listen 127.0.0.1:32011 --gossip 127.0.0.1:0 --join 127.0.0.1:7946 --role coordinator --catalog s3://warehouse/catalog
for i in 1 2 3; do worker "worker-$i"; done
"$skein" cluster status

step "Running the 22 queries by the first coordinator; worker-2 is killed on the way"
(
  sleep "${KILL_AFTER:-2}"
  kill -9 "${pids[worker-2]}"
) &
"$skein" tpch run --sf "$sf" --runs 1

step "Starting another worker, and running them by the second coordinator"
wait
unset "pids[worker-2]"
worker worker-4
changed() {
  local members
  members=$("$skein" cluster status --addr grpc://127.0.0.1:32011)
  [[ $members == *worker-4* && $members != *worker-2* ]]
}
await worker-4 30 changed # gossip takes a moment
"$skein" cluster status --addr grpc://127.0.0.1:32011
"$skein" tpch run --addr grpc://127.0.0.1:32011 --sf "$sf" --runs 1

if [ -n "${KEEP:-}" ]; then
  step "The cluster runs until Ctrl-C"
  echo "$skein sql --addr grpc://127.0.0.1:32010    or    grpc://127.0.0.1:32011"
  while sleep 1; do :; done
fi
