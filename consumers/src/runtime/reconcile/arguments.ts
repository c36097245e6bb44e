import { z } from 'zod';

/** Arguments of the command `remove`: rows that the source does not have. */
export const removeArguments = z.object({
  /** See `Change.entity`. */
  entity: z.string().min(1),
  keys: z
    .array(
      z.object({
        key: z.string(),
        /** The consumer's position of the key when it was looked at; empty where it had none. */
        position: z.string(),
      }),
    )
    .min(1),
});

export type RemoveArguments = z.output<typeof removeArguments>;
