import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { consumersConfig } from './config.ts';
import { hostConsumers } from './host.ts';
import { registered } from './registered.ts';

await runMain({
  process,
  service: 'consumers',
  readConfig: () => loadConfig(consumersConfig(registered), { env: process.env }),
  start: (context) => hostConsumers(registered, context),
});
