import type { Alert } from '@shelfcast/schemas/monitor/live';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matchRoute } from '../../lib/routes.ts';
import { alertsSentence, byUrgency, describeAlert } from './alert-messages.ts';

const test = suite('alert words');
const alert = (given: Partial<Alert> = {}): Alert => ({
  name: 'ConsumerSilent',
  subject: 'pricing',
  severity: 'critical',
  state: 'firing',
  summary: 'No process consumes as pricing; 12 records wait.',
  remedy: 'make status   # and start the consumers',
  runbook: 'docs/runbook.md#consumersilent',
  sinceMs: 0,
  resolvedAtMs: null,
  ...given,
});
/** The monitor's fixed set. */
const NAMES = [
  'ConsumerLag',
  'ConsumerSilent',
  'ConsumerErrors',
  'DeadLetters',
  'SubscriberFailing',
  'TaskFailed',
  'NotCapturing',
  'ConnectorChanged',
  'SlotLost',
  'SlotBudget',
  'NoHeartbeat',
  'TableChanged',
  'TableNotCarried',
  'TableNotRead',
  'PublicationChanged',
  'TopicMissing',
  'ConsumerWaits',
  'SourceServer',
  'Unreachable',
  'RecordNearLimit',
  'TableTakenOut',
];

test('each alert has words of its own, and leads to a view', () => {
  const titles = NAMES.map((name) => {
    const { title, means, action } = describeAlert(alert({ name }), 0);
    assert.ok(means !== '', name);
    assert.ok(matchRoute(new URL(action.href, 'http://x').pathname), name);
    return title;
  });
  assert.is(new Set(titles).size, NAMES.length);
  assert.is(describeAlert(alert({ name: 'New' }), 0).title, 'New: pricing');
});

test('it says since when, and until when', () => {
  assert.is(describeAlert(alert(), 720_000).since, 'for 12 min');
  const resolved = alert({ state: 'resolved', resolvedAtMs: 60_000 });
  const words = describeAlert(resolved, 240_000);
  assert.is(words.since, 'resolved 3 min ago, after 1 min');
  assert.is(words.kind, 'ok');
  assert.is(words.command, 'make status');
});

test('what is worst comes first, then what is oldest', () => {
  const sorted = byUrgency([
    alert({ subject: 'r', state: 'resolved', resolvedAtMs: 9 }),
    alert({ subject: 'w', severity: 'warning' }),
    alert({ subject: 'new', sinceMs: 5 }),
    alert({ subject: 'old', sinceMs: 1 }),
  ]);
  assert.equal(
    sorted.map(({ subject }) => subject),
    ['old', 'new', 'w', 'r'],
  );
  assert.is(alertsSentence(sorted.slice(0, 3)), '3 things need you, 2 of them at once.');
});

test.run();
