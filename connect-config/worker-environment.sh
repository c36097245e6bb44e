#!/bin/sh
# worker-environment.sh COMMAND…: runs the command with the worker settings that follow from our own settings.
# The base image's entrypoint makes a worker property of every CONNECT_ variable, but it cannot calculate.
# The rules are those of src/worker.ts.
set -eu

minimum_buffer=33554432
buffer=$((2 * MAX_RECORD_BYTES))
if [ "$buffer" -lt "$minimum_buffer" ]; then buffer=$minimum_buffer; fi
export CONNECT_PRODUCER_MAX_REQUEST_SIZE="$MAX_RECORD_BYTES"
export CONNECT_PRODUCER_BUFFER_MEMORY="$buffer"

case $(printf '%s' "$EXACTLY_ONCE_SOURCE" | tr '[:upper:]' '[:lower:]') in
  on | true | 1 | yes) support=enabled ;;
  off | false | 0 | no) support=disabled ;;
  *)
    echo "EXACTLY_ONCE_SOURCE must be on or off (given: $EXACTLY_ONCE_SOURCE)" >&2
    exit 1
    ;;
esac
export CONNECT_EXACTLY_ONCE_SOURCE_SUPPORT="$support"

exec "$@"
