import { type Finding, note, ok, orOk, problem } from '@shelfcast/connect-config/health/finding';
import { type ConnectorConfig, tablePattern } from '@shelfcast/connect-config/render';
import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { few } from '../words.ts';

const REGISTER = 'make connector-register';
const INCLUDE_LIST = 'table.include.list';

/** Have checks of their own, which say more than "is different". */
const CHECKED_APART = ['name', INCLUDE_LIST, 'producer.override.max.request.size'];
/** A matter of taste, usually given for one start only (LOW_LATENCY=1 make start). */
const TUNING = ['poll.interval.ms'];

/** The include list against the captured tables, the one truth. */
export function checkIncludeList(
  config: ConnectorConfig,
  captured: readonly CapturedTable[],
): Finding[] {
  const entries = (config[INCLUDE_LIST] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  const matches = (entry: string, { schema, table }: CapturedTable) =>
    entry === tablePattern({ schema, table }) || matchesWhole(entry, `${schema}.${table}`);
  const left = captured
    .filter((table) => !entries.some((entry) => matches(entry, table)))
    .map(({ schema, table }) =>
      problem(
        'include-list',
        `${schema}.${table} is captured but not in the connector's ${INCLUDE_LIST}: its changes are dropped.`,
        `${REGISTER} && make connector-snapshot TABLE=${schema}.${table}`,
      ),
    );
  const unknown = entries
    .filter((entry) => !captured.some((table) => matches(entry, table)))
    .map((entry) =>
      problem(
        'include-list',
        `The connector's ${INCLUDE_LIST} has ${entry.replaceAll('\\', '')}, which is not captured: it has neither a topic nor a routing column.`,
        REGISTER,
      ),
    );
  return orOk(
    'include-list',
    [...left, ...unknown],
    `${INCLUDE_LIST} has exactly the captured tables`,
  );
}

/** Debezium's entries are regular expressions for the whole name, in Java's dialect. */
function matchesWhole(entry: string, name: string): boolean {
  try {
    return new RegExp(`^(?:${entry})$`, 'i').test(name);
  } catch {
    return false;
  }
}

/** The running configuration against the one that settings and captured tables ask for; values are not shown. */
export function checkConfig(running: ConnectorConfig, wanted: ConnectorConfig): Finding {
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]);
  const different = [...names].filter(
    (name) => running[name] !== wanted[name] && !CHECKED_APART.includes(name),
  );
  if (different.length === 0) return ok('connector-config', 'The connector runs as rendered');
  const says = `The connector runs with other settings than it would be registered with: ${few(different)}`;
  return different.every((name) => TUNING.includes(name))
    ? note('connector-config', `${says}.`, REGISTER)
    : problem('connector-config', `${says}.`, REGISTER);
}
