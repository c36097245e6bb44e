import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { z } from 'zod';
import { ALERT_NAMES } from './alert.ts';
import { runbookSection } from './runbook.ts';

const test = suite('runbook');
const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('has a section for every alert, and for no other', () => {
  const sections = [...read('docs/runbook.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  assert.equal(sections.sort(), [...ALERT_NAMES].sort());
});

test('Prometheus has a rule for every alert, which leads to its section', () => {
  const rules = z
    .object({
      groups: z.array(
        z.object({
          rules: z.array(
            z.object({ alert: z.string(), annotations: z.object({ runbook: z.string() }) }),
          ),
        }),
      ),
    })
    .parse(parse(read('monitor/observability/alerts.yml')))
    .groups.flatMap((group) => group.rules);
  assert.equal(rules.map(({ alert }) => alert).sort(), [...ALERT_NAMES].sort());
  for (const { alert, annotations } of rules) assert.is(annotations.runbook, runbookSection(alert));
});

test.run();
