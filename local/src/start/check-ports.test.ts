import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { portsFor, portUses } from '../ports.ts';
import { checkPorts } from './check-ports.ts';

const refusalOf = (offset: number) =>
  checkPorts(portUses(portsFor({ offset, brokers: 1 }))).then(
    () => '',
    (error: unknown) => String(error),
  );

test('ports that browsers refuse are refused before anything starts, and what moves them is named', async () => {
  const refusal = await refusalOf(2_000);
  assert.match(refusal, 'Port 10080 for the dashboard is one that browsers refuse');
  assert.match(refusal, 'DASHBOARD_PORT');
  assert.match(refusal, 'another PORT_OFFSET');
});

test('who speaks another protocol may have them', async () => {
  const ports = { ...portsFor({ offset: 41_000, brokers: 1 }), postgres: 6_666 };
  const refusal = await checkPorts(portUses(ports)).then(
    () => '',
    (error: unknown) => String(error),
  );
  assert.not.match(refusal, '6666');
});

test.run();
