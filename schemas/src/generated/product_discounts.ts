// Generated from avro/product_discounts.avsc by `make codegen`: edit that file instead.

/** The present state of a product's discount, published by a system without a captured database. The Kafka key is product_id. */
export interface ProductDiscount {
  /** Identifier of the product. */
  readonly product_id: string;
  /** Kind of discount. */
  readonly discount_type: string;
  /** Percentage off the price, 0 to 100. Decimal text, at most 5 digits, 2 after the point. */
  readonly discount_percentage: string;
  /** First instant the discount is in force; null: since ever. Unix microseconds. */
  readonly start_date: bigint | null;
  /** First instant the discount is no longer in force; null: for ever. Unix microseconds. */
  readonly end_date: bigint | null;
  /** Pieces one has to buy, 1 or more. */
  readonly minimum_quantity: number;
  /** Most that is taken off the price; null: no limit. Decimal text, at most 12 digits, 2 after the point. */
  readonly maximum_discount: string | null;
  /** Identifier of the discount; null: <product_id>:<discount_type>. */
  readonly discount_id: string | null;
}

/** The Avro schema itself, as JSON text. */
export const productDiscountSchemaText =
  '{"type":"record","name":"ProductDiscount","namespace":"shelfcast","doc":"The present state of a product\'s discount, published by a system without a captured database. The Kafka key is product_id.","key":"product_id","ordered":[["start_date","end_date"]],"fields":[{"name":"product_id","type":"string","doc":"Identifier of the product.","minLength":1,"maxLength":255,"example":"P-1001"},{"name":"discount_type","type":"string","doc":"Kind of discount.","minLength":1,"maxLength":255,"example":"seasonal"},{"name":"discount_percentage","type":{"type":"bytes","logicalType":"decimal","precision":5,"scale":2},"doc":"Percentage off the price, 0 to 100.","minimum":0,"maximum":100,"example":"15.00"},{"name":"start_date","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null,"doc":"First instant the discount is in force; null: since ever.","example":"2026-02-01T00:00:00Z"},{"name":"end_date","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null,"doc":"First instant the discount is no longer in force; null: for ever.","example":"2026-03-01T00:00:00Z"},{"name":"minimum_quantity","type":"int","default":1,"doc":"Pieces one has to buy, 1 or more.","minimum":1,"example":1},{"name":"maximum_discount","type":["null",{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}],"default":null,"doc":"Most that is taken off the price; null: no limit.","minimum":0,"example":"50.00"},{"name":"discount_id","type":["null","string"],"default":null,"doc":"Identifier of the discount; null: <product_id>:<discount_type>.","minLength":1,"maxLength":511,"example":null}]}';
