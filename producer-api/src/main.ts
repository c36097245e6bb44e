import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { producerConfig } from './config.ts';
import { startProducerApi } from './start.ts';

await runMain({
  process,
  service: 'producer-api',
  readConfig: () => loadConfig(producerConfig, { env: process.env }),
  start: startProducerApi,
  deadlineMs: 25_000,
});
