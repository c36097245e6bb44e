import type { ConnectorConfig } from '@shelfcast/connect-config/render';
import { type Finding, note, ok, orOk, problem } from '@shelfcast/service-kit/finding';
import { size } from '@shelfcast/service-kit/format';
import type { KafkaFacts } from '../facts/kafka.ts';
import type { LargestRow } from '../facts/largest-rows.ts';
import type { StackFacts } from '../facts/stack.ts';

const RESTART = 'make stop && make start';
const REGISTER = 'make connector-register';

/** Share of the limit from which a record counts as near it. */
const NEAR = 0.8;

/** Where the one record size has to be, as far as each place could be asked. */
export type RecordSizePlaces = {
  /** MAX_RECORD_BYTES */
  limitBytes: number;
  recordBytes: StackFacts['recordBytes'];
  kafka: Pick<KafkaFacts, 'brokers' | 'topics'> | undefined;
  connectorConfig: ConnectorConfig | undefined;
};

/** MAX_RECORD_BYTES against every place that has to agree: the smallest of them is what really holds. */
export function checkRecordSizes(places: RecordSizePlaces): Finding[] {
  const { limitBytes } = places;
  const wrong = [...settingsOf(places)]
    .filter(({ bytes }) => bytes !== limitBytes)
    .map(({ where, bytes, remedy }) =>
      problem(
        'record-size',
        `${where} is ${bytes === undefined ? 'not set' : `${bytes} (${size(bytes)})`}, MAX_RECORD_BYTES is ${limitBytes} (${size(limitBytes)}).`,
        remedy,
      ),
    );
  return orOk('record-size', wrong, `Records up to ${size(limitBytes)} everywhere`);
}

type SizeSetting = { where: string; bytes: number | undefined; remedy: string };

function* settingsOf({
  recordBytes,
  kafka,
  connectorConfig,
}: RecordSizePlaces): Iterable<SizeSetting> {
  for (const [id, configs] of kafka?.brokers ?? []) {
    for (const name of ['message.max.bytes', 'replica.fetch.max.bytes']) {
      yield { where: `${name} of broker ${id}`, bytes: number(configs.get(name)), remedy: RESTART };
    }
  }
  for (const { topic, configs } of kafka?.topics ?? []) {
    const bytes = number(configs.get('max.message.bytes'));
    yield { where: `max.message.bytes of topic ${topic}`, bytes, remedy: REGISTER };
  }
  if (connectorConfig) {
    const name = 'producer.override.max.request.size';
    yield {
      where: `${name} of the connector`,
      bytes: number(connectorConfig[name]),
      remedy: REGISTER,
    };
  }
  if (recordBytes.worker !== undefined) {
    const where = 'producer.max.request.size of the Connect worker';
    yield { where, bytes: recordBytes.worker, remedy: RESTART };
  }
  for (const { name, bytes } of recordBytes.services) {
    yield { where: `MAX_RECORD_BYTES of ${name}`, bytes, remedy: RESTART };
  }
}

/** Rows that no longer fit: an update carries the row twice, before and after. */
export function checkLargestRow(tables: readonly LargestRow[], limitBytes: number): Finding {
  const [largest] = tables
    .map(({ name, largestRowBytes }) => ({ name, bytes: 2 * (largestRowBytes ?? 0) }))
    .sort((a, b) => b.bytes - a.bytes);
  if (!largest || largest.bytes < NEAR * limitBytes) {
    return ok(
      'largest-row',
      `No row comes near that (the largest update has ${size(largest?.bytes ?? 0)})`,
    );
  }
  const summary = `An update of the largest row of ${largest.name} is about ${size(largest.bytes)} of ${size(limitBytes)}`;
  const remedy = `MAX_RECORD_BYTES=${2 * limitBytes} in .env, then ${RESTART}`;
  if (largest.bytes < limitBytes) return note('largest-row', `${summary}.`, remedy);
  return problem('largest-row', `${summary}: it will stop the connector.`, remedy);
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
