/** The values that each factor can take. */
export type Factors = Readonly<Record<string, readonly unknown[]>>;

/**
 * Rows in which every two values of two factors stand together at least once. Each row is built around a pair that is
 * still missing, and takes for every other factor the value that brings the most new pairs. The same factors give the
 * same rows.
 */
export function pairwise(factors: Factors): readonly Readonly<Record<string, unknown>>[] {
  const names = Object.keys(factors);
  const missing = new Set(allPairs(factors));
  const rows: Readonly<Record<string, unknown>>[] = [];
  for (let first = missing.values().next(); first.done !== true; first = missing.values().next()) {
    const row = new Map<string, number>(JSON.parse(first.value) as [string, number][]);
    for (const name of names) if (!row.has(name)) row.set(name, best(name, row, factors, missing));
    for (const pair of pairsOf(row, names)) missing.delete(pair);
    rows.push(Object.fromEntries(names.map((name) => [name, factors[name]?.[row.get(name) ?? 0]])));
  }
  return rows;
}

function best(
  name: string,
  row: ReadonlyMap<string, number>,
  factors: Factors,
  missing: ReadonlySet<string>,
): number {
  const gains = (factors[name] ?? []).map(
    (_value, index) =>
      [...row].filter(([other, at]) => missing.has(keyOf(factors, [name, index], [other, at]))).length,
  );
  return gains.indexOf(Math.max(...gains));
}

function allPairs(factors: Factors): readonly string[] {
  const cells = Object.entries(factors).flatMap(([name, values]) =>
    values.map((_value, index): [string, number] => [name, index]),
  );
  return cells.flatMap((one, index) =>
    cells
      .slice(index + 1)
      .filter(([name]) => name !== one[0])
      .map((other) => keyOf(factors, one, other)),
  );
}

function pairsOf(row: ReadonlyMap<string, number>, names: readonly string[]): readonly string[] {
  const cells = names.map((name): [string, number] => [name, row.get(name) ?? 0]);
  return cells.flatMap((one, index) => cells.slice(index + 1).map((other) => JSON.stringify([one, other])));
}

// A pair is written with the factor first that is named first.
function keyOf(factors: Factors, one: [string, number], other: [string, number]): string {
  const names = Object.keys(factors);
  const isFirst = names.indexOf(one[0]) < names.indexOf(other[0]);
  return JSON.stringify(isFirst ? [one, other] : [other, one]);
}
