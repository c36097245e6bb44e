// Generated from avro/product_updates.avsc by `make codegen`: edit that file instead.

/** The present state of a product, published by a system without a captured database. The Kafka key is product_id. */
export interface ProductUpdate {
  /** Identifier of the product. */
  readonly product_id: string;
  /** Name of the product. */
  readonly name: string;
  /** Price, above 0. Decimal text, at most 12 digits, 2 after the point. */
  readonly price: string;
  /** Category the product is sold in. */
  readonly category: string;
  /** Brand of the product. */
  readonly brand: string;
  /** Pieces in stock, 0 or more. */
  readonly stock_quantity: number;
  /** Weight in kilograms, above 0. Decimal text, at most 10 digits, 3 after the point. */
  readonly weight: string;
  /** Outer dimensions, as text. */
  readonly dimensions: string;
}

/** The Avro schema itself, as JSON text. */
export const productUpdateSchemaText =
  '{"type":"record","name":"ProductUpdate","namespace":"shelfcast","doc":"The present state of a product, published by a system without a captured database. The Kafka key is product_id.","key":"product_id","fields":[{"name":"product_id","type":"string","doc":"Identifier of the product.","minLength":1,"maxLength":255,"example":"P-1001"},{"name":"name","type":"string","doc":"Name of the product.","maxLength":1000,"example":"Walnut desk"},{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2},"doc":"Price, above 0.","exclusiveMinimum":0,"example":"249.90"},{"name":"category","type":"string","doc":"Category the product is sold in.","maxLength":1000,"example":"Furniture"},{"name":"brand","type":"string","doc":"Brand of the product.","maxLength":1000,"example":"Nordholm"},{"name":"stock_quantity","type":"int","doc":"Pieces in stock, 0 or more.","minimum":0,"example":12},{"name":"weight","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":3},"doc":"Weight in kilograms, above 0.","exclusiveMinimum":0,"example":"31.500"},{"name":"dimensions","type":"string","doc":"Outer dimensions, as text.","maxLength":1000,"example":"140 x 70 x 75 cm"}]}';
