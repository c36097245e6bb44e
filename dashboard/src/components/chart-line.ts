/** A line of a chart. */
export interface ChartLine {
  readonly label: string;
  /** One of the chart colours. */
  readonly color: 's1' | 's2' | 's3' | 'bad' | 'ok' | 'warn';
  /** As many as there are times; null: nothing was counted. */
  readonly values: readonly (number | null)[];
  /** Shades what is below. */
  readonly isArea?: boolean;
}
