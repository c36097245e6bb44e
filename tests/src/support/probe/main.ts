import { consumersConfig } from '@shelfcast/consumers/internals/config';
import { hostConsumers } from '@shelfcast/consumers/internals/host';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { probe } from './probe.ts';

/** A process that hosts the probe named by CONSUMERS, as one hosts the shipped consumers. */
const { CONSUMERS: name = '', PROBE_TABLE: table } = process.env;
const definition = probe(name, table);

await runMain({
  process,
  service: definition.name,
  readConfig: () => loadConfig(consumersConfig([definition]), { env: process.env }),
  start: (context) => hostConsumers([definition], context),
});
