import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judgePipeline, type PipelineFacts } from './examine.ts';
import { gather } from './facts/gather.ts';
import { asJson, asText, countProblems } from './report.ts';
import { assertAllOk, assertFinding } from './testing/expect.ts';
import { connectorIn, pipeline, postgres } from './testing/facts.ts';

const test = suite('doctor: the whole examination');

const findingsOf = (facts: Partial<PipelineFacts>) =>
  judgePipeline({ ...pipeline, ...facts }).flatMap(({ findings }) => findings);

test('a sound pipeline has nothing but ok', () => assertAllOk(findingsOf({})));

const DOWN = { reached: false, why: 'connect ECONNREFUSED' } as const;

for (const source of ['postgres', 'kafka', 'connect', 'registry'] as const) {
  test(`${source} down is one problem, and what needs it is not checked`, () => {
    const findings = findingsOf({ [source]: DOWN });
    assertFinding(findings, {
      check: source,
      level: 'problem',
      says: /does not answer: connect ECONNREFUSED/,
      mend: new RegExp(`make logs SERVICE=${source}`),
    });
    assertFinding(findings, { check: source, level: 'note', says: /^Not checked: / });
    assert.is(findings.filter(({ level }) => level === 'problem').length, 1);
  });
}

test('everything down is one problem each', () => {
  const groups = judgePipeline({
    ...pipeline,
    postgres: DOWN,
    kafka: DOWN,
    connect: DOWN,
    registry: DOWN,
  });
  assert.is(countProblems(groups), 4);
});

test('a stopped connector is one problem, not also that of its slot and heartbeat', () => {
  const { capture } = postgres;
  if (!capture?.slot) return assert.unreachable();
  const findings = findingsOf({
    connect: { reached: true, facts: connectorIn('STOPPED', []) },
    postgres: {
      reached: true,
      facts: {
        ...postgres,
        capture: { ...capture, slot: { ...capture.slot, active: false }, heartbeatAgeMs: 90_000 },
      },
    },
  });
  const problems = findings.filter(({ level }) => level === 'problem');
  assert.equal(
    problems.map(({ check }) => check),
    ['connector'],
  );
});

test('a database that was never migrated', () =>
  assertFinding(
    findingsOf({ postgres: { reached: true, facts: { ...postgres, capture: undefined } } }),
    { check: 'migration', level: 'problem', says: /not migrated/, mend: /make start/ },
  ));

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

test('the report: a line each, the mend below, the count last', () => {
  const text = asText(
    [
      {
        title: 'Machine',
        findings: [
          { check: 'node', level: 'ok', says: 'Node 20' },
          { check: 'maven', level: 'problem', says: 'No Maven.', mend: 'apt install maven' },
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
    { title: 'Machine', findings: [{ check: 'node', level: 'ok' as const, says: 'Node 20' }] },
  ];
  assert.equal(JSON.parse(asJson(groups)), {
    problems: 0,
    findings: [{ group: 'Machine', check: 'node', level: 'ok', says: 'Node 20' }],
  });
});

test.run();
