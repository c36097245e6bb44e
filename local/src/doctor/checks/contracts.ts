import { CONTRACT_COMPATIBILITY } from '@shelfcast/schemas/registration';
import { type Finding, orOk, problem } from '@shelfcast/service-kit/finding';
import type { RegistryFacts } from '../facts/registry.ts';

/** The schema registry: our contracts are in it, and nothing there stops the connector. */
export function checkContracts({
  url,
  curl = 'curl',
  contracts,
  cdcSubjects,
}: RegistryFacts): Finding[] {
  const missing = contracts
    .filter(({ registered }) => !registered)
    .map(({ subject }) =>
      problem('contracts', `The contract of ${subject} is not registered.`, 'make start'),
    );
  const loose = contracts
    .filter(
      ({ registered, compatibility }) => registered && compatibility !== CONTRACT_COMPATIBILITY,
    )
    .map(({ subject, compatibility }) =>
      problem(
        'contracts',
        `${subject} has compatibility ${compatibility ?? 'of the registry'} instead of ${CONTRACT_COMPATIBILITY}: a change could break readers.`,
        'make start',
      ),
    );
  // One incompatible table would make the converter throw, which stops them all.
  const strict = cdcSubjects
    .filter(({ compatibility }) => compatibility !== undefined && compatibility !== 'NONE')
    .map(({ subject, compatibility }) =>
      problem(
        'cdc-compatibility',
        `${subject} has compatibility ${compatibility}: the next change of its table may stop the connector.`,
        `${curl} -X PUT -H 'content-type: application/json' -d '{"compatibility":"NONE"}' ${url}/config/${subject}`,
      ),
    );
  return [
    ...orOk('contracts', [...missing, ...loose], `${contracts.length} contracts are registered`),
    ...orOk('cdc-compatibility', strict, 'Subjects of captured tables follow their tables (NONE)'),
  ];
}
