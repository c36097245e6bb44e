import type { Contract } from '@shelfcast/schemas/contract';

export interface ProbeKey {
  readonly product_id: string;
}

interface ProbeRow {
  readonly product_id: string;
  readonly name: string | null;
  readonly stock_quantity: number;
}

/** The part of a Debezium envelope that the runtime reads. */
export interface ProbeEnvelope {
  readonly before: ProbeRow | null;
  readonly after: ProbeRow | null;
  readonly source: {
    readonly schema: string;
    readonly table: string;
    readonly lsn: bigint;
    readonly sequence: string;
    readonly ts_us: bigint;
  };
  readonly op: string;
  readonly ts_us: bigint;
}

const row = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'product_id', type: 'string' },
    { name: 'name', type: ['null', 'string'] },
    { name: 'stock_quantity', type: 'int' },
  ],
};

export function envelopeContract(topic: string): Contract<ProbeEnvelope> {
  return {
    topic,
    schemaText: JSON.stringify({
      type: 'record',
      name: 'Envelope',
      namespace: 'probe',
      fields: [
        { name: 'before', type: ['null', row] },
        { name: 'after', type: ['null', 'probe.Row'] },
        {
          name: 'source',
          type: {
            type: 'record',
            name: 'Source',
            fields: [
              { name: 'schema', type: 'string' },
              { name: 'table', type: 'string' },
              { name: 'lsn', type: 'long' },
              { name: 'sequence', type: 'string' },
              { name: 'ts_us', type: 'long' },
            ],
          },
        },
        { name: 'op', type: 'string' },
        { name: 'ts_us', type: 'long' },
      ],
    }),
  };
}

export function keyContract(topic: string): Contract<ProbeKey> {
  return {
    topic: `${topic}.key`,
    schemaText: JSON.stringify({
      type: 'record',
      name: 'Key',
      namespace: 'probe',
      fields: [{ name: 'product_id', type: 'string' }],
    }),
  };
}
