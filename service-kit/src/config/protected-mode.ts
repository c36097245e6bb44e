import { BlockList, isIP } from 'node:net';
import { ConfigError } from './config.ts';

export interface BindRequest {
  readonly host: string;
  /** API tokens or an OIDC issuer are configured. */
  readonly authConfigured: boolean;
  /** Name of the setting that holds `host`, for the message. */
  readonly setting?: string;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** The name in a Host header. */
export function hostOf(header = ''): string {
  return header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Protected mode: what anyone may call is bound to loopback only. Health servers (/livez, /readyz,
 * /metrics: nothing to change, nothing of the customer's) are exempt through their own explicit
 * setting, HEALTH_HOST, which container platforms need to reach from their network.
 *
 * @throws ConfigError when a service without authentication would be reachable from elsewhere
 */
export function assertBindAllowed({ host, authConfigured, setting = 'HOST' }: BindRequest): void {
  if (authConfigured || isLoopback(host)) return;
  throw new ConfigError([
    {
      setting,
      problem:
        'would open the service to the network without authentication; configure API tokens or an OIDC issuer, or use 127.0.0.1',
      given: host,
    },
  ]);
}
