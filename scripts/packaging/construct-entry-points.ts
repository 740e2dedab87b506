/** What others of the package import of the constructs, and users do; all else is inside of these when it ships. */
export const constructEntryPoints: readonly string[] = [
  "index",
  "testing/index",
  "late",
  "cluster-set/names",
];
