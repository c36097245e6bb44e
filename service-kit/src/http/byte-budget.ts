export interface ByteBudgetOptions {
  /** For all callers of this process. */
  readonly totalBytes: number;
  /** For one of them, so that none takes it all. */
  readonly callerBytes: number;
}

/** Memory that callers may have a process hold for them at a time. */
export interface ByteBudget {
  /** @returns whose share is used up, if one is; then nothing was taken */
  take(caller: string, bytes: number): 'caller' | 'process' | undefined;
  give(caller: string, bytes: number): void;
}

export function createByteBudget({ totalBytes, callerBytes }: ByteBudgetOptions): ByteBudget {
  const byCaller = new Map<string, number>();
  let total = 0;
  return {
    take(caller, bytes) {
      const own = (byCaller.get(caller) ?? 0) + bytes;
      if (own > callerBytes) return 'caller';
      if (total + bytes > totalBytes) return 'process';
      byCaller.set(caller, own);
      total += bytes;
      return undefined;
    },
    give(caller, bytes) {
      const left = (byCaller.get(caller) ?? 0) - bytes;
      total -= bytes;
      if (left > 0) byCaller.set(caller, left);
      else byCaller.delete(caller);
    },
  };
}
