import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { Timeline, TimelineService, TimelineStage } from '@shelfcast/schemas/monitor/timeline';

/** A step before its gap is known. */
interface Step {
  readonly stage: string;
  readonly service: string;
  readonly atUs: number;
  /** The broker's clock has whole milliseconds, cut off. */
  readonly precisionUs: number;
  readonly report: LiveEvent | null;
}

const SOURCES = new Set(['captured', 'published']);
const BROKER_PRECISION_US = 999;

/**
 * The way of one event, from its reports.
 * @param reports at least one, in any order
 * @param expected services that read the event's topic
 */
export function buildTimeline(
  reports: readonly [LiveEvent, ...LiveEvent[]],
  expected: ReadonlySet<string>,
): Timeline {
  const source = reports.find(({ stage }) => SOURCES.has(stage));
  // Of a command given by hand the record's time is known, which is later than the commit.
  const about = source ?? reports.reduce((a, b) => (b.occurredAtUs < a.occurredAtUs ? b : a));
  const committed: Step = {
    stage: source?.stage === 'published' ? 'accepted' : 'committed',
    service: source?.stage === 'published' ? source.service : 'database',
    atUs: about.occurredAtUs,
    precisionUs: 0,
    report: null,
  };
  const origin = [committed, ...milestones(source)];
  const readable = origin.at(-1) ?? committed;
  const stages = [
    ...chain(undefined, origin, committed),
    ...[...byService(reports).values()].flatMap((own) => chain(readable, own, committed)),
  ].sort((a, b) => a.atUs - b.atUs);
  const services = servicesOf(reports, expected, committed.atUs);
  const isRead = reports.some(({ details }) => details.snapshot === true);
  const placed = reports.find(({ offset }) => offset !== null) ?? about;
  return {
    eventId: about.eventId,
    topic: about.topic,
    partition: placed.partition,
    offset: placed.offset,
    key: about.key,
    committedAtUs: committed.atUs,
    stages,
    services,
    missing: [
      // Of snapshot reads only some may be reported.
      ...(source === undefined && !isRead ? [{ stage: 'captured', service: 'capture' }] : []),
      ...services
        .filter(({ state, expected: due }) => due && state === 'missing')
        .map(({ service }) => ({ stage: 'processed', service })),
    ],
    complete: services.every(({ sinceCommitMs, expected: due }) => !due || sinceCommitMs !== null),
    clockSkew: stages.some(({ clockSkewMs }) => clockSkewMs > 0),
  };
}

/** What a `captured` report knows of the way before it. */
function milestones(source: LiveEvent | undefined): Step[] {
  if (source === undefined) return [];
  const { debeziumAtUs, brokerAtMs } = source.details;
  const decodedUs = debeziumAtUs === undefined ? Number.NaN : Number(debeziumAtUs);
  const appendedUs = typeof brokerAtMs === 'number' ? brokerAtMs * 1000 : Number.NaN;
  return [
    { stage: 'decoded', service: 'debezium', atUs: decodedUs, precisionUs: 0, report: null },
    {
      stage: 'appended',
      service: 'kafka',
      atUs: appendedUs,
      precisionUs: BROKER_PRECISION_US,
      report: null,
    },
  ].filter(({ atUs }) => Number.isFinite(atUs));
}

/** The steps of each service, in order. */
function byService(reports: readonly LiveEvent[]): Map<string, Step[]> {
  const services = new Map<string, Step[]>();
  for (const report of [...reports].sort((a, b) => a.atUs - b.atUs)) {
    const { stage, service, atUs } = report;
    const steps = services.get(service) ?? [];
    steps.push({ stage, service, atUs, precisionUs: 0, report });
    services.set(service, steps);
  }
  return services;
}

/** Each step with the time since the one before it. */
function chain(before: Step | undefined, steps: readonly Step[], committed: Step): TimelineStage[] {
  return steps.map((step, index) => {
    const previous = steps[index - 1] ?? before;
    const { stage, service, atUs, report } = step;
    const gapUs = previous === undefined ? 0 : atUs - previous.atUs;
    const isSkewed = gapUs < -step.precisionUs;
    return {
      stage,
      service,
      atUs,
      sinceCommitMs: Math.max(0, atUs - committed.atUs) / 1000,
      gapMs: Math.max(0, gapUs) / 1000,
      after: previous === undefined ? null : { stage: previous.stage, service: previous.service },
      clockSkewMs: isSkewed ? -gapUs / 1000 : 0,
      report,
    };
  });
}

/** The last word of each consumer. */
function servicesOf(
  reports: readonly LiveEvent[],
  expected: ReadonlySet<string>,
  committedAtUs: number,
): TimelineService[] {
  const consumers = new Map<string, LiveEvent[]>([...expected].map((service) => [service, []]));
  const notConsumers = new Set(
    reports.filter(({ stage }) => SOURCES.has(stage)).map(({ service }) => service),
  );
  for (const report of reports) {
    if (notConsumers.has(report.service)) continue;
    consumers.set(report.service, [...(consumers.get(report.service) ?? []), report]);
  }
  return [...consumers]
    .map(([service, own]): TimelineService => {
      const { state, ended } = stateOf(own);
      return {
        service,
        state,
        sinceCommitMs: ended === undefined ? null : Math.max(0, ended.atUs - committedAtUs) / 1000,
        expected: expected.has(service),
      };
    })
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

function stateOf(own: readonly LiveEvent[]): {
  state: TimelineService['state'];
  ended?: LiveEvent;
} {
  // Regardless of failures before and repetitions after: the effect is there since it was first processed.
  for (const stage of ['processed', 'skipped', 'discarded'] as const) {
    const [ended] = own.filter((report) => report.stage === stage).sort((a, b) => a.atUs - b.atUs);
    if (ended !== undefined) return { state: stage, ended };
  }
  const last = own.reduce<LiveEvent | undefined>(
    (latest, report) => (latest === undefined || report.atUs >= latest.atUs ? report : latest),
    undefined,
  );
  if (last === undefined) return { state: 'missing' };
  return { state: last.stage === 'deadLettered' ? 'deadLettered' : 'waiting' };
}
