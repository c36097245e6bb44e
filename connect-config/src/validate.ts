import type { ConnectClient } from './connect-client.ts';
import type { ConnectorConfig } from './render.ts';

export interface ConfigProblem {
  readonly property: string;
  readonly problem: string;
}

export interface ConnectorValidation {
  /** What Kafka Connect or Debezium does not accept, the database's answer to a login included. */
  readonly errors: readonly ConfigProblem[];
  /** Properties nothing reads: Connect ignores a misspelt name without a word. */
  readonly unknown: readonly string[];
}

/** Real properties that the plugins do not list among theirs. */
const UNLISTED = [
  // read by the converters
  /^(key|value)\.converter\./,
  // read by Debezium 3.7 (PostgresConnectorConfig, CommonConnectorConfig)
  /^offset\.mismatch\.strategy$/,
  /^queue\.provider\.type$/,
  /^converters$/,
  /^text\.type$/,
  // read by Debezium's sessions, and by the driver
  /^database\.connection\.factory\.class$/,
  /^driver\./,
  // read by the producer
  /^producer\.override\./,
];

/** Asks Kafka Connect, and through it Debezium and the database, whether a configuration is a good one. */
export async function validateConnector(
  client: Pick<ConnectClient, 'validate'>,
  config: ConnectorConfig,
): Promise<ConnectorValidation> {
  const { configs } = await client.validate({ name: 'validation', ...config });
  const known = new Set(configs.map(({ definition }) => definition.name));
  return {
    errors: configs.flatMap(({ value }) =>
      value.errors.map((problem) => ({ property: value.name, problem })),
    ),
    unknown: Object.keys(config).filter(
      (property) => !known.has(property) && !UNLISTED.some((pattern) => pattern.test(property)),
    ),
  };
}
