// A connector that was registered before values travelled as text: the plugin's new jars run it as it is, and with its
// next registration it goes on where it was.
import type { ConnectorConfig } from '@shelfcast/connect-config/render';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptureHarness, openCaptureHarness } from '../support/capture-harness.ts';

const NEW = ['converters', 'text.type', 'database.connection.factory.class', 'driver.options'];

function asBefore(config: ConnectorConfig): ConnectorConfig {
  return {
    ...Object.fromEntries(Object.entries(config).filter(([property]) => !NEW.includes(property))),
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'field.name.adjustment.mode': 'avro',
    'transforms.rows.type': 'shelfcast.connect.RowsWithoutDefaults',
  };
}

const test = suite('an upgrade of the connector');
let harness: CaptureHarness;

test.before(async () => {
  harness = await openCaptureHarness({ edit: asBefore });
  await harness.db.query(`create table ${harness.name}.priced (id text primary key, "old-name" int default 3,
      price numeric(12,2) not null, count int not null, at timestamptz, tags text[], attributes jsonb not null default '{}');
    insert into ${harness.name}.priced values ('read', null, 19.90, 7, '2026-01-01 12:34:56.1+00', '{a,NULL}')`);
  await harness.capture(['priced']);
});

test.after(() => harness?.close());

test('reads nothing again, loses nothing, and every column keeps its name and type', async () => {
  const insert = (id: string) =>
    harness.db.query(
      `insert into ${harness.name}.priced values ($1, null, 19.90, 7, '2026-01-01 12:34:56.1+00', '{a,NULL}')`,
      [id],
    );
  const read = await harness.change('priced', ({ key }) => key === 'read');
  await insert('before');
  await harness.change('priced', ({ key }) => key === 'before');

  await insert('on the way');
  await harness.reconfigure();
  await insert('after');
  const after = await harness.change('priced', ({ key }) => key === 'after');

  const keys = harness.changes('priced').map(({ key }) => key);
  assert.equal([...new Set(keys)], ['read', 'before', 'on the way', 'after']);
  assert.is(harness.changes('priced').filter(({ op }) => op === 'read').length, 1);
  assert.equal({ ...after.after, id: 'read' }, read.after);
});

test.run();
