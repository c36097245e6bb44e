import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { poisonedTable } from './poisoned-table.ts';

const table = (name: string) => ({ schema: 'public', table: name });
const options = {
  captured: [table('orders'), table('orders_archive'), table('sales')],
  prefix: 'pis',
  columns: new Map([
    ['public.orders', ['id']],
    ['public.sales', ['total_sales', 'total-sales']],
  ]),
};
const trace = (...messages: readonly string[]) =>
  ['org.apache.kafka.connect.errors.ConnectException: stopped.', ...messages].join(
    '\n\tat io.debezium.X.y(X.java:1)\nCaused by: ',
  );
const found = (...messages: readonly string[]) =>
  poisonedTable(trace(...messages), options)?.table.table;

test('a message that names a captured table names the poisoned one', () => {
  assert.is(
    found(
      "io.debezium.DebeziumException: Failed to properly convert data value for 'public.orders_archive.v' of type numeric",
      'java.lang.NumberFormatException: NaN',
    ),
    'orders_archive',
  );
  assert.is(
    found(
      "io.debezium.DebeziumException: Table 'public.orders' has columns that differ only by case.",
    ),
    'orders',
  );
  assert.is(
    found(
      'org.apache.kafka.connect.errors.DataException: Records of topic pis.public.sales cannot be carried: Illegal character in: a-b',
    ),
    'sales',
  );
  assert.is(
    found(
      'org.apache.kafka.connect.errors.ConnectException: Snapshotting of table public.orders failed',
      'org.postgresql.util.PSQLException: ERROR: division by zero',
    ),
    'orders',
  );
  assert.is(
    found("io.debezium.DebeziumException: A change of table 'public.sales' cannot be carried: x"),
    'sales',
  );
  assert.match(
    poisonedTable(trace("Table 'public.orders' has columns that differ only by case."), options)
      ?.reason ?? '',
    /^its columns differ by case alone: Table/,
  );
});

test('two columns that are one field are those of the table that has them', () => {
  const message =
    'org.apache.kafka.connect.errors.SchemaBuilderException: Cannot create field because of field name duplication';
  assert.is(found(`${message} total_sales`), 'sales');
  assert.is(found(`${message} other`), undefined);
});

test('an outage poisons no table, and neither does an error that names no captured table', () => {
  assert.is(
    found(
      "Failed to properly convert data value for 'public.orders.v' of type numeric",
      'org.postgresql.util.PSQLException: An I/O error occurred while sending to the backend.',
    ),
    undefined,
  );
  assert.is(
    found(
      'org.apache.kafka.connect.errors.RetriableException: The schema registry cannot answer now',
      'Records of topic pis.public.sales cannot be carried: x',
    ),
    undefined,
  );
  assert.is(found("Failed to properly convert data value for 'public.order.v'"), undefined);
  assert.is(found('java.lang.NullPointerException'), undefined);
});

test.run();
