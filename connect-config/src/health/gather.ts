import type { Gathered } from '@shelfcast/service-kit/finding';

/** Asks a source; one that is down, or slower than `timeoutMs`, is a fact like any other. */
export async function gather<Facts>(
  ask: () => Promise<Facts>,
  timeoutMs = 15_000,
): Promise<Gathered<Facts>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
  });
  try {
    return { reached: true, facts: await Promise.race([ask(), late]) };
  } catch (error) {
    return { reached: false, why: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The innermost cause that is one line: what wraps it repeats that something did not answer. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? reasonOf(error.cause) : '';
  if (inner !== '' && !inner.includes('\n')) return inner;
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}
