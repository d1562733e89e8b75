#!/bin/sh
# Run once by the image of PostgreSQL, when its folder is empty: the warehouse is a database of its own, with a user that
# cannot read Dagster's records.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set=password="$EVENTS_PASSWORD" <<'SQL'
create role events login password :'password';
create database events owner events;
revoke connect on database dagster from public;
revoke connect on database events from public;
SQL
