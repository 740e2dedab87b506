import { KeelsonError } from "../../errors.ts";
import type { Selector } from "../fleet/select.ts";
import { probesProblem } from "./probes.ts";
import type { HttpProbe, PrometheusProbe } from "./probes.ts";
import { windowProblem } from "./windows.ts";
import type { MaintenanceWindow } from "./windows.ts";

/** How a release goes through a fleet: in which groups, and what happens if one fails. Data. */
export interface Waves {
  readonly waves: readonly Wave[];
  readonly rules: RolloutRules;
}

/** A group of clusters that moves together. */
export interface Wave {
  readonly name: string;
  readonly take: Take;
  /** Whether somebody must agree before it begins. */
  readonly approval: boolean;
  /** When it may begin. @default - at any time */
  readonly windows?: readonly MaintenanceWindow[];
}

/** Which clusters a wave takes. Numbers and shares are of those that no selector names. */
export type Take =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "where"; readonly selector: Selector }
  | { readonly kind: "rest" };

/** What may go wrong, and what follows. */
export interface RolloutRules {
  /** How many clusters may fail before the release has failed. @default 0 */
  readonly maxFailures: number;
  /** What a failed release leads to: back to the one before, or a stop where it is. @default "rollback" */
  readonly onFailure: "rollback" | "halt";
  /** How long one wave may take, gate included. @default 600 */
  readonly deadlineSeconds: number;
  /** How long a cluster must stay healthy before it is verified. @default 0 */
  readonly soakSeconds?: number;
  /** What must answer with a success on each cluster, beside the health of its objects. @default [] */
  readonly http?: readonly HttpProbe[];
  /** What Prometheus must say of each cluster, for as long as it soaks. @default [] */
  readonly prometheus?: readonly PrometheusProbe[];
}

export interface WaveOptions {
  /** Whether somebody must agree before the wave begins. @default false */
  readonly approval?: boolean;
  /** When the wave may begin; it need not end in the window. @default - at any time */
  readonly windows?: readonly MaintenanceWindow[];
}

const safeRules: RolloutRules = { maxFailures: 0, onFailure: "rollback", deadlineSeconds: 600 };

/** Waves in the order in which they move. */
export function waves(list: readonly [Wave, ...(readonly Wave[])], rules: Partial<RolloutRules> = {}): Waves {
  const all = { ...safeRules, ...rules };
  if (!Number.isInteger(all.maxFailures) || all.maxFailures < 0)
    throw wrong(`maxFailures is ${all.maxFailures}`);
  if (!(all.deadlineSeconds > 0)) throw wrong(`deadlineSeconds is ${all.deadlineSeconds}`);
  if (all.soakSeconds !== undefined && !(all.soakSeconds >= 0 && all.soakSeconds < all.deadlineSeconds)) {
    throw wrong(`soakSeconds is ${all.soakSeconds}, and a wave ends after ${all.deadlineSeconds} s`);
  }
  const problem = probesProblem(all.http ?? [], all.prometheus ?? [], all.deadlineSeconds);
  if (problem !== undefined) throw wrong(problem);
  return { waves: list, rules: all };
}

/** The waves of a release that says nothing about them: one cluster, a quarter, the rest; no failure, then back. */
export function safeWaves(): Waves {
  return waves([canary(1), percent(25), rest()]);
}

/** The first few clusters, which show whether a release works at all. */
export function canary(count = 1, options: WaveOptions = {}): Wave {
  if (!Number.isInteger(count) || count < 1) throw wrong(`a canary of ${count} clusters is none`);
  return wave("canary", { kind: "count", count }, options);
}

/** A share of all clusters of the release, rounded up. */
export function percent(share: number, options: WaveOptions = {}): Wave {
  if (!(share > 0 && share <= 100)) throw wrong(`${share} % is no share`);
  return wave(`${share} %`, { kind: "percent", percent: share }, options);
}

/** The clusters that a selector matches. */
export function matching(selector: Selector, options: WaveOptions = {}): Wave {
  return wave(selector.text, { kind: "where", selector }, options);
}

/** All clusters that no other wave takes. It is the last one. */
export function rest(options: WaveOptions = {}): Wave {
  return wave("rest", { kind: "rest" }, options);
}

function wave(name: string, take: Take, { approval = false, windows }: WaveOptions): Wave {
  if (windows?.length === 0) throw wrong(`wave "${name}" has no window at all, leave the list out`);
  const problem = windows?.map(windowProblem).find((each) => each !== undefined);
  if (problem !== undefined) throw wrong(`wave "${name}": ${problem}`);
  return { name, take, approval, ...(windows !== undefined && { windows }) };
}

function wrong(state: string): KeelsonError {
  return new KeelsonError("KEELSON_INVALID_INPUT", `Cannot roll out in waves: ${state}`);
}
