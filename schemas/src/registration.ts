import { CONTRACTS } from './contracts.ts';
import { createRegistryClient, type RegistryClientOptions } from './registry/client.ts';
import type { Compatibility, SchemaRegistryTransport } from './registry/transport.ts';
import { valueSubject } from './topics.ts';

/**
 * Rule for the subjects of our own contracts: old readers read new records and new readers old ones, so
 * that services can be rolled out in any order. (CDC subjects follow the tables and stay at NONE.)
 */
export const CONTRACT_COMPATIBILITY: Compatibility = 'FULL';

export interface RegisteredContract {
  readonly subject: string;
  readonly schemaId: number;
}

/**
 * Registers every contract under its subject and sets the subject's compatibility. Doing it again changes
 * nothing.
 * @throws {CodecError} REGISTRY_UNAVAILABLE (retriable), REGISTRATION_REFUSED naming the subject
 */
export async function registerContracts(
  options: RegistryClientOptions | { readonly registry: SchemaRegistryTransport },
): Promise<RegisteredContract[]> {
  if ('registry' in options) return await registerWith(options.registry);
  const registry = createRegistryClient(options);
  try {
    return await registerWith(registry);
  } finally {
    registry.close();
  }
}

async function registerWith(registry: SchemaRegistryTransport): Promise<RegisteredContract[]> {
  const registered: RegisteredContract[] = [];
  for (const { topic, schemaText } of CONTRACTS) {
    const subject = valueSubject(topic);
    const schemaId = await registry.register(subject, schemaText);
    if ((await registry.compatibility(subject)) !== CONTRACT_COMPATIBILITY) {
      await registry.setCompatibility(subject, CONTRACT_COMPATIBILITY);
    }
    registered.push({ subject, schemaId });
  }
  return registered;
}
