import { z } from 'zod';

// What the monitor answers, of that what tests look into.

const latencyMs = z.object({
  count: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
});

export const timelineAnswer = z.looseObject({
  eventId: z.string(),
  committedAtUs: z.number(),
  complete: z.boolean(),
  clockSkew: z.boolean(),
  missing: z.array(z.object({ stage: z.string(), service: z.string() })),
  stages: z.array(
    z.looseObject({
      stage: z.string(),
      service: z.string(),
      atUs: z.number(),
      gapMs: z.number(),
      sinceCommitMs: z.number(),
      clockSkewMs: z.number(),
    }),
  ),
  services: z.array(z.looseObject({ service: z.string(), state: z.string() })),
});

export const pageAnswer = z.object({
  items: z.array(
    z.looseObject({
      id: z.string(),
      eventId: z.string(),
      stage: z.string(),
      service: z.string(),
      key: z.string().nullable(),
      occurredAtUs: z.number(),
    }),
  ),
  nextCursor: z.string().nullable(),
});

const kindNumbers = {
  changesPerSecond: z.number(),
  errorRate: z.number().nullable(),
  latencyMs: latencyMs.nullable(),
  services: z.array(
    z.object({
      service: z.string(),
      processedPerSecond: z.number(),
      errorRate: z.number().nullable(),
      latencyMs: latencyMs.nullable(),
      stages: z.record(z.string(), z.number()),
    }),
  ),
};

export const summaryAnswer = z.object({
  windowSeconds: z.number(),
  ...kindNumbers,
  apart: z.record(z.string(), z.object(kindNumbers)),
  fromMs: z.number(),
  toMs: z.number(),
});

export const seriesAnswer = z.object({
  metric: z.string(),
  stepSeconds: z.number(),
  lines: z.array(
    z.object({
      service: z.string(),
      points: z.array(z.looseObject({ atMs: z.number(), value: z.number().nullable() })),
    }),
  ),
});

export const lagAnswer = z.object({
  atMs: z.number(),
  partitions: z.array(
    z.object({
      service: z.string(),
      topic: z.string(),
      partition: z.number(),
      messages: z.number(),
      seconds: z.number().nullable(),
    }),
  ),
});

export const recordAnswer = z.looseObject({
  op: z.string().nullable(),
  valueSchemaId: z.number().nullable(),
  before: z.looseObject({ price: z.string() }).nullable(),
  after: z.looseObject({ price: z.string() }).nullable(),
  headers: z.record(z.string(), z.array(z.string())),
});

export const readyAnswer = z.object({
  ready: z.boolean(),
  checks: z.record(z.string(), z.string()),
});
