import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { mayAct } from '@shelfcast/service-kit/auth/caller';
import { createBodyReader } from '@shelfcast/service-kit/http/body';
import { createByteBudget } from '@shelfcast/service-kit/http/byte-budget';
import { inTurns } from '@shelfcast/service-kit/http/turns';
import type { Router } from 'express';
import { alertRoutes } from './alerts/alert-routes.ts';
import type { Watch } from './alerts/watch.ts';
import type { MonitorConfig } from './config.ts';
import { eventRoutes } from './events/event-routes.ts';
import { createSeriesStore } from './ingest/series.ts';
import type { ConsumerGroups } from './lag/consumer-groups.ts';
import { numbersRoutes } from './numbers/number-routes.ts';
import { auditRoutes } from './operations/audit-routes.ts';
import type { ConsumerCommands } from './operations/consumer-commands.ts';
import { consumerRoutes } from './operations/consumer-routes.ts';
import { deadLetterRoutes } from './operations/dead-letter-routes.ts';
import type { Resources } from './resources.ts';
import { createReplicationReader } from './source/replication.ts';
import type { SourceReader } from './source/source-reader.ts';
import { sourceRoutes } from './source/source-routes.ts';
import { topicRoutes } from './topics/topic-routes.ts';

export interface RoutersOptions {
  readonly config: MonitorConfig;
  readonly resources: Resources;
  readonly authorizer: Authorizer;
  readonly groups: ConsumerGroups;
  readonly source: SourceReader;
  readonly health: Watch['health'];
}

const NOTHING: ReadonlySet<string> = new Set();
/** Of one caller, of the requests whose answers are large. */
const TURNS = { concurrent: 4, waiting: 1_000 };
/** Bodies that have begun to arrive: sixteen of the largest of one caller. */
const BODIES_UNDER_WAY = { totalBytes: 8 * 1024 * 1024, callerBytes: 4 * 1024 * 1024 };

/** All that the API answers; each folder owns its routes. */
export function monitorRouters(options: RoutersOptions): Router[] {
  const { config, resources, authorizer, groups, source, health } = options;
  const { databases, admin, recordReader, connect, codec, audit, nowMs } = resources;
  const { monitoring: pool, consumers, products } = databases;
  const names = config.CONSUMER_GROUPS;
  const maskedFields = config.MASKED_FIELDS;
  const mayRead = authorizer.require('viewer');
  /** Makes a caller's costly requests wait for one another. */
  const turns = () =>
    inTurns({ ...TURNS, callerOf: (request) => authorizer.callerOf(request).name });
  const readBody = createBodyReader({
    budget: createByteBudget(BODIES_UNDER_WAY),
    callerOf: (request) => authorizer.callerOf(request).name,
  });
  const commands: ConsumerCommands = {
    pool: consumers,
    countMembers: (consumer) =>
      admin.groupMembers(consumer).then(
        ({ length }) => length,
        () => undefined,
      ),
  };
  const replication = createReplicationReader({
    products,
    slotName: config.REPLICATION_SLOT,
    nowMs,
  });
  return [
    eventRoutes({
      ...{ mayRead, turns, pool, codec },
      series: createSeriesStore(pool),
      expectedOf: groups.expectedOf,
      reader: recordReader,
      hiddenFrom: (request) =>
        mayAct(authorizer.callerOf(request), 'operator') ? NOTHING : maskedFields,
    }),
    numbersRoutes({ mayRead, turns, pool, groups, nowMs }),
    auditRoutes({ authorizer, audit, maskedFields, turns }),
    consumerRoutes({ authorizer, audit, readBody, commands, names }),
    deadLetterRoutes({
      ...{ authorizer, audit, readBody, commands, names, maskedFields, turns },
      decoding: { codec, instance: config.INSTANCE_ID },
    }),
    sourceRoutes({ authorizer, audit, readBody, connect, replication, source }),
    alertRoutes({ authorizer, health }),
    topicRoutes({ authorizer, admin, nowMs }),
  ];
}
