import { loadConfig } from '@shelfcast/service-kit/config/config';
import { runMain } from '@shelfcast/service-kit/process/run-main';
import { captureConfig } from './config.ts';
import { startCaptureReports } from './start.ts';

await runMain({
  process,
  service: 'capture-reports',
  readConfig: () => loadConfig(captureConfig, { env: process.env }),
  start: startCaptureReports,
});
