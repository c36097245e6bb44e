import { registerContracts } from '@shelfcast/schemas/registration';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import { registryConnection, registrySettings } from '@shelfcast/service-kit/config/settings';
import { print, printError } from '@shelfcast/service-kit/process/print';
import { z } from 'zod';

// Registers the Avro contracts of the topics that are not captured tables: a job of docker-compose.yml.
try {
  const settings = loadConfig(z.object(registrySettings), { env: process.env });
  for (const { subject, schemaId } of await registerContracts(registryConnection(settings))) {
    print(`${subject}: schema ${schemaId}`);
  }
} catch (error) {
  printError(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
