import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { dashboardConfig } from './config.ts';
import { hostDashboard } from './host.ts';

await runMain({
  process,
  service: 'dashboard',
  readConfig: () => loadConfig(dashboardConfig, { env: process.env }),
  start: hostDashboard,
});
