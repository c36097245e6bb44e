import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explainFailure, formatFailure } from './explain.ts';

function trace(...messages: string[]): string {
  return messages
    .map((message, index) => `${index === 0 ? '' : 'Caused by: '}${message}\n\tat a.B.c(B.java:1)`)
    .join('\n\t... 7 more\n');
}

test('the first cause is the innermost one, without frames', () => {
  const { cause } = explainFailure(
    trace(
      'org.apache.kafka.connect.errors.ConnectException: outer',
      'java.lang.IllegalStateException: inner',
    ),
  );
  assert.is(cause, 'java.lang.IllegalStateException: inner');
});

test('a message over several lines is kept whole', () => {
  const { cause } = explainFailure(
    trace('outer', 'org.postgresql.util.PSQLException: ERROR: one\n  Hint: two'),
  );
  assert.is(cause, 'org.postgresql.util.PSQLException: ERROR: one Hint: two');
});

const examples: readonly (readonly [message: string, meaning: RegExp])[] = [
  ['FATAL: password authentication failed for user "debezium"', /password/],
  [
    'ERROR: division by zero Where: slot "shelfcast", output plugin "pgoutput", in the change callback, associated LSN 0/1',
    /row filter of the publication throws/,
  ],
  ['FATAL: too many connections for role "debezium"', /as many sessions/],
  ['FATAL: permission denied for database "products"', /may not connect/],
  ['FATAL: role "debezium" is not permitted to log in', /may not log in/],
  ['ERROR: replication slot "shelfcast" is active for PID 42', /Another process/],
  ['ERROR: replication slot "shelfcast" does not exist', /missing/],
  [
    'io.debezium.DebeziumException: The connector is trying to read change stream starting at X, but this is no longer available on the server. Reconfigure the connector to use a snapshot mode when needed.',
    /slot is gone/,
  ],
  ['ERROR: can no longer access replication slot "shelfcast"', /invalidated/],
  [
    'org.apache.kafka.connect.errors.ConnectException: Publication autocreation is disabled, please create one and restart the connector.',
    /publication/i,
  ],
  ['ERROR: permission denied for table products', /may not read/],
  [
    'org.apache.kafka.common.errors.RecordTooLargeException: The message is 20000000 bytes',
    /larger/,
  ],
  ['io.apicurio.rest.client.error.RestClientException: java.net.ConnectException', /registry/],
  [
    'Connection to 127.0.0.1:5432 refused. Check that the hostname and port are correct',
    /Postgres cannot be reached/,
  ],
];

for (const [message, meaning] of examples) {
  test(`explains: ${message.slice(0, 60)}`, () => {
    const explanation = explainFailure(
      trace('org.apache.kafka.connect.errors.ConnectException: task failed', message),
    );
    assert.match(explanation.meaning ?? '', meaning);
    assert.match(formatFailure(explanation), /To mend it: /);
  });
}

test('an unknown failure is still shown in its own words', () => {
  assert.is(
    formatFailure(explainFailure(trace('a.B: something new'))),
    'Cause: a.B: something new',
  );
});

test('a wrapper that says more than its cause is understood', () => {
  const { meaning, cause } = explainFailure(
    trace(
      'io.debezium.DebeziumException: Creation of replication slot failed',
      'PSQLException: ERROR: all replication slots are in use',
      'java.io.IOException: x',
    ),
  );
  assert.match(meaning ?? '', /no free replication slot/);
  assert.is(cause, 'java.io.IOException: x');
});

test.run();
