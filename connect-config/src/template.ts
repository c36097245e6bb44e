import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ConnectorConfig } from './render.ts';

const TEMPLATE_FILE = new URL('../connectors/products.json', import.meta.url);

/** connectors/products.json: the part of the connector that depends on neither settings nor tables. */
export function loadTemplate(): ConnectorConfig {
  const content: unknown = JSON.parse(readFileSync(TEMPLATE_FILE, 'utf8'));
  return z.record(z.string(), z.string()).parse(content);
}
