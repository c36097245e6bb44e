import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { portsFor, portUses } from './ports.ts';

const test = suite('ports');

test('the defaults are the documented ones', () => {
  assert.equal(portsFor({ offset: 0, brokers: 1 }), {
    postgres: 5432,
    kafka: [9092],
    controllers: [9093],
    registry: 8081,
    connect: 8083,
    consumers: 7071,
    producerApi: 8000,
    captureReports: 7072,
    monitor: 7070,
    dashboard: 8080,
  });
});

test('an offset moves every port but those that were named', () => {
  const ports = portsFor({ offset: 100, brokers: 1, overrides: { POSTGRES_PORT: 6000 } });
  assert.is(ports.postgres, 6000);
  assert.equal(ports.kafka, [9192]);
  assert.is(ports.consumers, 7171);
});

test('no two parts of a three-broker stack share a port', () => {
  const uses = portUses(portsFor({ offset: 0, brokers: 3 }));
  assert.is(uses.length, 14);
  assert.is(new Set(uses.map((use) => use.port)).size, uses.length);
  assert.equal(portsFor({ offset: 0, brokers: 3 }).kafka, [9092, 9192, 9292]);
});

test.run();
