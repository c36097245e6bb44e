/** A column: name, type, and its value in row `i` as SQL. */
type Column = readonly [name: string, type: string, value: string];

/** A table of a sample schema. The first `keys` columns are its primary key, of which no two rows share a value. */
export interface SampleTable {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly keys: number;
  /** In SQL: what follows the columns, such as generated columns. */
  readonly more?: string;
  /** Rows are written through the table of this name, which is partitioned or is a parent. */
  readonly through?: string;
}

const name = (what: string): Column => [
  'name',
  'varchar(60) not null',
  `'${what} "№ ' || i || '", o''clock'`,
];
const id = (column: string): Column => [column, 'int', 'i'];
const changed: Column = [
  'last_update',
  'timestamp not null default now()',
  "'2006-02-15 04:34:33'::timestamp + i * interval '1 hour 0.000001 s'",
];

/** A trading company: orders and what belongs to them. */
export const TRADE: readonly SampleTable[] = [
  {
    table: 'categories',
    keys: 1,
    columns: [
      id('category_id'),
      name('Category'),
      ['picture', 'bytea', "decode(md5(i::text), 'hex')"],
    ],
  },
  {
    table: 'customers',
    keys: 1,
    columns: [['customer_id', 'char(5)', "lpad(i::text, 4, 'C')"], name('Größe & Söhne')],
  },
  {
    table: 'employees',
    keys: 1,
    columns: [
      id('employee_id'),
      name('Nancy'),
      ['birth_date', 'date', "'1948-12-08'::date - i * 400"],
      ['photo', 'bytea', 'case when i % 3 > 0 then sha256(i::text::bytea) end'],
      ['reports_to', 'int', 'nullif(i - 1, 0)'],
    ],
  },
  {
    table: 'suppliers',
    keys: 1,
    columns: [id('supplier_id'), name('東京'), ['fax', 'text', 'null::text']],
  },
  { table: 'shippers', keys: 1, columns: [id('shipper_id'), name('Speedy')] },
  { table: 'region', keys: 1, columns: [['region_id', 'smallint', 'i'], name('Region')] },
  {
    table: 'territories',
    keys: 1,
    columns: [['territory_id', 'varchar(20)', "'0' || i"], name('Territory')],
  },
  {
    table: 'employee_territories',
    keys: 2,
    columns: [
      ['employee_id', 'int', 'i / 7'],
      ['territory_id', 'varchar(20)', "'0' || i % 7"],
      ['since', 'daterange', "daterange('2020-01-01'::date, '2020-01-01'::date + i)"],
    ],
  },
  {
    table: 'products',
    keys: 1,
    columns: [
      id('product_id'),
      name('Chai'),
      ['unit_price', 'numeric(12,4)', 'i / 8.0'],
      ['discontinued', 'boolean', 'i % 2 = 0'],
    ],
    more: ', gross numeric(14,4) generated always as (unit_price * 1.19) stored',
  },
  {
    table: 'orders',
    keys: 1,
    columns: [
      ['order_id', 'bigint', '9007199254730000 + i'],
      [
        'ordered_at',
        'timestamptz',
        "'1996-07-04 00:00:00.25+02'::timestamptz + i * interval '1 day'",
      ],
      ['freight', 'double precision', 'i / 7.0'],
      ['ship_name', 'text', "repeat('long ', i * 20)"],
    ],
  },
  {
    table: 'Order Details',
    keys: 2,
    columns: [
      ['order_id', 'bigint', '9007199254730000 + i / 5'],
      ['product_id', 'int', 'i % 5'],
      ['discount', 'numeric', 'i / 1000.0'],
    ],
  },
  { table: 'us_states', keys: 1, columns: [['state_id', 'smallint', 'i'], name('State')] },
  {
    table: 'customer_demographics',
    keys: 1,
    columns: [
      ['type_id', 'char(10)', "'T' || i"],
      ['description', 'text', "E'a\\\\tb\\n' || i"],
    ],
  },
  {
    table: 'customer_customer_demo',
    keys: 2,
    columns: [
      ['customer_id', 'char(5)', "lpad((i / 3)::text, 4, 'C')"],
      ['type_id', 'char(10)', "'T' || i % 3"],
      ['note', 'text', "''"],
    ],
  },
];

const MONTHS = [1, 2, 3, 4];

