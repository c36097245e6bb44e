// Generated from avro/stock_alert.avsc by `make codegen`: edit that file instead.

/** low: fell to the low threshold or below; out: nothing is left; back: rose to the back threshold after having been low or out. A reader that does not know a newer kind reads it as unknown. */
export type StockAlertKind =
  | 'unknown'
  | 'low'
  | 'out'
  | 'back';

/** A product's stock crossed a threshold; published by the inventory consumer. The Kafka key is product_id. */
export interface StockAlert {
  /** UUID, a function of the change that caused the alert: an alert that comes twice has the same id. */
  readonly id: string;
  /** Identifier of the product. */
  readonly product_id: string;
  /** Which threshold was crossed. */
  readonly kind: StockAlertKind;
  /** Stock after the change. */
  readonly stock_quantity: bigint;
  /** The threshold that was crossed; 0 for out. */
  readonly threshold: bigint;
  /** When the change was committed, or the event accepted. Unix microseconds. */
  readonly occurred_at: bigint;
  /** Id of the change that caused the alert (Change.id). */
  readonly cause_change_id: string;
}

/** The Avro schema itself, as JSON text. */
export const stockAlertSchemaText =
  '{"type":"record","name":"StockAlert","namespace":"shelfcast","doc":"A product\'s stock crossed a threshold; published by the inventory consumer. The Kafka key is product_id.","fields":[{"name":"id","type":"string","doc":"UUID, a function of the change that caused the alert: an alert that comes twice has the same id."},{"name":"product_id","type":"string","doc":"Identifier of the product."},{"name":"kind","doc":"Which threshold was crossed.","type":{"type":"enum","name":"StockAlertKind","doc":"low: fell to the low threshold or below; out: nothing is left; back: rose to the back threshold after having been low or out. A reader that does not know a newer kind reads it as unknown.","symbols":["unknown","low","out","back"],"default":"unknown"}},{"name":"stock_quantity","type":"long","doc":"Stock after the change."},{"name":"threshold","type":"long","doc":"The threshold that was crossed; 0 for out."},{"name":"occurred_at","type":{"type":"long","logicalType":"timestamp-micros"},"doc":"When the change was committed, or the event accepted."},{"name":"cause_change_id","type":"string","doc":"Id of the change that caused the alert (Change.id)."}]}';
