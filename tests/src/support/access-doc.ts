import { type PortSetting, portsFor, portUses } from '@shelfcast/local/ports';
import { ROLES, type Role } from '@shelfcast/service-kit/auth/caller';
import type { RouteAccess } from '@shelfcast/service-kit/http/access';

export const CALLERS = ['anyone', ...ROLES] as const;

/** The least role that a deed needs; `none`: no caller of the APIs may do it. */
export type Needed = Role | 'anyone' | 'none';

export interface TopicAccess {
  readonly topic: string;
  readonly publish: Needed;
  readonly change: Needed;
  readonly addSchema: Needed;
  readonly remove: Needed;
}

export interface AccessFacts {
  readonly services: readonly { readonly name: string; readonly routes: readonly RouteAccess[] }[];
  readonly topics: readonly TopicAccess[];
}

const BY_ROUTE = 'roles, by route';
const HEALTH =
  'anyone asks for `/livez`, `/readyz` and `/metrics`, by this machine’s own names only';

/** What each port asks for. A port without a line here does not compile. */
const PORTS: Record<PortSetting, string> = {
  POSTGRES_PORT: 'the password of a role',
  KAFKA_PORT: 'nothing: everyone who reaches it reads and writes every topic',
  REGISTRY_PORT: 'the password in `.shelfcast/stack/secrets/registry`; no page of a browser',
  CONNECT_PORT:
    'the password in `.shelfcast/stack/secrets/connect`; no page of a browser; anyone asks for `/health`',
  CONSUMERS_PORT: HEALTH,
  CAPTURE_REPORTS_PORT: HEALTH,
  PRODUCER_API_PORT: BY_ROUTE,
  MONITOR_PORT: BY_ROUTE,
  DASHBOARD_PORT:
    'the pages: nothing; `/metrics`: a viewer; `/api`, `/socket.io` and `/producer` are handed on with what the caller has, and the service behind decides',
};

const HEAD = `# Who may do what

Written by \`tests/src/stack/access.e2e.ts\`, which asks every route as every caller, publishes to and changes every kind of topic,
and knocks at every port (\`WRITE_DOCS=1 make test TESTS=access\` writes it). Each service tells its routes too:
\`curl -s http://127.0.0.1:8000/\`. Roles are those of [API tokens and of JWTs](producer-api.md); each may do what those
before it may. Without tokens and issuer everyone who reaches a service is an operator, and only this machine does.

A page of another origin may ask for nothing, with any token, unless \`ALLOWED_ORIGINS\` names it.
`;

/** docs/access.md */
export function accessDocument({ services, topics }: AccessFacts): string {
  const routes = services.flatMap(({ name, routes }) =>
    routes.map(({ method, path, role }) => `| ${name} | \`${method} ${path}\` | ${marks(role)} |`),
  );
  const ports = portUses(portsFor({ offset: 0, brokers: 1 })).map(
    ({ port, use, setting }) => `| ${port} | ${use} | ${PORTS[setting]} |`,
  );
  const ofTopics = topics.map(
    ({ topic, publish, change, addSchema, remove }) =>
      `| ${topic} | ${publish} | ${change} | ${addSchema} | ${remove} |`,
  );
  return `${HEAD}
## Routes

| service | route | ${CALLERS.join(' | ')} |
| ------- | ----- | ${CALLERS.map(() => '---').join(' | ')} |
${routes.join('\n')}
| monitor | socket \`/socket.io\` | ${marks('viewer')} |

## Topics

Through the producer API; who can write to Kafka itself needs none of it.

| topic | publish | change its settings | add a schema | delete |
| ----- | ------- | ------------------- | ------------ | ------ |
${ofTopics.join('\n')}

What a topic holds every viewer reads, through the monitor; \`MASKED_FIELDS\` are not shown to viewers and publishers.

## Ports

All are on loopback, but for those of services with tokens or an issuer where \`HOST\` says otherwise.

| port | what | asks for |
| ---- | ---- | -------- |
${ports.join('\n')}
`;
}

function marks(role: RouteAccess['role']): string {
  const least = CALLERS.indexOf(role);
  return CALLERS.map((_, index) => (index >= least ? '✓' : '')).join(' | ');
}
