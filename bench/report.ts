/** What a section of the benchmark found, as a table for people and as it is for programs. */

export interface Report {
  readonly title: string;
  /** What is measured and how, in a sentence or two. */
  readonly note: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The same and more, for `--json`. */
  readonly data: unknown;
}

export function asTable({ title, note, columns, rows }: Report): string {
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [`\n${title}\n${note}\n`, line(columns), rule, ...rows.map(line)].join('\n');
}
