import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from '../json/parse-json.ts';
import { readBinary, readStructured } from './cloud-event.ts';
import type { ReadEnvelope } from './envelope.ts';

const EVENT = { specversion: '1.0', id: '1', source: '/shop', type: 'orders', data: { a: 1 } };

/** Reads an event with some attributes replaced. */
function read(attributes: object = {}): ReadEnvelope {
  return readStructured(parseJson(Buffer.from(JSON.stringify({ ...EVENT, ...attributes }))));
}

function codes(result: ReadEnvelope): string[] {
  return result.ok ? [] : result.violations.map(({ pointer, code }) => `${pointer} ${code}`);
}

test('attributes have the types of the specification', () => {
  const cases: [attributes: object, expected: string[]][] = [
    [{}, []],
    [{ id: 5 }, ['/id wrong_type']],
    [{ type: true }, ['/type wrong_type']],
    [{ source: 'till 3' }, ['/source bad_format']],
    [{ source: '' }, ['/source missing']],
    [{ dataschema: 'no uri' }, ['/dataschema bad_format']],
    [{ time: '2026-01-31T24:00:00Z' }, ['/time bad_format']],
    [{ time: '2026-01-31T23:59:59Z' }, []],
    [{ time: '2026-01-31T23:59:59.123456789+01:00' }, []],
    [{ time: '2026-01-31T23:59:59.1234567' }, ['/time bad_format']],
    [{ amount: 2_147_483_647, lost: -2_147_483_648, urgent: true }, []],
    [{ amount: 2_147_483_648 }, ['/amount out_of_range']],
    [{ amount: -2_147_483_649 }, ['/amount out_of_range']],
    [{ amount: 1.5 }, ['/amount wrong_type']],
    [{ amount: [] }, ['/amount wrong_type']],
    [{ id: '0199d7a0-0000-8000-8000-000000000000' }, ['/id reserved']],
    [{ id: '0199d7a0-0000-7000-8000-000000000000' }, []],
    [{ sourcetime: '2020-01-01T00:00:00Z' }, ['/sourcetime reserved']],
    [{ sourceid: '7' }, ['/sourceid reserved']],
    [{ SourceId: '7' }, ['/SourceId bad_format']],
    [{ 'a-b': '7' }, ['/a-b bad_format']],
  ];
  for (const [attributes, expected] of cases) {
    assert.equal(codes(read(attributes)), expected, JSON.stringify(attributes));
  }
});

test('the attributes that Debezium’s own CloudEvents have are taken', () => {
  const result = read({
    id: 'name:pis;lsn:29274832;txId:565;sequence:["29274656","29274832"]',
    source: '/debezium/postgresql/pis',
    iodebeziumconnector: 'postgresql',
    iodebeziumsequence: '["29274656","29274832"]',
    iodebeziumtxId: '565',
    iodebeziumtxid: null,
    iodebeziumtxdatacollectionorder: '1',
  });
  assert.equal(codes(result), []);
  assert.equal(result.ok && Object.keys(result.envelope.cloudEvent?.extensions ?? {}), [
    ...['iodebeziumconnector', 'iodebeziumsequence', 'iodebeziumtxId'],
    'iodebeziumtxdatacollectionorder',
  ]);
});

test('data may be JSON in base64', () => {
  const { data: _, ...rest } = EVENT;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const given = (attributes: object) =>
    readStructured(parseJson(Buffer.from(JSON.stringify({ ...rest, ...attributes }))));
  const taken = given({ data_base64: base64('{"a":1.50}') });
  const plain = given({ data: JSON.parse('{"a":1.50}') });
  assert.is(taken.ok && taken.envelope.dataPointer, '/data_base64');
  assert.ok(plain.ok);
  assert.equal(codes(given({ data_base64: base64('{"a":') })), ['/data_base64 bad_format']);
  assert.equal(codes(given({ data_base64: 'no base64' })), ['/data_base64 bad_format']);
  assert.equal(codes(given({ data: 1, data_base64: 'MQ==' })), ['/data_base64 unknown_field']);
  assert.equal(codes(given({})), ['/data missing']);
});

test('in binary mode the same holds for headers', () => {
  const headers = {
    ...{ 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/shop', 'ce-type': 'orders' },
    'ce-iodebeziumtransactionorder': '7',
  };
  assert.equal(codes(readBinary(headers, null)), []);
  assert.equal(codes(readBinary({ ...headers, 'ce-sourcetime': 'x' }, null)), [
    'header ce-sourcetime reserved',
  ]);
  assert.equal(codes(readBinary({ ...headers, 'ce-source': 'a%20b' }, null)), [
    'header ce-source bad_format',
  ]);
});

test.run();
