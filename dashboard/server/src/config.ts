import { authSettings } from '@shelfcast/service-kit/auth/settings';
import { serviceSettings, url } from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';

/** Settings of the dashboard's server. */
export const dashboardConfig = z.object({
  ...serviceSettings({ port: 8080 }),
  /** Answers `/api` and `/socket.io`. */
  MONITOR_URL: url('http', 'https').default('http://127.0.0.1:7070'),
  /** Answers `/producer`. */
  PRODUCER_API_URL: url('http', 'https').default('http://127.0.0.1:8000'),
  /** The monitor checks who calls; here they say that it does, so that the port may be open, and guard /metrics. */
  ...authSettings,
});

export type DashboardConfig = z.output<typeof dashboardConfig>;
