import { join } from 'node:path';
import { splitCredentials } from '@shelfcast/schemas/registry/url-credentials';
import type { Stack } from '../stack.ts';

/** What a start prints last: every address, and one line to paste that shows both ends of the pipeline. */
export function welcome(stack: Stack, elapsed: string): string {
  const { ports, urls } = stack;
  const addresses: [string, string][] = [
    ['Dashboard', `http://127.0.0.1:${ports.dashboard}`],
    [
      'Postgres',
      urls.postgres('products').replace(/\/products$/, '/{products,consumers,monitoring,producer}'),
    ],
    ['Kafka', urls.kafka],
    ['Schema registry', withoutPassword(urls.registry)],
    ['Kafka Connect', withoutPassword(urls.connect)],
    ['Producer API', `http://127.0.0.1:${ports.producerApi}/events`],
    ['Capture reports', `http://127.0.0.1:${ports.captureReports}/readyz  /metrics`],
    ['Monitor', `http://127.0.0.1:${ports.monitor}/api/events  /api/summary  /api/alerts`],
    ['Consumers', `http://127.0.0.1:${ports.consumers}/readyz  /metrics`],
  ];
  const edit =
    'update products set price = price - 1 where product_id = (select min(product_id) from products) returning product_id, price';
  const look =
    'select product_id, name, price, effective_price from catalogue.products order by product_id limit 1';
  return [
    '',
    `Shelfcast is up (${elapsed}).`,
    '',
    ...addresses.map(([name, url]) => `  ${name.padEnd(16)} ${url}`),
    '',
    `Registry and Connect want a password: curl --config ${join(stack.stateDir, 'secrets', 'connect.curl')} ${withoutPassword(urls.connect)}/connectors`,
    '',
    'Edit a product and see the catalogue follow:',
    '',
    `  make psql DB=products SQL="${edit}"; make psql DB=consumers SQL="${look}"`,
    '',
    'make status · make logs · make stop',
    '',
  ].join('\n');
}

function withoutPassword(address: string): string {
  return splitCredentials(address).url;
}
