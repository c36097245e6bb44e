import { connectorConfig } from '@shelfcast/connect-config/testing/facts';
import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import { kafka, settings, stack } from '../testing/facts.ts';
import { checkLargestRow, checkRecordSizes, type RecordSizePlaces } from './record-size.ts';

const test = suite('doctor: record size');

const limitBytes = settings.capture.maxRecordBytes;
const places: RecordSizePlaces = {
  limitBytes,
  recordBytes: stack.recordBytes,
  kafka,
  connectorConfig,
};

test('one size everywhere', () => assertAllOk(checkRecordSizes(places)));

test('what could not be asked is not judged', () =>
  assertAllOk(
    checkRecordSizes({
      limitBytes,
      recordBytes: { worker: undefined, services: [] },
      kafka: undefined,
      connectorConfig: undefined,
    }),
  ));

const SMALL = '1048576';
const cases: [string, Partial<RecordSizePlaces>, RegExp, RegExp][] = [
  [
    'a topic takes less',
    {
      kafka: {
        ...kafka,
        topics: kafka.topics.map((topic) =>
          topic.topic === 'country'
            ? { ...topic, configs: new Map([...topic.configs, ['max.message.bytes', SMALL]]) }
            : topic,
        ),
      },
    },
    /max\.message\.bytes of topic country is 1048576 \(1 MiB\), MAX_RECORD_BYTES is 16777216 \(16 MiB\)/,
    /^make connector-register$/,
  ],
  [
    'a broker takes less',
    {
      kafka: {
        ...kafka,
        brokers: new Map([
          [
            1,
            new Map([
              ['message.max.bytes', SMALL],
              ['replica.fetch.max.bytes', `${limitBytes}`],
            ]),
          ],
        ]),
      },
    },
    /message\.max\.bytes of broker 1/,
    /make stop && make start/,
  ],
  [
    'the connector sends less',
    { connectorConfig: { ...connectorConfig, 'producer.override.max.request.size': SMALL } },
    /producer\.override\.max\.request\.size of the connector/,
    /make connector-register/,
  ],
  [
    'the connector does not say',
    { connectorConfig: { name: 'products' } },
    /of the connector is not set/,
    /make connector-register/,
  ],
  [
    'the worker was started with less',
    { recordBytes: { worker: 1_048_576, services: [] } },
    /of the Connect worker/,
    /make stop && make start/,
  ],
  [
    'a reader was started with less',
    { recordBytes: { worker: undefined, services: [{ name: 'consumers', bytes: 1_048_576 }] } },
    /MAX_RECORD_BYTES of consumers/,
    /make stop && make start/,
  ],
];

for (const [given, facts, summary, remedy] of cases) {
  test(given, () => {
    const findings = checkRecordSizes({ ...places, ...facts });
    assertFinding(findings, { check: 'record-size', level: 'problem', summary, remedy });
  });
}

const rows: [number | undefined, Expected][] = [
  [1_000, { check: 'largest-row', level: 'ok', summary: /2\.0 KiB/ }],
  [undefined, { check: 'largest-row', level: 'ok', summary: /0 bytes/ }],
  [
    7_000_000,
    {
      check: 'largest-row',
      level: 'note',
      summary: /public\.products is about 13\.4 MiB of 16 MiB/,
      remedy: /MAX_RECORD_BYTES=33554432/,
    },
  ],
  [9_000_000, { check: 'largest-row', level: 'problem', summary: /will stop the connector/ }],
];

for (const [largestRowBytes, expected] of rows) {
  test(`a row of ${largestRowBytes} bytes, which an update carries twice`, () =>
    assertFinding(
      [checkLargestRow([{ name: 'public.products', largestRowBytes }], limitBytes)],
      expected,
    ));
}

test.run();
