import type { Request, RequestHandler } from 'express';
import { Problem } from './problem.ts';

export interface TurnsOptions {
  /** Requests of one caller that are under way at a time; the others wait for their turn. */
  readonly concurrent: number;
  /** Requests of one caller that may wait; more are refused. */
  readonly waiting: number;
  readonly callerOf: (request: Request) => string;
}

interface Line {
  underWay: number;
  readonly waiting: (() => void)[];
}

/**
 * Has each caller's costly requests done a few at a time, so that a caller who asks for many, or reads no answer, takes
 * neither processor nor memory from the others. A request is under way until its answer has left or its reader has gone.
 */
export function inTurns({ concurrent, waiting, callerOf }: TurnsOptions): RequestHandler {
  const lines = new Map<string, Line>();
  return (request, response, next) => {
    const caller = callerOf(request);
    const line = lines.get(caller) ?? { underWay: 0, waiting: [] };
    if (line.waiting.length >= waiting) {
      const detail = `More than ${waiting} requests wait for earlier ones of the same caller`;
      throw new Problem('rate-limited', detail, { retryAfterSeconds: 1 });
    }
    lines.set(caller, line);
    let isUnderWay = false;
    const begin = (): void => {
      isUnderWay = true;
      line.underWay += 1;
      next();
    };
    response.once('close', () => {
      if (isUnderWay) line.underWay -= 1;
      else line.waiting.splice(line.waiting.indexOf(begin), 1);
      if (line.underWay < concurrent) line.waiting.shift()?.();
      if (line.underWay === 0) lines.delete(caller);
    });
    if (line.underWay < concurrent) begin();
    else line.waiting.push(begin);
  };
}
