import type { Contract } from './contract.ts';
import { type Country, countrySchemaText } from './generated/country.ts';
import { type MonitoringEvent, monitoringEventSchemaText } from './generated/monitoring-event.ts';
import { type ProductDiscount, productDiscountSchemaText } from './generated/product_discounts.ts';
import { type ProductUpdate, productUpdateSchemaText } from './generated/product_updates.ts';
import { type StockAlert, stockAlertSchemaText } from './generated/stock_alert.ts';
import { MONITORING_TOPIC, STOCK_ALERTS_TOPIC } from './topics.ts';

export const MONITORING_EVENT: Contract<MonitoringEvent> = {
  topic: MONITORING_TOPIC,
  schemaText: monitoringEventSchemaText,
};
export const PRODUCT_UPDATE: Contract<ProductUpdate> = {
  topic: 'product_updates',
  schemaText: productUpdateSchemaText,
};
export const COUNTRY: Contract<Country> = { topic: 'country', schemaText: countrySchemaText };
export const PRODUCT_DISCOUNT: Contract<ProductDiscount> = {
  topic: 'product_discounts',
  schemaText: productDiscountSchemaText,
};

export const STOCK_ALERT: Contract<StockAlert> = {
  topic: STOCK_ALERTS_TOPIC,
  schemaText: stockAlertSchemaText,
};

/** The contracts of the manual topics, by topic. */
export const MANUAL_CONTRACTS = {
  product_updates: PRODUCT_UPDATE,
  country: COUNTRY,
  product_discounts: PRODUCT_DISCOUNT,
} as const;

/** Every contract of ours; each is registered under `<topic>-value`. */
export const CONTRACTS: readonly Contract<unknown>[] = [
  MONITORING_EVENT,
  STOCK_ALERT,
  ...Object.values(MANUAL_CONTRACTS),
];
