import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { RegistryFacts } from '../facts/registry.ts';
import { registry } from '../testing/facts.ts';
import { checkContracts } from './contracts.ts';

const test = suite('doctor: schema registry');

test('contracts registered, tables free to change', () => assertAllOk(checkContracts(registry)));

test('subjects that follow the registry’s rule, which is NONE', () =>
  assertAllOk(
    checkContracts({
      ...registry,
      cdcSubjects: [{ subject: 'x-value', compatibility: undefined }],
    }),
  ));

const contract = { subject: 'monitoring-value', registered: true, compatibility: 'FULL' };
const cases: [string, Partial<RegistryFacts>, Expected][] = [
  [
    'a contract that is not registered',
    { contracts: [{ ...contract, registered: false, compatibility: undefined }] },
    {
      check: 'contracts',
      level: 'problem',
      summary: /monitoring-value is not registered/,
      remedy: /make start/,
    },
  ],
  [
    'a contract that may break its readers',
    { contracts: [{ ...contract, compatibility: 'NONE' }] },
    { check: 'contracts', level: 'problem', summary: /NONE instead of FULL/ },
  ],
  [
    'a table that may not change',
    { cdcSubjects: [{ subject: 'pis.public.products-value', compatibility: 'BACKWARD' }] },
    {
      check: 'cdc-compatibility',
      level: 'problem',
      summary: /pis\.public\.products-value has compatibility BACKWARD/,
      remedy:
        /curl -X PUT .*NONE.* http:\/\/127\.0\.0\.1:8081\/apis\/ccompat\/v7\/config\/pis\.public\.products-value$/,
    },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkContracts({ ...registry, ...facts }), expected));
}

test.run();
