const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A quantity in thousandths of its unit (of a processor, of a byte), rounded up as Kubernetes does; undefined if it is
 * none. Whole thousandths are added without an error.
 */
export function thousandths(quantity: unknown): number | undefined {
  const match = /^(\+?(?:\d+\.?\d*|\.\d+))([a-zA-Z]*?)(?:[eE]([+-]?\d+))?$/.exec(String(quantity));
  const [, number, unit = "", exponent = "0"] = match ?? [];
  const factor = units[unit];
  if (number === undefined || factor === undefined) return undefined;
  const exact = Number(number) * factor * 10 ** Number(exponent) * 1000;
  // What a multiplication of decimals leaves behind is no thousandth more.
  return Math.ceil(Number(exact.toPrecision(15)));
}

/** Thousandths in Kubernetes' notation: `250m` or `2` of a count, `512Mi` of bytes. */
export function quantityOf(amount: number, unit: "count" | "bytes"): string {
  if (unit === "count") return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  const bytes = Math.ceil(amount / 1000);
  const whole = ["Ti", "Gi", "Mi", "Ki"].find((name) => bytes > 0 && bytes % (units[name] ?? 1) === 0);
  return whole === undefined ? String(bytes) : `${bytes / (units[whole] ?? 1)}${whole}`;
}

/** How amounts of a resource are counted. */
export function unitOf(resource: string): "count" | "bytes" {
  return /(^|[./-])(memory|storage|ephemeral-storage)$|^hugepages-/.test(resource) ? "bytes" : "count";
}
