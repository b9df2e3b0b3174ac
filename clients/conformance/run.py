"""Arrow's integration client against the Flight SQL layer: python3 run.py SERVER CLIENT

Both are binaries: the server of this folder, and arrow-flight-integration-client.
"""

import subprocess
import sys

SCENARIOS = [
    "flight_sql", "flight_sql:ingestion", "session_options", "poll_flight_info", "ordered",
    "expiration_time:cancel_flight_info", "expiration_time:renew_flight_endpoint", "app_metadata_flight_info_endpoint",
]

# What does not fit Skein, or no Flight SQL server.
SKIPPED = {
    "flight_sql:extension": "asks for transactions with savepoints and for a server that has Substrait but no SQL",
    "auth:basic_proto": "asks for the login message that Flight had before the authorization header",
    "middleware": "asks for a header that is echoed",
    "expiration_time:do_get": "asks for an endpoint without an expiration time, and unsigned integers",
    "expiration_time:list_actions": "asks for a server with two actions and no other",
    "location:reuse_connection": "asks for that location by default, where Skein gives none",
}


def run(server, client, scenario):
    with subprocess.Popen([server, "--scenario", scenario], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            host, port = process.stdout.readline().removeprefix("ready ").strip().rsplit(":", 1)
            done = subprocess.run([client, "-host", host, "-port", port, "-scenario", scenario], capture_output=True, text=True,
                                  timeout=60, check=False)
            return done.returncode, (done.stderr + done.stdout).strip()
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def main(server, client):
    failed = False
    for scenario in SCENARIOS:
        code, said = run(server, client, scenario)
        failed = failed or code != 0
        print(*(["passed", scenario] if code == 0 else ["failed", scenario, " ".join(said.split())[:400]]), sep="\t", flush=True)
    for scenario, reason in SKIPPED.items():
        print("skipped", scenario, reason, sep="\t")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
