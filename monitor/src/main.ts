import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { monitorConfig } from './config.ts';
import { hostMonitor } from './host.ts';

await runMain({
  process,
  service: 'monitor',
  readConfig: () => loadConfig(monitorConfig, { env: process.env }),
  start: hostMonitor,
});
