import { registerConnector } from '@shelfcast/connect-config/register';
import { cdcTopic } from '@shelfcast/schemas/topics';
import * as assert from 'uvu/assert';
import type { ConnectorHarness } from './connector.ts';
import { runCommand } from './run-command.ts';

/** Tables of a test's own, in schema `public` of the shared stack's source. */
export interface OwnTables {
  /** @returns its name, which no other test's table has */
  make(name: string, columns?: string): Promise<string>;
  /** As `make connector-add-table` does it. */
  capture(table: string): Promise<void>;
  /** Leaves nothing of them. */
  remove(): Promise<void>;
}

export function openOwnTables({ context, kafka }: ConnectorHarness): OwnTables {
  const { products } = context;
  const suffix = Date.now().toString(36);
  const made: string[] = [];
  return {
    async make(name, columns = 'id int primary key, note text') {
      const table = `${name}_${suffix}`;
      made.push(table);
      await products.query(`create table public.${table} (${columns})`);
      return table;
    },

    async capture(table) {
      const { status, output } = await runCommand('make connector-add-table', { TABLE: table });
      assert.is(status, 0, output);
    },

    async remove() {
      for (const name of made) {
        await products.query(`drop table if exists public.${name}`);
        await products.query('delete from shelfcast.captured_tables where table_name = $1', [name]);
        await products.query('delete from shelfcast.removed_tables where table_name = $1', [name]);
      }
      await registerConnector(context);
      const admin = kafka.createAdmin();
      await admin.deleteTopics(made.map((table) => cdcTopic({ schema: 'public', table })));
      await admin.close();
    },
  };
}
