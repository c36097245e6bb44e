import { problem } from '@shelfcast/service-kit/finding';
import { GUARD } from '../context.ts';
import { formatTableName, tableArgument } from '../table-name.ts';
import type { CaptureFacts } from './read-source.ts';
import type { SourceFinding } from './source-finding.ts';

/** Tables that the guard took out so that the others go on. What people took out is out by intent. */
export function checkTakenOut({
  removedTables,
}: Pick<CaptureFacts, 'removedTables'>): SourceFinding[] {
  return removedTables
    .filter(({ removedBy }) => removedBy === GUARD)
    .map((removed) => {
      const name = formatTableName(removed);
      const summary = `${name} was taken out of the capture so that the others go on; its changes are not captured. ${removed.reason ?? ''}`;
      const remedy = `make connector-add-table ${tableArgument(name)}   # once that is mended`;
      return problem('taken-out', summary.trim(), remedy, { subject: name });
    });
}
