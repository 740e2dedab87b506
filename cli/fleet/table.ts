import type { TargetState } from "../../clusters/waves/rollout.ts";
import type { FleetEvent } from "./events.ts";
import { alignColumns } from "./status.ts";

/** What a run has shown until now. All times are in milliseconds, of one clock. */
export interface TableView {
  readonly app: string;
  readonly waves: readonly { readonly name: string; readonly clusters: readonly string[] }[];
  readonly clusters: Readonly<Record<string, Row>>;
  /** The wave that moves; -1 before the first one. */
  readonly wave: number;
  readonly doing: "advance" | "verify" | "revert" | undefined;
  readonly began: number;
  readonly waveBegan: number;
  /** How long each wave took that is over, in the direction in which the rollout moves. */
  readonly took: readonly number[];
}

interface Row {
  readonly state: TargetState;
  readonly since: number;
  readonly reason?: string;
}

/** The size of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A view after an event; undefined as long as no rollout has begun. Pure. */
export function advanceTable(
  view: TableView | undefined,
  event: FleetEvent,
  at: number,
): TableView | undefined {
  if (event.type === "begins") return beginTable(event, at);
  if (view === undefined) return undefined;
  if (event.type === "cluster") {
    const { cluster, state, reason } = event;
    const row = { state, since: at, ...(reason !== undefined && { reason }) };
    return { ...view, clusters: { ...view.clusters, [cluster]: row } };
  }
  return event.type === "wave" ? moveTable(view, event, at) : view;
}

/** The view as lines for a terminal. If there is no room for all clusters, those are left out that say least. Pure. */
export function renderTable(view: TableView, at: number, { columns, rows }: Size): readonly string[] {
  const all = view.waves.flatMap(({ name, clusters }, wave) =>
    clusters.map((cluster) => ({ cluster, name, wave })),
  );
  // The head, the titles, the line of those that are left out, and that of the cursor.
  const room = Math.max(rows - 4, 1);
  const ranked = all.toSorted((left, right) => rankOf(view, left) - rankOf(view, right));
  const shown = new Set(ranked.slice(0, all.length > room ? room : all.length));
  const left = ranked.filter((each) => !shown.has(each)).map(({ cluster }) => view.clusters[cluster]?.state);
  const lines = all
    .filter((each) => shown.has(each))
    .map(({ cluster, name }) => {
      const { state = "waiting", since = at, reason = "" } = view.clusters[cluster] ?? {};
      return [cluster, name, state, state === "waiting" ? "" : span(at - since), reason];
    });
  const table = alignColumns([["cluster", "wave", "state", "for", ""], ...lines]);
  const more = left.length === 0 ? [] : [`and ${left.length} more: ${countStates(left)}`];
  return [headOf(view, at), ...table, ...more].map((line) => fit(line, columns));
}

function beginTable(event: Extract<FleetEvent, { type: "begins" }>, at: number): TableView {
  const rows = Object.entries(event.states).map(([cluster, state]): [string, Row] => [
    cluster,
    { state, since: at },
  ]);
  return {
    app: event.app,
    waves: event.waves.map((clusters, index) => ({ name: event.names[index] ?? "", clusters })),
    clusters: Object.fromEntries(rows),
    wave: -1,
    doing: undefined,
    began: at,
    waveBegan: at,
    took: [],
  };
}

function moveTable(view: TableView, event: Extract<FleetEvent, { type: "wave" }>, at: number): TableView {
  // Names of waves need not differ, but each cluster is in one.
  const found = view.waves.findIndex(({ clusters }) => clusters.includes(event.clusters[0] ?? ""));
  const wave = found === -1 ? view.wave : found;
  const turns = (view.doing === "revert") !== (event.do === "revert");
  const isNext = wave !== view.wave || turns;
  const took = turns ? [] : view.wave === -1 ? [] : [...view.took, at - view.waveBegan];
  return { ...view, wave, doing: event.do, ...(isNext && { waveBegan: at, took }) };
}

const verbs = { advance: "is updated", verify: "is verified", revert: "goes back" } as const;

function headOf(view: TableView, at: number): string {
  const { app, waves, wave, doing } = view;
  if (doing === undefined) return `${app}: ${waves.length} waves`;
  const left = secondsLeft(view, at);
  const eta = left === undefined ? "" : `, about ${span(left)} to go`;
  const name = waves[wave]?.name ?? "";
  return `${app}: wave ${wave + 1} of ${waves.length} "${name}" ${verbs[doing]}, ${span(at - view.began)}${eta}`;
}

// Nobody knows how long the first wave takes; those after it take about as long as those before.
function secondsLeft({ took, wave, waves, doing, waveBegan }: TableView, at: number): number | undefined {
  if (took.length === 0) return undefined;
  const usual = took.reduce((sum, each) => sum + each, 0) / took.length;
  const after = doing === "revert" ? wave : waves.length - wave - 1;
  return Math.max(usual - (at - waveBegan), 0) + usual * after;
}

const worst: ReadonlySet<TargetState> = new Set(["failed", "silent", "stranded"]);
const moving: ReadonlySet<TargetState> = new Set(["touched", "applied", "reverting"]);

function rankOf(
  view: TableView,
  { cluster, wave }: { readonly cluster: string; readonly wave: number },
): number {
  const state = view.clusters[cluster]?.state ?? "waiting";
  if (worst.has(state)) return 0;
  if (wave === view.wave) return moving.has(state) ? 1 : 2;
  return moving.has(state) ? 3 : 4 + Math.abs(wave - view.wave);
}

function countStates(states: readonly (TargetState | undefined)[]): string {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state ?? "waiting", (counts.get(state ?? "waiting") ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

// Reasons come from clusters: what moves the cursor there must not do so here.
function fit(line: string, columns: number): string {
  const plain = line.replaceAll(/\p{Cc}/gu, " ");
  return plain.length > columns ? `${plain.slice(0, Math.max(columns - 3, 0))}...` : plain;
}
