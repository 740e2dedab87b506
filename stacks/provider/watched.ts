/** Names the clusters whose apps a run of `keelson fleet` is about, as JSON; every cluster if it is empty. */
export const watchedVariable = "KEELSON_FLEET_WATCHED";

/** A variable of the environment is limited to 128 KiB on Linux. */
const longest = 100_000;

/** The variable for a run that is about these clusters. More than fit are all of them. Pure. */
export function watchedValue(clusters: readonly string[]): string {
  const value = JSON.stringify(clusters);
  return value.length > longest ? "" : value;
}

/** Whether a run looks at what is on a cluster although nothing new is wanted there. */
export function watchedClusters(value = process.env[watchedVariable] ?? ""): (cluster: string) => boolean {
  if (value === "") return () => true;
  const names = new Set(JSON.parse(value) as readonly string[]);
  return (cluster) => names.has(cluster);
}
