import { byText } from "../data/stable-json.ts";
import type { Cost, Move } from "../placement/decision.ts";
import type { FleetLock } from "./lock.ts";

/** What differs between two locks, by app and cluster. Plain data. */
export interface LockDiff {
  readonly apps: readonly AppDiff[];
  readonly cost: { readonly before: Cost; readonly after: Cost };
}

/** What differs for one app. */
export interface AppDiff {
  readonly app: string;
  /** Which of its choices was in use and is, if that changed. */
  readonly tier?: { readonly from: number; readonly to: number };
  readonly replicas: readonly ReplicaDiff[];
  readonly releases: readonly ReleaseDiff[];
}

export interface ReplicaDiff {
  readonly cluster: string;
  readonly from: number;
  readonly to: number;
  /** @default - the plan that led to it is not known */
  readonly why?: string;
}

export interface ReleaseDiff {
  readonly cluster: string;
  /** @default - the app was not there */
  readonly from?: string;
  /** @default - the app is taken away */
  readonly to?: string;
}

/** What differs between two locks; the moves of the plan between them say why. */
export function diffLocks(before: FleetLock, after: FleetLock, moves: readonly Move[] = []): LockDiff {
  const why = new Map(moves.map((move) => [`${move.app} ${move.cluster}`, move.why]));
  const names = [before, after].flatMap(({ decision, releases }) => [
    ...Object.keys(decision.apps),
    ...Object.keys(releases),
  ]);
  const apps = [...new Set(names)].sort(byText).flatMap((app) => {
    const [was, is] = [partOf(before, app), partOf(after, app)];
    const replicas = changes(was.clusters, is.clusters).map(({ cluster, from = 0, to = 0 }) => {
      const reason = why.get(`${app} ${cluster}`);
      return { cluster, from, to, ...(reason !== undefined && { why: reason }) };
    });
    const moved = was.tier !== undefined && is.tier !== undefined && was.tier !== is.tier;
    const diff: AppDiff = {
      app,
      ...(moved && { tier: { from: was.tier, to: is.tier } }),
      replicas,
      releases: changes(was.releases, is.releases),
    };
    return moved || diff.replicas.length + diff.releases.length > 0 ? [diff] : [];
  });
  return { apps, cost: { before: before.cost, after: after.cost } };
}

/** A diff for people: a block for each app, and what it costs. */
export function formatLockDiff({ apps, cost }: LockDiff): string {
  const blocks = apps.map(({ app, tier, replicas, releases }) =>
    [
      app,
      ...(tier === undefined ? [] : [`  choice ${tier.from + 1} -> ${tier.to + 1}`]),
      ...replicas.map(replicaLine),
      ...releases.map(({ cluster, from, to }) => `  ${cluster}: release ${short(from)} -> ${short(to)}`),
    ].join("\n"),
  );
  if (blocks.length === 0) blocks.push("No changes");
  return `${[...blocks, costLine(cost)].join("\n")}\n`;
}

interface AppPart {
  readonly tier: number | undefined;
  readonly clusters: ReadonlyMap<string, number>;
  readonly releases: ReadonlyMap<string, string>;
}

function partOf({ decision, releases }: FleetLock, app: string): AppPart {
  const placed = Object.hasOwn(decision.apps, app) ? decision.apps[app] : undefined;
  const digests = Object.hasOwn(releases, app) ? releases[app] : undefined;
  return {
    tier: placed?.tier,
    clusters: new Map(Object.entries(placed?.clusters ?? {})),
    releases: new Map(Object.entries(digests ?? {})),
  };
}

interface Changed<T> {
  readonly cluster: string;
  readonly from?: T;
  readonly to?: T;
}

function changes<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): readonly Changed<T>[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort(byText).flatMap((cluster) => {
    const [from, to] = [before.get(cluster), after.get(cluster)];
    if (from === to) return [];
    return [{ cluster, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  });
}

function replicaLine({ cluster, from, to, why }: ReplicaDiff): string {
  const sign = from === 0 ? "+" : to === 0 ? "-" : "~";
  const counts = sign === "~" ? `${from} -> ${to}` : String(from + to);
  return `  ${sign} ${cluster}: ${counts} ${from + to === 1 ? "replica" : "replicas"}${why === undefined ? "" : ` (${why})`}`;
}

function costLine({ before, after }: LockDiff["cost"]): string {
  const change = after.perHour - before.perHour;
  const signed = `${change < 0 ? "-" : "+"}${money(Math.abs(change))}`;
  const unpriced = after.unpriced === 0 ? "" : `; ${after.unpriced} replicas have no price`;
  return `Cost per hour: ${money(before.perHour)} -> ${money(after.perHour)} (${signed})${unpriced}`;
}

function money(amount: number): string {
  return amount.toFixed(2);
}

function short(digest: string | undefined): string {
  return digest === undefined ? "none" : digest.replace("sha256:", "").slice(0, 12);
}
