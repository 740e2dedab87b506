import { ProblemsError } from "../../errors.ts";
import { invalid } from "../data/shape.ts";
import { byText } from "../data/stable-json.ts";
import type { ResolvedWave } from "./resolve.ts";
import type { RolloutRules } from "./waves.ts";

/**
 * One release on its way through the fleet: everything that a driver must know to go on, also after it was killed. Plain
 * data; clusters, waves and releases are those of its beginning, whatever happens to the fleet meanwhile.
 */
export interface Rollout {
  readonly app: string;
  readonly rules: RolloutRules;
  readonly waves: readonly RolloutWave[];
  readonly phase: Phase;
  /** The wave that moves, forward or backward. */
  readonly wave: number;
  /** The last wave that somebody agreed to; -1 if none. */
  readonly approved: number;
  /** The last wave that was let in by its window, or in spite of it. @default -1 */
  readonly opened?: number;
  /** By cluster. */
  readonly targets: Readonly<Record<string, Target>>;
  /** Why it went back or stopped. */
  readonly reason?: string;
}

export type Phase = "forward" | "backward" | "halted" | "done" | "rolledBack";

export interface RolloutWave extends ResolvedWave {
  /** Whether the app is taken away from these clusters, which comes last. */
  readonly removal: boolean;
}

/** One cluster of a rollout. */
export interface Target {
  readonly wave: number;
  /** What it had before; `null` if it did not have the app. */
  readonly from: string | null;
  /** What it gets; `null` takes the app away. */
  readonly to: string | null;
  readonly state: TargetState;
}

/**
 * Where a cluster can be. `touched` may have the new release or not: it is said before anything is done. `silent` did not answer and gets its
 * release whenever it does; `stranded` is the same on the way back.
 */
export const targetStates = [
  "waiting",
  "touched",
  "applied",
  "verified",
  "failed",
  "silent",
  "reverting",
  "reverted",
  "stranded",
] as const;
export type TargetState = (typeof targetStates)[number];

/** What a rollout begins with. */
export interface RolloutStart {
  readonly app: string;
  readonly rules: RolloutRules;
  readonly waves: readonly ResolvedWave[];
  /** Digests that run now, by cluster. */
  readonly from: Readonly<Record<string, string>>;
  /** Digests that are to run, by cluster. */
  readonly to: Readonly<Record<string, string>>;
}

/**
 * The beginning of a rollout. Clusters that are to lose the app are its last wave.
 *
 * @throws ProblemsError if a cluster is in no wave, in two, or in one without a release
 */
export function startRollout({ app, rules, waves, from, to }: RolloutStart): Rollout {
  const [had, wanted] = [new Map(Object.entries(from)), new Map(Object.entries(to))];
  const members = waves.flatMap(({ clusters }) => clusters);
  const problems = [
    ...[...wanted.keys()]
      .filter((name) => !members.includes(name))
      .map((name) => invalid(name, "no wave takes it")),
    ...members
      .filter((name, index) => members.indexOf(name) !== index)
      .map((name) => invalid(name, "two waves take it")),
    ...members.filter((name) => !wanted.has(name)).map((name) => invalid(name, "it has no release")),
  ];
  if (problems.length > 0) throw new ProblemsError(`roll out "${app}"`, problems);
  const leaving = [...had.keys()].filter((name) => !wanted.has(name)).sort(byText);
  const removal = { name: "removal", approval: false, clusters: leaving, removal: true };
  const all = [
    ...waves.map((wave) => ({ ...wave, removal: false })),
    ...(leaving.length > 0 ? [removal] : []),
  ];
  const targets = all.flatMap(({ clusters }, wave) =>
    clusters.map((name): [string, Target] => {
      const [was, is] = [had.get(name) ?? null, wanted.get(name) ?? null];
      // What runs already need not be touched, only verified.
      return [name, { wave, from: was, to: is, state: was === is ? "applied" : "waiting" }];
    }),
  );
  const phase = all.length === 0 ? "done" : "forward";
  return { app, rules, waves: all, phase, wave: 0, approved: -1, targets: Object.fromEntries(targets) };
}

/** Clusters of a wave whose state is one of these, in the order of their names. */
export function membersIn(
  { targets, waves }: Rollout,
  wave: number,
  states: ReadonlySet<TargetState>,
): readonly string[] {
  const names = waves[wave]?.clusters ?? [];
  return names.filter((name) => {
    const state = targets[name]?.state;
    return state !== undefined && states.has(state);
  });
}
