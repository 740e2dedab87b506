import { ProblemsError } from "../../errors.ts";
import type { Problem } from "../../errors.ts";
import { didYouMean } from "../data/nearest.ts";
import { invalid } from "../data/shape.ts";
import { isSameData } from "../data/stable-json.ts";
import type { Fleet, FleetCluster } from "../fleet/fleet.ts";

/** Values that differ by cluster: those of the whole fleet, and layers over them. */
export interface Overrides<T extends object> {
  readonly fleet: T;
  readonly layers: readonly Layer<T>[];
}

/** Values for the clusters of one provider or region, or for one cluster. */
export interface Layer<T extends object> {
  readonly of: "provider" | "region" | "cluster";
  readonly name: string;
  readonly values: Partial<T>;
}

/** What one cluster gets. */
export interface Resolved<T extends object> {
  readonly values: T;
  /** Who says so, for each value: `fleet`, `provider metal`, `region eu-west-1`, `cluster eu1`. */
  readonly origins: Readonly<Record<keyof T, string>>;
}

/** For whom values are: of two layers the one of the smaller circle wins, cluster over region over provider over fleet. */
export const on = {
  provider: <T extends object>(name: string, values: Partial<T>): Layer<T> => ({
    of: "provider",
    name,
    values,
  }),
  region: <T extends object>(name: string, values: Partial<T>): Layer<T> => ({ of: "region", name, values }),
  cluster: <T extends object>(name: string, values: Partial<T>): Layer<T> => ({
    of: "cluster",
    name,
    values,
  }),
};

/** Values for the whole fleet, and layers over them in any order. A value is replaced whole, never merged. */
export function overrides<T extends object>(fleet: T, ...layers: readonly Layer<NoInfer<T>>[]): Overrides<T> {
  return { fleet, layers };
}

/**
 * The values of every cluster, by name, and where each comes from.
 *
 * @throws ProblemsError with every layer that means nobody or says something unknown, and every two layers of one rank
 * that say different things
 */
export function resolveOverrides<T extends object>(
  { fleet: base, layers }: Overrides<T>,
  fleet: Fleet,
): Readonly<Record<string, Resolved<T>>> {
  const problems = [...layers.flatMap((layer) => strangers(layer, base, fleet)), ...conflicts(layers)];
  if (problems.length > 0) throw new ProblemsError("resolve the overrides of the fleet", problems);
  return Object.fromEntries(fleet.clusters.map((cluster) => [cluster.name, resolve(base, layers, cluster)]));
}

const ranks = ["provider", "region", "cluster"] as const;

function resolve<T extends object>(base: T, layers: readonly Layer<T>[], cluster: FleetCluster): Resolved<T> {
  const values = new Map<string, unknown>(Object.entries(base));
  const origins = new Map([...values.keys()].map((key) => [key, "fleet"]));
  for (const rank of ranks) {
    for (const layer of layers.filter(({ of, name }) => of === rank && name === nameOf(cluster, rank))) {
      for (const [key, value] of Object.entries(layer.values)) {
        values.set(key, value);
        origins.set(key, `${layer.of} ${layer.name}`);
      }
    }
  }
  return {
    values: Object.fromEntries(values) as T,
    origins: Object.fromEntries(origins) as Record<keyof T, string>,
  };
}

function strangers<T extends object>(
  { of, name, values }: Layer<T>,
  base: T,
  fleet: Fleet,
): readonly Problem[] {
  const names = new Set(fleet.clusters.flatMap((cluster) => nameOf(cluster, of) ?? []));
  const keys = Object.keys(base);
  const unknown = Object.keys(values).filter((key) => !keys.includes(key));
  return [
    ...(names.has(name)
      ? []
      : [invalid(`${of} ${name}`, `the fleet has no ${of} of this name${didYouMean(name, names)}`)]),
    ...unknown.map((key) =>
      invalid(`${of} ${name}.${key}`, `the fleet has no such value${didYouMean(key, keys)}`),
    ),
  ];
}

function conflicts<T extends object>(layers: readonly Layer<T>[]): readonly Problem[] {
  const said = new Map<string, unknown>();
  return layers.flatMap(({ of, name, values }) =>
    Object.entries(values).flatMap(([key, value]) => {
      const where = `${of} ${name}.${key}`;
      const isFirst = !said.has(where);
      if (isFirst) said.set(where, value);
      return isFirst || isSameData(said.get(where), value)
        ? []
        : [invalid(where, "two layers of this rank say different things")];
    }),
  );
}

function nameOf(cluster: FleetCluster, rank: (typeof ranks)[number]): string | undefined {
  return rank === "cluster" ? cluster.name : cluster[rank];
}
