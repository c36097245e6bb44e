/** A type of Postgres, what its columns are in Avro, and values that lose something in careless hands. */
export interface PostgresType {
  /** As in a column's definition; also where it is looked up in pg_type, without what is in parentheses. */
  readonly type: string;
  /** The Avro type of a column: a name as docs/types.md has it. */
  readonly avro: string;
  readonly values: readonly string[];
  /** Types that are not Postgres' own. */
  readonly own?: string;
  /** Values that only a string can hold: their columns are strings in the records that have them. */
  readonly asText?: readonly string[];
  /** Of an array of this type, where it is not that of a list of these. */
  readonly arrayAvro?: string;
}

const TEXT = ['größer 😀', '', 'a "b", {c}\\ \n\t end', 'NULL'];

/** Every type that a column can have in PostgreSQL 18, those of contrib's extensions, and one of each kind of our own. */
export const POSTGRES_TYPES: readonly PostgresType[] = [
  { type: 'boolean', avro: 'boolean', values: ['t', 'f'] },
  { type: 'smallint', avro: 'int', values: ['-32768', '32767'] },
  { type: 'integer', avro: 'int', values: ['-2147483648', '2147483647'] },
  {
    type: 'bigint',
    avro: 'long',
    values: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
  },
  {
    type: 'real',
    avro: 'float',
    values: ['0.1', '-0', '1e-45', '3.4028235e+38', 'NaN', '-Infinity', '16777216'],
  },
  {
    type: 'double precision',
    avro: 'double',
    values: ['0.1', '-0', '5e-324', '1.7976931348623157e+308', 'NaN', '-Infinity', '1e+20'],
  },
  {
    type: 'numeric(12,2)',
    avro: 'bytes (decimal)',
    values: ['19.90', '-0.01', '9999999999.99', '0'],
    asText: ['NaN'],
  },
  {
    type: 'numeric(5,-2)',
    avro: 'bytes (decimal)',
    values: ['12300', '-100', '9999900'],
    asText: ['NaN'],
  },
  { type: 'numeric(3,5)', avro: 'bytes (decimal)', values: ['0.00999', '-0.00001'] },
  {
    type: 'numeric',
    avro: 'record VariableScaleDecimal',
    values: [
      '1.50',
      '100',
      '1e+20',
      '-0.000',
      `1${'0'.repeat(131_071)}.${'0'.repeat(16_382)}1`,
      '123456789012345678901234567890.00000000000000000001',
    ],
    asText: ['NaN', 'Infinity', '-Infinity'],
  },
  {
    type: 'money',
    avro: 'bytes (decimal)',
    values: ['1234.56', '-92233720368547758.08', '0.01'],
    arrayAvro: 'array of string',
  },
  { type: 'text', avro: 'string', values: TEXT },
  { type: 'varchar(20)', avro: 'string', values: TEXT },
  { type: 'char(5)', avro: 'string', values: ['ab', '', 'äöüß '] },
  { type: '"char"', avro: 'string', values: ['a', '', '\\377', '"'] },
  { type: 'name', avro: 'string', values: ['a "name"', 'größe'] },
  { type: 'bytea', avro: 'bytes', values: ['\\x00ff10', '\\x', '\\x5c27'] },
  { type: 'bit(1)', avro: 'boolean', values: ['1', '0'], arrayAvro: 'array of string' },
  {
    type: 'bit(12)',
    avro: 'bytes (Bits)',
    values: ['100000000101', '000000000000', '000000000001'],
    arrayAvro: 'array of string',
  },
  { type: 'varbit(12)', avro: 'string', values: ['0101', '00101', '', '100000000101'] },
  { type: 'varbit', avro: 'string', values: ['0', '00', '1'.repeat(100)] },
  {
    type: 'date',
    avro: 'int (Date)',
    values: ['2026-02-28', '1582-10-10', '0044-03-15 BC', '4713-01-01 BC', '5874897-12-31'],
    asText: ['infinity', '-infinity'],
  },
  {
    type: 'time',
    avro: 'long (MicroTime)',
    values: ['00:00:00', '23:59:59.999999', '24:00:00', '12:00:00.1'],
  },
  {
    type: 'time with time zone',
    avro: 'string (ZonedTime)',
    values: ['12:34:56.1+00', '24:00:00+05:30', '00:00:00-15:59:59', '23:59:59.999999+10'],
  },
  {
    type: 'timestamp',
    avro: 'long (MicroTimestamp)',
    values: [
      '2026-01-01 12:34:56.123456',
      '1969-12-31 23:59:59.999999',
      '1582-10-10 00:00:00',
      '4713-01-01 00:00:00 BC',
      '9999-12-31 23:59:59.999999',
    ],
    asText: ['294276-12-31 23:59:59.999999', '294247-01-10 04:00:25.2', 'infinity', '-infinity'],
  },
  {
    type: 'timestamp(3)',
    avro: 'long (Timestamp)',
    values: ['2026-01-01 12:34:56.123', '294276-12-31 23:59:59.999', '4713-01-01 00:00:00 BC'],
    asText: ['infinity', '-infinity'],
  },
  {
    type: 'timestamp with time zone',
    avro: 'string (ZonedTimestamp)',
    values: [
      '2026-01-01 12:34:56.123456+05:30',
      '1582-10-10 00:00:00+00',
      '4713-01-01 00:00:00+00 BC',
      '294276-12-31 23:59:59.999999+00',
      'infinity',
      '-infinity',
    ],
  },
  {
    type: 'interval',
    avro: 'string (Interval)',
    values: [
      '1 year 2 mons 3 days 04:05:06.789012',
      '-1 days',
      '1 mon -1 days +00:00:00.000001',
      '-04:05:06',
      '00:00:00',
      '-178000000 years',
      '2562047788:00:54.775807',
      'infinity',
      '-infinity',
    ],
    arrayAvro: 'array of string',
  },
  {
    type: 'uuid',
    avro: 'string (Uuid)',
    values: ['0191f1d2-0000-7000-8000-00000000000a'],
  },
  {
    type: 'json',
    avro: 'string (Json)',
    values: ['{"b": 1.10, "a":  2, "a": 3}', 'null', '12345678901234567890.10'],
  },
  {
    type: 'jsonb',
    avro: 'string (Json)',
    values: ['{"price": 12345678901234567890.10, "a": [1, null]}', '"x"', '1e+400'],
  },
  { type: 'jsonpath', avro: 'string', values: ['$."a"[*]?(@ > 1)'] },
  {
    type: 'xml',
    avro: 'string (Xml)',
    values: ['<a b="1">ü</a>', '<?xml version="1.0"?><a/>'],
    arrayAvro: 'array of string',
  },
  {
    type: 'tsvector',
    avro: 'string (Tsvector)',
    values: ["'fat':2A 'it''s':1"],
    arrayAvro: 'array of string',
  },
  { type: 'tsquery', avro: 'string', values: ["'fat' & !'rat':B"] },
  { type: 'inet', avro: 'string', values: ['10.0.0.1/8', '::1'] },
  { type: 'cidr', avro: 'string', values: ['10.0.0.0/8', '::/0'] },
  { type: 'macaddr', avro: 'string', values: ['08:00:2b:01:02:03'] },
  { type: 'macaddr8', avro: 'string', values: ['08:00:2b:01:02:03:04:05'] },
  {
    type: 'point',
    avro: 'record Point',
    values: ['(0.1,-0)', '(NaN,Infinity)', '(1e+300,5e-324)'],
    arrayAvro: 'array of string',
  },
  {
    type: 'line',
    avro: 'record Line',
    values: ['{1,-1,0.1}', '{0,1,NaN}'],
    arrayAvro: 'array of string',
  },
  {
    type: 'lseg',
    avro: 'record Geometry',
    values: ['[(0,0),(0.1,1)]'],
    arrayAvro: 'array of string',
  },
  {
    type: 'box',
    avro: 'record Geometry',
    values: ['(1,1),(0,-0.1)', '(0,0),(0,0)'],
    arrayAvro: 'array of string',
  },
  {
    type: 'path',
    avro: 'record Geometry',
    values: ['((0,0),(1,1),(0,0))', '[(0,0),(0.1,1)]', '[(0,0)]'],
    arrayAvro: 'array of string',
  },
  {
    type: 'polygon',
    avro: 'record Geometry',
    values: ['((0,0),(1,1),(0,2))', '((0,0),(0.1,1))'],
    asText: ['((0,0),(1,1),(0,0))', '((0,0))'],
    arrayAvro: 'array of string',
  },
  {
    type: 'circle',
    avro: 'record Circle',
    values: ['<(0.1,0),1>', '<(0,0),0>'],
    arrayAvro: 'array of string',
  },
  { type: 'int4range', avro: 'string', values: ['[1,10)', 'empty', '(,)'] },
  { type: 'int8range', avro: 'string', values: ['[1,9223372036854775807)'] },
  { type: 'numrange', avro: 'string', values: ['[1.50,2.00]', '(,NaN]'] },
  {
    type: 'tsrange',
    avro: 'string',
    values: ['["2026-01-01 12:34:56.1","2026-01-02 00:00:00")', '[-infinity,infinity]'],
  },
  {
    type: 'tstzrange',
    avro: 'string',
    values: ['["2026-01-01 12:34:56.1+05:30",infinity)', '["0044-03-15 00:00:00+00 BC",)'],
  },
  { type: 'daterange', avro: 'string', values: ['[2026-01-01,infinity)', '["0044-03-15 BC",)'] },
  { type: 'int4multirange', avro: 'string', values: ['{[1,3),[5,7)}', '{}'] },
  { type: 'int8multirange', avro: 'string', values: ['{[1,3)}'] },
  { type: 'nummultirange', avro: 'string', values: ['{[1.50,2.0],(7,)}'] },
  { type: 'tsmultirange', avro: 'string', values: ['{["2026-01-01 12:00:00",infinity)}'] },
  { type: 'tstzmultirange', avro: 'string', values: ['{["2026-01-01 12:00:00+05:30",)}'] },
  { type: 'datemultirange', avro: 'string', values: ['{[2026-01-01,2026-02-01)}'] },
  { type: 'oid', avro: 'long', values: ['4294967295', '0'] },
  { type: 'xid', avro: 'string', values: ['4294967295'] },
  { type: 'xid8', avro: 'string', values: ['18446744073709551615'] },
  { type: 'cid', avro: 'string', values: ['4294967295'] },
  { type: 'tid', avro: 'string', values: ['(4294967295,65535)'] },
  { type: 'pg_lsn', avro: 'string', values: ['16/B374D848', 'FFFFFFFF/FFFFFFFF'] },
  { type: 'pg_snapshot', avro: 'string', values: ['10:20:10,14,15'] },
  { type: 'txid_snapshot', avro: 'string', values: ['10:20:10,14,15'] },
  { type: 'regclass', avro: 'string', values: ['pg_class', 'information_schema.columns'] },
  { type: 'regcollation', avro: 'string', values: ['"C"'] },
  { type: 'regconfig', avro: 'string', values: ['english'] },
  { type: 'regdictionary', avro: 'string', values: ['simple'] },
  { type: 'regnamespace', avro: 'string', values: ['pg_catalog'] },
  { type: 'regoper', avro: 'string', values: ['||/'] },
  { type: 'regoperator', avro: 'string', values: ['+(integer,integer)'] },
  { type: 'regproc', avro: 'string', values: ['array_in'] },
  { type: 'regprocedure', avro: 'string', values: ['abs(integer)'] },
  { type: 'regrole', avro: 'string', values: ['debezium'] },
  { type: 'regtype', avro: 'string', values: ['timestamp with time zone', 'integer[]'] },
  { type: 'refcursor', avro: 'string', values: ['a "cursor"'] },
  { type: 'aclitem', avro: 'string', values: ['debezium=r/debezium'] },
  { type: 'int2vector', avro: 'string', values: ['1 -2 3', ''] },
  { type: 'oidvector', avro: 'string', values: ['1 4294967295'] },
  { type: 'citext', avro: 'string', values: TEXT, own: 'extension citext' },
  {
    type: 'hstore',
    avro: 'string (Json)',
    values: ['"a"=>"1", "b"=>NULL, "ü \\"q\\""=>""', ''],
    own: 'extension hstore',
  },
  { type: 'ltree', avro: 'string (Ltree)', values: ['Top.Science'], own: 'extension ltree' },
  { type: 'lquery', avro: 'string', values: ['Top.*{1,2}'], own: 'extension ltree' },
  { type: 'cube', avro: 'string', values: ['(1, 2),(3, 4.5)'], own: 'extension cube' },
  { type: 'seg', avro: 'string', values: ['1.50 .. 2.0'], own: 'extension seg' },
  { type: 'isbn', avro: 'string', values: ['0-14-028329-3'], own: 'extension isn' },
  { type: 'ean13', avro: 'string', values: ['978-0-14-028329-7'], own: 'extension isn' },
  {
    type: 'mood',
    avro: 'string (Enum)',
    values: ['sad', 'a, "b"'],
    own: 'enum',
    arrayAvro: 'array of string',
  },
  {
    type: 'address',
    avro: 'string',
    values: [
      '("a ""street"", 1",12345,"{1,2}","1 year 2 mons","2026-01-01 12:00:00+05:30")',
      '(,,,,)',
    ],
    own: 'composite',
  },
  { type: 'span', avro: 'string', values: ['["1 mon","1 year 2 mons")'], own: 'range' },
  { type: 'multispan', avro: 'string', values: ['{["1 mon","1 year 2 mons")}'], own: 'range' },
  {
    type: 'amount',
    avro: 'bytes (decimal)',
    values: ['1.50'],
    asText: ['NaN'],
    own: 'domain over numeric(7,2)',
    arrayAvro: 'array of string',
  },
  {
    type: 'percentages',
    avro: 'array of int',
    values: ['{1,NULL,3}'],
    asText: ['[0:1]={1,2}'],
    own: 'domain over integer[]',
    arrayAvro: 'array of string',
  },
];

/** What makes the types that are not Postgres' own. */
export const OWN_TYPES = `
  create type mood as enum ('sad', 'a, "b"', 'content');
  create type address as (street text, zip int, flats int[], since interval, moved timestamptz);
  create type span as range (subtype = interval, multirange_type_name = multispan);
  create domain amount as numeric(7,2) check (value > 0);
  create domain percentages as integer[];`;

export const EXTENSIONS = ['citext', 'hstore', 'ltree', 'cube', 'seg', 'isn'] as const;

/** Columns cannot have a value of these: Postgres makes them itself, for its catalogs and indexes. */
export const WITHOUT_VALUES = [
  'gtsvector',
  'pg_brin_bloom_summary',
  'pg_brin_minmax_multi_summary',
  'pg_dependencies',
  'pg_mcv_list',
  'pg_ndistinct',
  'pg_node_tree',
] as const;
