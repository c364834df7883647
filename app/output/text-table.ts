/** Rows as lines of text. Each column is as wide as its widest cell; `indent` stands before each line. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row => `${indent}${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
}
