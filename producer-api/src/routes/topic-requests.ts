import { z } from 'zod';
import { COMPATIBILITIES } from '../contract/compatibility.ts';

/** Bodies of the requests that manage topics and schemas. */

const MAX_PARTITIONS = 1_000;

const partitions = z.int().min(1).max(MAX_PARTITIONS);
/** -1: for ever. Below a minute records would be gone before they are read. */
const retentionMs = z.union([z.literal(-1), z.int().min(60_000)], {
  error: 'must be -1, for ever, or at least 60000',
});
const compatibility = z.enum(COMPATIBILITIES);
const schema = z.record(z.string(), z.unknown());

export const newTopicSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/),
  schema,
  partitions: partitions.optional(),
  retentionMs: retentionMs.optional(),
  compatibility: compatibility.default('FULL'),
});

export const topicChangeSchema = z.strictObject({
  partitions: partitions.optional(),
  retentionMs: retentionMs.optional(),
  compatibility: compatibility.optional(),
});

export const schemaChangeSchema = z.strictObject({ schema });
