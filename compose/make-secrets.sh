#!/bin/sh
# make-secrets.sh FILE: adds the passwords of Kafka Connect's and the registry's REST to FILE, where it has none yet.
# Only its owner may read the file then.
set -eu
file=$1
umask 077
touch "$file"
chmod 600 "$file"
for name in CONNECT_PASSWORD REGISTRY_PASSWORD; do
  grep -Eqs "^$name=." "$file" && continue
  secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s=%s\n' "$name" "$secret" >>"$file"
done
