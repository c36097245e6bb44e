import ipaddr from 'ipaddr.js';

/** Private targets that are allowed all the same: everything, or some networks and host names. */
export type AllowedPrivate =
  | 'all'
  | {
      readonly networks: readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefixBits: number][];
      readonly hosts: ReadonlySet<string>;
    };

export const NO_PRIVATE: AllowedPrivate = { networks: [], hosts: new Set() };

/**
 * Reads `on`, `off`, or a comma-separated list of networks (`10.1.0.0/16`), addresses and host names.
 * @throws Error for an entry that is none of these
 */
export function parseAllowedPrivate(text: string): AllowedPrivate {
  const entries = text.split(',').map((entry) => entry.trim().toLowerCase());
  if (entries.length === 1 && entries[0] === 'on') return 'all';
  if (entries.length === 1 && entries[0] === 'off') return NO_PRIVATE;
  const networks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  const hosts = new Set<string>();
  for (const entry of entries) {
    if (ipaddr.isValidCIDR(entry)) networks.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.isValid(entry)) {
      const address = ipaddr.process(entry);
      networks.push([address, address.kind() === 'ipv4' ? 32 : 128]);
    } else if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(entry)) hosts.add(entry);
    else
      throw new Error(`${JSON.stringify(entry)} is neither a network, an address nor a host name`);
  }
  return { networks, hosts };
}

/**
 * Why a webhook must not be sent to this address, or undefined where it may. Only what the registries call global
 * unicast is public: not private, loopback, link-local (with the clouds' metadata services), carrier-grade NAT,
 * multicast, reserved, or an IPv6 form that hides an IPv4 address.
 */
export function refusal(
  address: string,
  hostname: string,
  allowed: AllowedPrivate,
): string | undefined {
  if (allowed === 'all' || allowed.hosts.has(hostname.toLowerCase())) return undefined;
  if (!ipaddr.isValid(address)) return `${address} is no address`;
  const ip = ipaddr.process(address); // an IPv4-mapped IPv6 address becomes the IPv4 address it is
  for (const [network, bits] of allowed.networks) {
    if (network.kind() === ip.kind() && ip.match(network, bits)) return undefined;
  }
  const range = ip.range();
  if (range !== 'unicast') return `${address} is ${range}`;
  if (ip.kind() === 'ipv6' && !ip.match(GLOBAL_UNICAST)) return `${address} is not global unicast`;
  return undefined;
}

/** The only IPv6 space that is given out to the public so far. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
