import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { selectFrom } from './select-tables.ts';
import { formatTableName, parseTableList } from './table-name.ts';

const CANDIDATES = ['crm.a', 'crm.b', 'eu.a', 'eu."b c"'].map((name) => {
  const [pattern] = parseTableList(name);
  return pattern?.table ?? { schema: '', table: '' };
});

const select = (text: string) => {
  const { tables, named } = selectFrom(parseTableList(text), CANDIDATES);
  return { tables: tables.map(formatTableName), named: [...named] };
};

test('each table once, in the order of the list, and those that are named are known', () => {
  assert.equal(select('eu.*,crm.b,*.a'), {
    tables: ['eu.a', 'eu."b c"', 'crm.b', 'crm.a'],
    named: ['crm.b'],
  });
  assert.equal(select('crm.b,crm.*'), { tables: ['crm.b', 'crm.a'], named: ['crm.b'] });
});

test('a name stands for itself, found or not; a pattern for what is found', () => {
  assert.equal(select('crm.unknown').tables, ['crm.unknown']);
  assert.throws(() => select('crm.x*'), /No table fits crm\.x\*/);
});

test.run();
