import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { note, ok, orOk, problem } from '@shelfcast/service-kit/finding';
import { HEARTBEAT_TABLE } from '../heartbeat.ts';
import { INCLUDE_LIST, includeEntries, includes, readableEntry } from '../include-list.ts';
import {
  type ConnectorConfig,
  epochOf,
  includesTable,
  renderConnector,
  renderSettingsOf,
} from '../render.ts';
import { formatTableName } from '../table-name.ts';
import { few, resyncTable } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

const REGISTER = 'make connector-register';

/** Have checks of their own, which say more than "is different". */
const CHECKED_APART = ['name', INCLUDE_LIST, 'producer.override.max.request.size'];
/** A matter of taste, usually given for one start only (LOW_LATENCY=1 make start). */
const TUNING = ['poll.interval.ms'];

/** The include list against the captured tables, the one truth. */
export function checkIncludeList(
  config: ConnectorConfig,
  captured: readonly CapturedTable[],
): SourceFinding[] {
  const entries = includeEntries(config);
  const wanted = [...captured, HEARTBEAT_TABLE];
  const left = captured
    .filter((table) => !entries.some((entry) => includes(entry, table)))
    .map(formatTableName)
    .map((name) =>
      problem(
        'include-list',
        `${name} is captured but not in the connector's ${INCLUDE_LIST}: its changes are dropped.`,
        `${REGISTER} && ${resyncTable(name)}`,
        { subject: name, readAgain: 'table' },
      ),
    );
  const unknown = entries
    .filter((entry) => !wanted.some((table) => includes(entry, table)))
    .map(readableEntry)
    .map((name) =>
      problem(
        'include-list',
        `The connector's ${INCLUDE_LIST} has ${name}, which is not captured: it has neither a topic nor a routing column.`,
        REGISTER,
        { subject: name },
      ),
    );
  return orOk(
    'include-list',
    [...left, ...unknown],
    `${INCLUDE_LIST} has exactly the captured tables`,
  );
}

/** What was changed by hand since it was registered, as far as the configuration itself tells. */
export function checkEdited(
  config: ConnectorConfig,
  {
    template,
    captured,
  }: {
    readonly template: ConnectorConfig;
    readonly captured: readonly CapturedTable[];
  },
): SourceFinding {
  const included = captured.filter((table) => includesTable(config, table));
  if (included.length === 0) return note('connector-config', 'It captures none of the tables.');
  return checkConfig(
    config,
    renderConnector({
      template,
      capturedTables: included,
      epoch: epochOf(config) ?? 0n,
      settings: renderSettingsOf(config),
    }),
  );
}

/** The running configuration against the one that settings and captured tables ask for; values are not shown. */
export function checkConfig(running: ConnectorConfig, wanted: ConnectorConfig): SourceFinding {
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]);
  const different = [...names].filter(
    (name) => running[name] !== wanted[name] && !CHECKED_APART.includes(name),
  );
  if (different.length === 0) return ok('connector-config', 'The connector runs as rendered');
  const summary = `The connector runs with other settings than it would be registered with: ${few(different)}`;
  return different.every((name) => TUNING.includes(name))
    ? note('connector-config', `${summary}.`, REGISTER)
    : problem('connector-config', `${summary}.`, REGISTER);
}
