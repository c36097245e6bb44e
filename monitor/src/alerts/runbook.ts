/** Where docs/runbook.md has what to do about an alert: its headings are the alerts' names. */
export function runbookSection(alertName: string): string {
  return `docs/runbook.md#${alertName.toLowerCase()}`;
}
