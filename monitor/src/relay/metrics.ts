import { Counter, Gauge, type Registry } from 'prom-client';

export interface RelayMetrics {
  readonly clients: Gauge;
  readonly catchingUp: Gauge;
  readonly sent: Counter;
  readonly sampled: Counter;
}

export function createRelayMetrics(registry: Registry): RelayMetrics {
  const registers = [registry];
  return {
    clients: new Gauge({
      name: 'shelfcast_live_clients',
      help: 'Sockets that are connected',
      registers,
    }),
    catchingUp: new Gauge({
      name: 'shelfcast_live_clients_catching_up',
      help: 'Clients that are being told what they missed',
      registers,
    }),
    sent: new Counter({
      name: 'shelfcast_live_reports_sent_total',
      help: 'Reports sent to clients, counted once for each',
      registers,
    }),
    sampled: new Counter({
      name: 'shelfcast_live_reports_sampled_total',
      help: 'Reports left out for clients that were too slow for all of them',
      registers,
    }),
  };
}
