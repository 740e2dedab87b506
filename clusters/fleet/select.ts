import { KeelsonError } from "../../errors.ts";
import { factOf } from "./fleet.ts";
import type { FleetCluster } from "./fleet.ts";

/** Which clusters are meant. */
export interface Selector {
  /** In words, for messages: `env=prod, region=eu-west-1 or us-east-1`. */
  readonly text: string;
  readonly matches: (cluster: FleetCluster) => boolean;
}

/** Wanted labels, and `name`, `provider`, `region`, `zone` and `arch`: one value, or any of several. */
export type Wanted = Readonly<Record<string, string | readonly string[]>>;

/** Every cluster of the fleet. */
export function everywhere(): Selector {
  return { text: "everywhere", matches: () => true };
}

/**
 * The clusters that have all these labels and facts, and pass the test if there is one.
 *
 * @throws KEELSON_INVALID_INPUT if nothing is asked for: `everywhere()` says that
 */
export function where(wanted: Wanted, test?: (cluster: FleetCluster) => boolean): Selector {
  const pairs = Object.entries(wanted).map(([key, value]) => ({ key, values: [value].flat() }));
  if (pairs.length === 0 && test === undefined)
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      'Cannot select clusters: nothing is asked for, use "everywhere()"',
    );
  const words = pairs.map(({ key, values }) => `${key}=${values.join(" or ")}`);
  return {
    text: [...words, ...(test === undefined ? [] : ["the test of the program"])].join(", "),
    matches: (cluster) => {
      for (const { key, values } of pairs) {
        const value = factOf(cluster, key);
        if (value === undefined || !values.includes(value)) return false;
      }
      return test === undefined || test(cluster);
    },
  };
}

/** Whether a cluster runs this version of Kubernetes or a later one; false if its version is unknown. */
export function runsAtLeast({ kubernetes }: FleetCluster, version: string): boolean {
  if (kubernetes === undefined) return false;
  const [have, want] = [numbers(kubernetes), numbers(version)];
  const differing = want.findIndex((part, index) => have[index] !== part);
  return differing === -1 || (have[differing] ?? 0) > (want[differing] ?? 0);
}

function numbers(version: string): readonly number[] {
  return version.split(".").map(Number);
}
