import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { print, printable, printError } from '@shelfcast/service-kit/process/print';
import Table from 'cli-table3';
import pg from 'pg';

/** Values as Postgres writes them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/**
 * Runs SQL for people without psql: the text given, standard input, or statements typed one after the other.
 * @returns the exit code: 1 when a statement failed
 */
export async function runSql(url: string, sql: string | undefined): Promise<number> {
  const client = new pg.Client({ connectionString: url, types: AS_TEXT });
  client.on('notice', (notice) => printError(`NOTICE:  ${notice.message}`));
  client.on('error', (error) => printError(error.message));
  try {
    await client.connect();
    if (sql === undefined && process.stdin.isTTY) return await converse(client);
    return await execute(client, sql ?? (await text(process.stdin)));
  } catch (error) {
    printError(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await client.end();
  }
}

async function converse(client: pg.Client): Promise<number> {
  print('No psql on PATH, so this is a plain one: end a statement with ";", leave with \\q.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.setPrompt(`${client.database}=> `);
  terminal.prompt();
  let statement = '';
  for await (const line of terminal) {
    if (/^\s*(\\q|exit|quit)\s*;?\s*$/.test(line)) break;
    statement += `${line}\n`;
    if (/;\s*$/.test(line)) {
      await execute(client, statement);
      statement = '';
    }
    terminal.prompt();
  }
  terminal.close();
  return 0;
}

async function execute(client: pg.Client, sql: string): Promise<number> {
  try {
    const outcome: pg.QueryArrayResult | pg.QueryArrayResult[] = await client.query({
      text: sql,
      rowMode: 'array',
    });
    for (const result of [outcome].flat()) printResult(result);
    return 0;
  } catch (error) {
    printError(`ERROR:  ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

function printResult(result: pg.QueryArrayResult): void {
  if (result.fields.length > 0) {
    const table = new Table({
      head: result.fields.map((field) => printable(field.name)),
      style: { head: [], border: [], compact: true },
    });
    for (const row of result.rows)
      table.push(row.map((value) => (value === null ? '' : printable(value))));
    print(`${table}`);
  }
  if (result.command) print(`${result.command} ${result.rowCount ?? ''}`.trim());
}
