import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTemplate } from '../template.ts';
import { checkConfig, checkEdited, checkIncludeList } from './check-config.ts';
import { type ConnectorFacts, checkConnector, presenceOf } from './check-connector.ts';
import { capturedTables, connectorConfig, connectorIn } from './testing/facts.ts';

const test = suite('health: connector');

const TOO_LARGE = `org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback
\tat org.apache.kafka.connect.runtime.WorkerSourceTask.maybeThrowProducerSendException(WorkerSourceTask.java:330)
Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The message is 17000000 bytes when serialized`;

const cases: [string, ConnectorFacts, Expected][] = [
  [
    'running',
    connectorIn('RUNNING'),
    { check: 'connector', level: 'ok', summary: /RUNNING, task 0 RUNNING/ },
  ],
  [
    'missing',
    { connector: undefined },
    {
      check: 'connector',
      level: 'problem',
      summary: /nothing is captured/,
      remedy: /^make connector-register$/,
    },
  ],
  [
    'paused',
    connectorIn('PAUSED', [{ state: 'PAUSED' }]),
    {
      check: 'connector',
      level: 'problem',
      summary: /is PAUSED/,
      remedy: /^make connector-resume$/,
    },
  ],
  [
    'stopped',
    connectorIn('STOPPED', []),
    {
      check: 'connector',
      level: 'problem',
      summary: /is STOPPED/,
      remedy: /^make connector-resume$/,
    },
  ],
  [
    'a task that failed under a connector that runs',
    connectorIn('RUNNING', [{ state: 'FAILED', trace: TOO_LARGE }]),
    {
      check: 'connector',
      level: 'problem',
      summary:
        /RUNNING, but its task 0 has FAILED\. A change is larger than .* Cause: .*17000000 bytes/,
      remedy: /MAX_RECORD_BYTES/,
    },
  ],
  [
    'an unknown failure',
    connectorIn('RUNNING', [{ state: 'FAILED', trace: `java.lang.Oops: ${'x'.repeat(1_000)}` }]),
    {
      check: 'connector',
      level: 'problem',
      summary: /Cause: java\.lang\.Oops: x{200,290}…$/,
      remedy: /connector-restart/,
    },
  ],
  [
    'without a task',
    connectorIn('RUNNING', []),
    {
      check: 'connector',
      level: 'problem',
      summary: /without a task/,
      remedy: /connector-restart/,
    },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkConnector(facts), expected));
}

test('whether the connector runs, for checks that depend on it', () => {
  assert.is(presenceOf(connectorIn('RUNNING')), 'running');
  assert.is(presenceOf(connectorIn('RUNNING', [{ state: 'FAILED' }])), 'not running');
  assert.is(presenceOf(connectorIn('STOPPED', [])), 'not running');
  assert.is(presenceOf({ connector: undefined }), 'missing');
});

const LIST = 'table.include.list';

test('an include list with exactly the captured tables', () => {
  assertAllOk(checkIncludeList(connectorConfig, capturedTables));
  assertAllOk(checkIncludeList({ [LIST]: 'public.PRODUCTS' }, capturedTables));
});

test('a captured table that is not in the include list', () =>
  assertFinding(checkIncludeList({ [LIST]: 'public\\.countries' }, capturedTables), {
    check: 'include-list',
    level: 'problem',
    summary: /public\.products is captured but not in/,
    remedy: /make connector-register && make resync TABLE=public\.products/,
  }));

test('a table in the include list that is not captured', () =>
  assertFinding(
    checkIncludeList({ [LIST]: 'public\\.products, public\\.countries' }, capturedTables),
    {
      check: 'include-list',
      level: 'problem',
      summary: /has public\.countries, which is not captured/,
    },
  ));

test('a table whose name differs only by case is another one', () => {
  const captured = [{ schema: 'public', table: 'Products', routingColumn: 'id' }];
  assert.is(checkIncludeList(connectorConfig, captured).length, 2);
});

test('a running configuration as rendered', () => {
  const { name: _, ...wanted } = connectorConfig;
  assert.is(checkConfig(connectorConfig, wanted).level, 'ok');
});

test('a difference is named without its values', () => {
  const running = { ...connectorConfig, 'database.password': 'hunter2', 'tasks.max': '2' };
  const finding = checkConfig(running, connectorConfig);
  assertFinding([finding], {
    check: 'connector-config',
    level: 'problem',
    summary: /: tasks\.max, database\.password\.$|: database\.password, tasks\.max\.$/,
    remedy: /make connector-register/,
  });
  assert.not.match(JSON.stringify(finding), 'hunter2');
});

test('what was changed by hand is found without the settings', () => {
  const asked = { template: loadTemplate(), captured: capturedTables };
  assert.is(checkEdited(connectorConfig, asked).level, 'ok');
  for (const property of ['errors.tolerance', 'producer.override.max.request.size']) {
    assertFinding([checkEdited({ ...connectorConfig, [property]: '7' }, asked)], {
      check: 'connector-config',
      level: 'problem',
      summary: /other settings than it would be registered with: /,
      remedy: /make connector-register/,
    });
  }
});

test('another poll interval is worth a note', () => {
  const running = { ...connectorConfig, 'poll.interval.ms': '1' };
  assert.is(checkConfig(running, connectorConfig).level, 'note');
});

test.run();
