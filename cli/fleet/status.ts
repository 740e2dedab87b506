import { byText } from "../../clusters/data/stable-json.ts";
import type { FleetLock } from "../../clusters/lock/lock.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";

/** One cluster of an app, as its last rollout left it. */
export interface StatusRow {
  readonly app: string;
  readonly cluster: string;
  readonly wave: string;
  readonly state: string;
  /** Digest that the lock wants, or `none`. */
  readonly release: string;
}

/** The clusters of an app by wave: of its last rollout, and of the lock beside it. Pure. */
export function statusRows(app: string, lock: FleetLock, rollout: Rollout | undefined): readonly StatusRow[] {
  const releases = Object.hasOwn(lock.releases, app) ? (lock.releases[app] ?? {}) : {};
  const release = (cluster: string): string => short(releases[cluster]);
  const moved = (rollout?.waves ?? []).flatMap(({ name, clusters }) =>
    clusters.map((cluster) => {
      const state = rollout?.targets[cluster]?.state ?? "waiting";
      return { app, cluster, wave: name, state, release: release(cluster) };
    }),
  );
  const known = new Set(moved.map(({ cluster }) => cluster));
  const others = Object.keys(releases)
    .filter((cluster) => !known.has(cluster))
    .sort(byText)
    .map((cluster) => ({ app, cluster, wave: "-", state: "-", release: release(cluster) }));
  return [...moved, ...others];
}

/** Rows as a table with a line for each, its columns as wide as they must be. Pure. */
export function formatRows(rows: readonly StatusRow[]): string {
  const columns = ["app", "cluster", "wave", "state", "release"] as const;
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return alignColumns(lines).join("\n");
}

/** A line of text for each line of cells, the columns as wide as they must be. Pure. */
export function alignColumns(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = (lines[0] ?? []).map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function short(digest: string | undefined): string {
  return digest === undefined ? "none" : digest.replace("sha256:", "").slice(0, 12);
}
