import type { ConsumerItem } from '@shelfcast/schemas/monitor/operations';
import { count, milliseconds, perSecond, plural, span } from '../../lib/format.ts';
import { knownValue, mapLoaded } from '../../lib/loaded.ts';
import { hrefOf } from '../../lib/routes.ts';
import { consumerState, type ServiceLag } from '../consumers/consumer-state.ts';
import { edgeLabel } from './edge-times.ts';
import type { Lane, MapNode, PipelineFacts } from './map-parts.ts';

/** What consumers do, in a word; those of others write to tables of their own. */
const EFFECTS: Readonly<Record<string, string>> = {
  catalogue: 'read model',
  pricing: 'prices, webhooks',
  inventory: 'stock alerts',
};

/** A consumer and what it does, with the ways to both. */
export function laneOf(item: ConsumerItem, facts: PipelineFacts): Lane {
  const { name, deadLetters, retrying } = item;
  const lag = mapLoaded(facts.lag, (all) => all.get(name));
  const alerts = mapLoaded(facts.alerts, (all) =>
    all.filter((alert) => alert.subject === name && alert.state === 'firing'),
  );
  const state = consumerState({ item, lag, trend: { name: 'unknown' }, alerts });
  const rate = facts.live === undefined ? undefined : (facts.live.services[name]?.processed ?? 0);
  const waiting = knownValue(lag);
  const behind = waiting === undefined ? '' : lagFigure(waiting);
  const isWell = state.status === 'ok' || state.status === 'off';
  const consumer: MapNode = {
    id: name,
    title: name,
    status: state.status,
    word: state.word,
    isKnown: state.isKnown,
    figures: [
      perSecond(rate),
      ...(state.isKnown ? [] : [state.word]),
      ...(isWell && behind !== '' ? [behind] : []),
    ],
    alarm: isWell ? '' : [state.word, waiting?.messages ? behind : ''].filter(Boolean).join(' · '),
    href: hrefOf('consumers'),
  };
  const held = deadLetters + retrying;
  const numbers = knownValue(facts.summary)?.services.find(({ service }) => service === name);
  const p99 = numbers?.latencyMs?.p99;
  const effect: MapNode = {
    id: `${name} effect`,
    title: EFFECTS[name] ?? 'its own tables',
    status: deadLetters > 0 ? 'bad' : retrying > 0 ? 'warn' : 'ok',
    word:
      deadLetters > 0
        ? plural(deadLetters, 'dead letter')
        : retrying > 0
          ? plural(retrying, 'key is tried again', 'keys are tried again')
          : 'applied',
    isKnown: true,
    figures: held > 0 || p99 === undefined ? [] : [`p99 ${milliseconds(p99)}`],
    alarm:
      held === 0
        ? ''
        : deadLetters > 0
          ? plural(deadLetters, 'dead letter')
          : `${count(retrying)} tried again`,
    href:
      held > 0
        ? hrefOf('deadLetters', { query: { consumer: name } })
        : hrefOf('live', { query: { service: name } }),
  };
  const stops = state.word === 'paused' || state.word === 'not running';
  return {
    consumer,
    effect,
    toConsumer: {
      perSecond: rate,
      label: '',
      broken: stops
        ? { why: `${name} is ${state.word}: see what to do`, href: consumer.href }
        : undefined,
    },
    toEffect: {
      perSecond: rate,
      label: edgeLabel(facts.times, name),
      broken:
        deadLetters > 0
          ? { why: `${effect.alarm} of ${name}: inspect and redrive`, href: effect.href }
          : undefined,
    },
  };
}

function lagFigure({ messages, seconds }: ServiceLag): string {
  if (messages === 0) return 'lag 0';
  const age = seconds === null || seconds < 1 ? '' : ` · ${span(seconds * 1_000)}`;
  return `lag ${count(messages)}${age}`;
}
