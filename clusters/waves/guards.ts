import type { Problem } from "../../errors.ts";
import { byText } from "../data/stable-json.ts";
import type { FleetLock } from "../lock/lock.ts";

/** What may be taken away: everything, or these apps from any number of clusters. */
export type AllowedRemoval = true | readonly string[];

/**
 * Why a change of the lock takes away more than a slip should be able to: an app from more than a tenth of its clusters
 * or from the last one, or everything from more than a tenth of the clusters. Empty if it does not.
 */
export function removalProblems(
  before: FleetLock,
  after: FleetLock,
  allowed: AllowedRemoval = [],
): readonly Problem[] {
  if (allowed === true) return [];
  const problems = [
    ...problemsBetween(placedIn(before), placedIn(after), allowed),
    ...problemsBetween(runningIn(before), runningIn(after), allowed),
  ];
  // The decision and what runs often agree; once is enough.
  return [...new Map(problems.map((problem) => [`${problem.where} ${problem.message}`, problem])).values()];
}

type ClustersByApp = ReadonlyMap<string, readonly string[]>;

function problemsBetween(
  before: ClustersByApp,
  after: ClustersByApp,
  allowed: readonly string[],
): readonly Problem[] {
  const [had, have] = [allOf(before), allOf(after)];
  const emptied = [...had].filter((cluster) => !have.has(cluster)).sort(byText);
  const apps = [...before].flatMap(([app, clusters]) => {
    const left = new Set(after.get(app));
    const lost = clusters.filter((cluster) => !left.has(cluster));
    if (allowed.includes(app) || !isMany(lost.length, clusters.length)) return [];
    return left.size === 0
      ? [removal(app, "the last cluster that runs it would lose it")]
      : [removal(app, `${lost.length} of ${clusters.length} clusters would lose it: ${some(lost)}`)];
  });
  return isMany(emptied.length, had.size)
    ? [
        ...apps,
        removal("fleet", `${emptied.length} of ${had.size} clusters would lose all apps: ${some(emptied)}`),
      ]
    : apps;
}

function isMany(lost: number, all: number): boolean {
  return lost * 10 > all;
}

function placedIn({ decision }: FleetLock): ClustersByApp {
  return new Map(Object.entries(decision.apps).map(([app, { clusters }]) => [app, Object.keys(clusters)]));
}

function runningIn({ releases }: FleetLock): ClustersByApp {
  return new Map(Object.entries(releases).map(([app, clusters]) => [app, Object.keys(clusters)]));
}

function allOf(apps: ClustersByApp): ReadonlySet<string> {
  return new Set([...apps.values()].flat());
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} …` : names.join(", ");
}

function removal(where: string, message: string): Problem {
  return { code: "KEELSON_REMOVAL_REFUSED", where, message };
}
