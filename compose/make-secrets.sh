#!/bin/sh
# make-secrets.sh FILE: adds the passwords of Kafka Connect's and the registry's REST and of Postgres' roles to FILE, where
# it has none yet. Only its owner may read the file then.
set -eu
file=$1
umask 077
touch "$file"
chmod 600 "$file"
names='CONNECT_PASSWORD REGISTRY_PASSWORD DATABASE_PASSWORD CDC_DATABASE_PASSWORD'
# The superuser's is fixed when Postgres first makes its volume; the others' are set at every start.
docker volume inspect shelfcast_postgres-data >/dev/null 2>&1 || names="$names POSTGRES_SUPERUSER_PASSWORD"
for name in $names; do
  grep -Eqs "^$name=." "$file" && continue
  secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s=%s\n' "$name" "$secret" >>"$file"
done
