// Every metric that the alert rules and the Grafana dashboard ask for is one that is really exported.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { fromEnvironment } from '../support/environment.ts';
import { startTestMonitor } from '../support/monitor.ts';
import { sharedStack } from '../support/test-stack.ts';

const METRIC = /\b(?:shelfcast|kafka)_\w+/g;
const test = suite('observability');

function metricsIn(file: string): Set<string> {
  const text = readFileSync(join(checkoutRoot, 'monitor', 'observability', file), 'utf8');
  parse(text); // JSON is YAML: both are well formed
  const expressions = [...text.matchAll(/"?expr"?: (>\n(?:\s{10}.*\n)+|.*)/g)].map(
    ([, expression = '']) => expression,
  );
  return new Set(expressions.flatMap((expression) => expression.match(METRIC) ?? []));
}

test('rules and dashboard ask for metrics that are exported', async () => {
  const monitor = await startTestMonitor({
    KAFKA_CONNECT_URL: fromEnvironment('KAFKA_CONNECT_URL'),
  });
  const stack = await sharedStack();
  try {
    const wanted = new Set([...metricsIn('alerts.yml'), ...metricsIn('dashboard.json')]);
    assert.ok(wanted.size > 10, `${wanted.size} metrics`);
    await eventually(
      async () => {
        const texts = await Promise.all(
          [monitor.url, `http://127.0.0.1:${stack.ports.consumers}`].map(async (url) =>
            (await fetch(`${url}/metrics`)).text(),
          ),
        );
        const exported = new Set(
          [...texts.join('\n').matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
            type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
          ),
        );
        assert.equal(
          [...wanted].filter((name) => !exported.has(name)),
          [],
        );
      },
      { timeoutMs: 30_000, intervalMs: 500, what: 'every metric' },
    );
  } finally {
    await monitor.close();
  }
});

test.run();