/** Rental of films. */
export const RENTAL: readonly SampleTable[] = [
  { table: 'actor', keys: 1, columns: [id('actor_id'), name('Penelope'), changed] },
  {
    table: 'film',
    keys: 1,
    columns: [
      id('film_id'),
      ['title', 'text not null', "'Academy Dinosaur ' || i"],
      ['release_year', 'year', '1901 + i % 200'],
      ['rating', 'mpaa_rating', '(enum_range(null::mpaa_rating))[1 + i % 5]'],
      ['special_features', 'text[]', "array['Trailers, ' || i, null, 'Deleted \"Scenes\"']"],
      ['fulltext', 'tsvector', "to_tsvector('english', 'epic drama of ' || i)"],
      ['replacement_cost', 'numeric(5,2)', '19.99'],
      changed,
    ],
    more: ', shout text generated always as (upper(title)) stored',
  },
  {
    table: 'film_actor',
    keys: 2,
    columns: [['actor_id', 'int', 'i / 11'], ['film_id', 'int', 'i % 11'], changed],
  },
  { table: 'category', keys: 1, columns: [id('category_id'), name('Action'), changed] },
  {
    table: 'film_category',
    keys: 2,
    columns: [['film_id', 'int', 'i / 2'], ['category_id', 'int', 'i % 2'], changed],
  },
  { table: 'language', keys: 1, columns: [id('language_id'), ['name', 'char(20)', "'L' || i"]] },
  { table: 'country', keys: 1, columns: [id('country_id'), name('Country'), changed] },
  { table: 'city', keys: 1, columns: [id('city_id'), name('A Coruña'), changed] },
  {
    table: 'address',
    keys: 1,
    columns: [
      id('address_id'),
      ['location', 'jsonb', "jsonb_build_object('lat', i / 3.0, 'tags', array['a', null])"],
      ['ip', 'inet', "'10.0.0.0'::inet + i"],
    ],
  },
  { table: 'store', keys: 1, columns: [['store_id', 'uuid', 'md5(i::text)::uuid'], changed] },
  {
    table: 'staff',
    keys: 1,
    columns: [
      id('staff_id'),
      ['email', 'email', "'a' || i || '@example.com'"],
      ['picture', 'bytea', "'\\x00ff'::bytea"],
      ['hours', 'interval', "i * interval '1 month 1 day 00:00:00.5'"],
    ],
  },
  {
    table: 'customer',
    keys: 1,
    columns: [id('customer_id'), ['active', 'boolean', 'null::boolean'], changed],
  },
  {
    table: 'inventory',
    keys: 1,
    columns: [id('inventory_id'), ['shelves', 'int[]', 'array[i, null, -i]'], changed],
  },
  {
    table: 'rental',
    keys: 1,
    columns: [
      id('rental_id'),
      [
        'during',
        'tsrange',
        "tsrange('2022-01-01'::timestamp, '2022-01-01'::timestamp + i * interval '1 h')",
      ],
      ['opens', 'time', "'00:00:01.5'::time + i * interval '1 s'"],
    ],
  },
  ...MONTHS.map((month) => ({
    table: `payment_${month}`,
    through: 'payment',
    keys: 2,
    columns: [
      id('payment_id'),
      ['payment_date', 'timestamp', `'2022-${month}-01'::timestamp + i * interval '1 second'`],
      ['amount', 'numeric(7,2)', 'i / 4.0'],
    ] as const,
  })),
  ...['video', 'book'].map((table) => ({
    table,
    through: 'media',
    keys: 1,
    columns: [
      ['media_id', 'int', 'i'],
      ['title', 'text', `'${table} ' || i`],
      [`${table}_length`, 'int', 'i * 60'],
    ] as const,
  })),
];

/** SQL that makes the tables of a sample in a schema, empty. */
export function createSample(schema: string, tables: readonly SampleTable[]): string {
  const plain = tables
    .filter(({ through }) => through === undefined)
    .map(
      ({ table, columns, keys, more = '' }) =>
        `create table "${table}" (${columns.map(([column, type]) => `${column} ${type}`).join(', ')}${more}, primary key (${keysOf({ columns, keys }).join(', ')}));`,
    );
  const rental = tables.some(({ through }) => through === 'payment');
  return [
    `create schema ${schema}; set local search_path to ${schema};`,
    ...(rental
      ? [
          `create type mpaa_rating as enum ('G', 'PG', 'PG-13', 'R', 'NC-17');
           create domain year as int check (value between 1901 and 2155);
           create domain email as varchar(80) not null;
           create table media (media_id int primary key, title text);
           create table video (video_length int, primary key (media_id)) inherits (media);
           create table book (book_length int, primary key (media_id)) inherits (media);
           create table payment (payment_id int, payment_date timestamp, amount numeric(7,2),
             primary key (payment_id, payment_date)) partition by range (payment_date);`,
          ...MONTHS.map(
            (month) =>
              `create table payment_${month} partition of payment for values from ('2022-${month}-01') to ('2022-${month + 1}-01');`,
          ),
        ]
      : []),
    ...plain,
  ].join('\n');
}

/** SQL that writes rows `from` to `to`. */
export function insertRows(
  schema: string,
  { table, columns, through }: SampleTable,
  { from, to }: { readonly from: number; readonly to: number },
): string {
  const target = through === 'payment' ? through : table;
  return `insert into ${schema}."${target}" (${columns.map(([column]) => column).join(', ')})
    select ${columns.map(([, , value]) => `(${value})`).join(', ')} from generate_series(${from}, ${to}) as i`;
}

/** SQL that gives row `i` the values of row `like`, but for its key. */
export function updateRow(
  schema: string,
  { table, columns, keys }: SampleTable,
  { i, like }: { readonly i: number; readonly like: number },
): string {
  const rest = columns.slice(keys);
  return `update ${schema}."${table}" as t set (${rest.map(([column]) => column).join(', ')}) =
    (select ${rest.map(([, , value]) => `(${value})`).join(', ')} from (values (${like})) as n (i)) ${where({ columns, keys }, i)}`;
}

/** SQL that deletes row `i`. */
export function deleteRow(
  schema: string,
  { table, columns, keys }: SampleTable,
  { i }: { readonly i: number },
): string {
  return `delete from ${schema}."${table}" as t ${where({ columns, keys }, i)}`;
}

type Keyed = Pick<SampleTable, 'columns' | 'keys'>;

function keysOf({ columns, keys }: Keyed): string[] {
  return columns.slice(0, keys).map(([column]) => column);
}

function where({ columns, keys }: Keyed, i: number): string {
  const conditions = columns
    .slice(0, keys)
    .map(
      ([column, type, value]) =>
        `t.${column} = (select (${value})::${type} from (values (${i})) as n (i))`,
    );
  return `where ${conditions.join(' and ')}`;
}
