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
  '{"type":"record","name":"ProductDiscount","namespace":"shelfcast","doc":"The present state of a product\'s discount, published by a system without a captured database. The Kafka key is product_id.","fields":[{"name":"product_id","type":"string","doc":"Identifier of the product."},{"name":"discount_type","type":"string","doc":"Kind of discount."},{"name":"discount_percentage","type":{"type":"bytes","logicalType":"decimal","precision":5,"scale":2},"doc":"Percentage off the price, 0 to 100."},{"name":"start_date","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null,"doc":"First instant the discount is in force; null: since ever."},{"name":"end_date","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null,"doc":"First instant the discount is no longer in force; null: for ever."},{"name":"minimum_quantity","type":"int","default":1,"doc":"Pieces one has to buy, 1 or more."},{"name":"maximum_discount","type":["null",{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}],"default":null,"doc":"Most that is taken off the price; null: no limit."},{"name":"discount_id","type":["null","string"],"default":null,"doc":"Identifier of the discount; null: <product_id>:<discount_type>."}]}';
