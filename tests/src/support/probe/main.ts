import { consumersConfig } from '@shelfcast/consumers/config';
import { hostConsumers } from '@shelfcast/consumers/host';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { probe } from './probe.ts';

/** A process that hosts the probe named by CONSUMERS, as one hosts the shipped consumers. */
const { CONSUMERS: name = '', PROBE_TABLE: table } = process.env;

await runMain({
  process,
  service: name,
  readConfig: () => loadConfig(consumersConfig([name]), { env: process.env }),
  start: (context) => hostConsumers([probe(name, table)], context),
});
