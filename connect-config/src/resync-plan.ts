/** What a resync has to do. */
export type ResyncPlan =
  /** Nothing is wrong; the sentence says so. */
  | { readonly kind: 'refuse'; readonly because: string }
  /** A new capture has begun already; only the sweep of what its snapshot did not see is missing. */
  | { readonly kind: 'sweep'; readonly because: string }
  | { readonly kind: 'full'; readonly because: readonly string[] };

export interface ResyncFacts {
  readonly hasConnector: boolean;
  /** What is known to be missing from the stream, in sentences. */
  readonly losses: readonly string[];
  /** Everything that is wrong, each with what mends it. */
  readonly problems: readonly string[];
  /** Captured tables that were not read whole yet. */
  readonly waiting: readonly string[];
  /** Consumers that hold rows which the connector's epoch has not seen; without a connector, any captured rows. */
  readonly consumersBehind: readonly string[];
  /** Whether it is wanted although nothing is wrong. */
  readonly forced: boolean;
}

/**
 * Decides what a resync does. An interrupted one is taken up where it ended: without a connector it starts over, with a
 * connector of a newer epoch than the consumers' rows only the sweep is left.
 */
export function planResync(facts: ResyncFacts): ResyncPlan {
  const { hasConnector, losses, problems, waiting, consumersBehind, forced } = facts;
  if (losses.length > 0) return { kind: 'full', because: losses };
  if (forced) return { kind: 'full', because: ['You asked for it.'] };
  const names = consumersBehind.join(', ');
  if (!hasConnector) {
    if (consumersBehind.length > 0) {
      return {
        kind: 'full',
        because: [`There is no connector, but rows that an earlier one captured, of ${names}.`],
      };
    }
    return {
      kind: 'refuse',
      because: 'Nothing was captured yet, so there is nothing to resync: make connector-register.',
    };
  }
  if (consumersBehind.length > 0) {
    return {
      kind: 'sweep',
      because: `The capture has begun anew already; still to be swept are rows that it has not seen, of ${names}.`,
    };
  }
  if (waiting.length > 0) {
    return {
      kind: 'sweep',
      because: `The capture has begun anew already; still to be read whole: ${waiting.join(', ')}.`,
    };
  }
  if (problems.length > 0) {
    return {
      kind: 'refuse',
      because: `Nothing is known to be missing, so a resync would not help. What is wrong:\n${problems.map((line) => `! ${line}`).join('\n')}\nFORCE=1 reads everything again all the same.`,
    };
  }
  return {
    kind: 'refuse',
    because:
      'Nothing is wrong: slot and offsets fit together, and no consumer holds rows of an earlier epoch. FORCE=1 reads everything again all the same.',
  };
}
