import { z } from 'zod';
import { removeArguments } from '../reconcile/arguments.ts';
import { sweepArguments } from '../sweep/arguments.ts';

/** Which parked keys are meant; all conditions hold together. */
export const selection = z.object({
  /** Ids of parked changes (`runtime.parked_changes.id`): the keys whose oldest change is one of them. */
  ids: z
    .array(z.string().regex(/^\d{1,18}$/, 'must be a number of at most 18 digits'))
    .min(1, 'must name at least one')
    .optional(),
  entity: z.string().optional(),
  key: z.string().optional(),
  /** `error_type`, as the list of dead letters shows it. */
  errorType: z.string().optional(),
  /** Everything that is parked; without it, one of the others must be there. */
  all: z.boolean().optional(),
  /** Only says what would happen. */
  dryRun: z.boolean().optional(),
});

const isSelective = (chosen: z.infer<typeof selection>): boolean =>
  [chosen.ids, chosen.entity, chosen.key, chosen.errorType].some((part) => part !== undefined) ||
  chosen.all === true;
const NEEDS_SELECTION = 'Say which: by id, entity, key or error, or all.';

/** Arguments of each kind of command, as `runtime.commands.arguments` holds them. */
export const commandArguments = {
  redrive: selection
    .extend({
      /** Keys tried per second; without it, all at once. */
      ratePerSecond: z.number().positive().optional(),
      /** Columns of the row that replace those of the record. Only for a single key. */
      edit: z.record(z.string(), z.unknown()).optional(),
      /** Also those that were redriven too often. */
      force: z.boolean().optional(),
    })
    .refine(isSelective, NEEDS_SELECTION),
  discard: selection
    .extend({ reason: z.string().trim().min(1, 'must say why') })
    .refine(isSelective, NEEDS_SELECTION),
  pause: z.object({ reason: z.string().trim().min(1, 'must say why') }),
  resume: z.object({}),
  sweep: sweepArguments,
  remove: removeArguments,
} as const;

export type CommandKind = keyof typeof commandArguments;

/** What a command came to, as `runtime.commands.result` holds it. */
export const commandResult = z
  .object({
    /** Keys that were meant. */
    matched: z.number(),
    /** Keys it was done to; with `dryRun`, would be. */
    done: z.number(),
    /** Keys left alone, and why; the first hundred. */
    refused: z
      .array(z.object({ entity: z.string(), key: z.string(), reason: z.string() }))
      .readonly(),
  })
  .readonly();

export type CommandResult = z.output<typeof commandResult>;

/** As `runtime.commands.result` holds it where the command was refused. */
export const commandRefusal = z.object({ error: z.string() });
