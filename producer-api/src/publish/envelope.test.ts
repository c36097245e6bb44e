import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../json/parse-json.ts';
import { readStructured } from './cloud-event.ts';
import { readPlainEnvelope } from './envelope.ts';

const read = (reader: typeof readPlainEnvelope, body: object) => {
  const result = reader(parseJson(Buffer.from(JSON.stringify(body))));
  return result.ok ? result.envelope.key : result.violations.map(({ code }) => code);
};

test('keys of topics without a key field hold no NUL, in either form', () => {
  const plain = { topic: 'notes', data: {} };
  assert.is(read(readPlainEnvelope, { ...plain, key: 'a b' }), 'a b');
  assert.equal(read(readPlainEnvelope, { ...plain, key: 'a\u0000b' }), ['bad_character']);
  const event = { specversion: '1.0', id: '1', source: '/shop', type: 'notes', data: {} };
  assert.is(read(readStructured, { ...event, partitionkey: 'a b' }), 'a b');
  assert.equal(read(readStructured, { ...event, partitionkey: 'a\u0000b' }), ['bad_character']);
  assert.equal(read(readStructured, { ...event, subject: 'a\u0000b' }), ['bad_character']);
});

test.run();
