import { captureOf } from '@shelfcast/connect-config/health/check-source';
import { gather } from '@shelfcast/connect-config/health/gather';
import { broker, connectorIn, server, source } from '@shelfcast/connect-config/testing/facts';
import { assertAllOk, assertFinding } from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judgePipeline, type PipelineFacts } from './examine.ts';
import { asJson, asText, countProblems } from './report.ts';
import { pipeline } from './testing/facts.ts';

const test = suite('doctor: the whole examination');

const findingsOf = (facts: Partial<PipelineFacts>) =>
  judgePipeline({ ...pipeline, ...facts }).flatMap(({ findings }) => findings);

test('a sound pipeline has nothing but ok', () => assertAllOk(findingsOf({})));

const DOWN = { reached: false, why: 'connect ECONNREFUSED' } as const;

const SOURCES = {
  postgres: { source: { ...source, database: DOWN } },
  kafka: { source: { ...source, broker: DOWN }, kafka: DOWN },
  connect: { source: { ...source, connect: DOWN } },
  registry: { registry: DOWN },
};

for (const [part, facts] of Object.entries(SOURCES)) {
  test(`${part} down is one problem, and what needs it is not checked`, () => {
    const findings = findingsOf(facts);
    assertFinding(findings, {
      check: part,
      level: 'problem',
      summary: /does not answer: connect ECONNREFUSED/,
      remedy: new RegExp(`make logs SERVICE=${part}`),
    });
    assertFinding(findings, { check: part, level: 'note', summary: /^Not checked: / });
    assert.is(findings.filter(({ level }) => level === 'problem').length, 1);
  });
}

test('everything down is one problem each', () => {
  const groups = judgePipeline({
    ...pipeline,
    source: { ...source, database: DOWN, broker: DOWN, connect: DOWN },
    kafka: DOWN,
    registry: DOWN,
  });
  assert.is(countProblems(groups), 4);
});

test('a stopped connector is one problem, not also that of its slot and heartbeat', () => {
  const capture = captureOf(source);
  if (!capture?.slot) return assert.unreachable();
  const late = {
    ...{ ...capture, slot: { ...capture.slot, active: false } },
    heartbeatWrittenAgeMs: 90_000,
  };
  const arrivals = { heartbeatAtMs: 1, heartbeatAgeMs: 90_000, changeAgeMs: undefined };
  const findings = findingsOf({
    source: {
      ...source,
      connect: { reached: true, facts: connectorIn('STOPPED', []) },
      database: { reached: true, facts: { server, capture: late } },
      broker: { reached: true, facts: { ...broker, arrivals } },
    },
  });
  const problems = findings.filter(({ level }) => level === 'problem');
  assert.equal(
    problems.map(({ check }) => check),
    ['connector'],
  );
});

test('a database that was never migrated', () => {
  const database = { reached: true, facts: { server, capture: undefined } } as const;
  assertFinding(findingsOf({ source: { ...source, database } }), {
    check: 'migration',
    level: 'problem',
    summary: /not migrated/,
    remedy: /make start/,
  });
});

test('a source that hangs or fails is a fact', async () => {
  const hangs = await gather(() => new Promise(() => {}), 20);
  const fails = await gather(() =>
    Promise.reject(new Error('no answer', { cause: new Error('refused') })),
  );
  const answers = await gather(async () => 42);

  assert.equal(hangs, { reached: false, why: 'no answer within 0.02 s' });
  assert.equal(fails, { reached: false, why: 'refused' });
  assert.equal(answers, { reached: true, facts: 42 });
});

test('the report: a line each, the remedy below, the count last', () => {
  const text = asText(
    [
      {
        title: 'Machine',
        findings: [
          { check: 'node', level: 'ok', summary: 'Node 20' },
          { check: 'maven', level: 'problem', summary: 'No Maven.', remedy: 'apt install maven' },
        ],
      },
    ],
    { color: false },
  );
  assert.is(
    text,
    [
      'Machine',
      '  ok       Node 20',
      '  PROBLEM  No Maven.',
      '           → apt install maven',
      '',
      '1 problem.',
      '',
    ].join('\n'),
  );
});

test('the report for programs', () => {
  const groups = [
    { title: 'Machine', findings: [{ check: 'node', level: 'ok' as const, summary: 'Node 20' }] },
  ];
  assert.equal(JSON.parse(asJson(groups)), {
    problems: 0,
    findings: [{ group: 'Machine', check: 'node', level: 'ok', summary: 'Node 20' }],
  });
});

test.run();
