// Generated from avro/country.avsc by `make codegen`: edit that file instead.

/** The present state of a country's business, published by a system without a captured database. The Kafka key is country_id. */
export interface Country {
  /** Identifier of the country. */
  readonly country_id: string;
  /** Name of the country. */
  readonly name: string;
  /** Who is responsible for the country. */
  readonly manager: string;
  /** Products sold there, 0 or more. */
  readonly product_count: number;
  /** Sales so far, 0 or more. Decimal text, at most 14 digits, 2 after the point. */
  readonly total_sales: string;
  /** When the figures were taken. Unix microseconds. */
  readonly last_updated: bigint | null;
}

/** The Avro schema itself, as JSON text. */
export const countrySchemaText =
  '{"type":"record","name":"Country","namespace":"shelfcast","doc":"The present state of a country\'s business, published by a system without a captured database. The Kafka key is country_id.","key":"country_id","fields":[{"name":"country_id","type":"string","doc":"Identifier of the country.","minLength":1,"maxLength":255,"example":"NO"},{"name":"name","type":"string","doc":"Name of the country.","maxLength":1000,"example":"Norway"},{"name":"manager","type":"string","doc":"Who is responsible for the country.","maxLength":1000,"example":"Ingrid Solheim"},{"name":"product_count","type":"int","doc":"Products sold there, 0 or more.","minimum":0,"example":420},{"name":"total_sales","type":{"type":"bytes","logicalType":"decimal","precision":14,"scale":2},"doc":"Sales so far, 0 or more.","minimum":0,"example":"1250000.00"},{"name":"last_updated","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null,"doc":"When the figures were taken.","example":"2026-01-31T12:00:00Z"}]}';
