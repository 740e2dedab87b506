import { KeelsonError } from "../../errors.ts";
import { number, object, oneOf, parse, record, text } from "../data/shape.ts";
import type { Shape } from "../data/shape.ts";
import { stableJson } from "../data/stable-json.ts";
import { labelShape } from "../fleet/facts-file.ts";
import type { Cost, Decision, Plan } from "../placement/decision.ts";

/** The file `fleet.lock.json`: what was decided, and which release runs where. It changes only when somebody means it. */
export interface FleetLock {
  readonly version: 1;
  /** Where apps belong. */
  readonly decision: Decision;
  /** Digests by app and cluster. A cluster that the decision has left is here until the app has been removed from it. */
  readonly releases: Releases;
  /** Of the decision, at the prices when it was made. */
  readonly cost: Cost;
  /** When the facts were gathered that it was made from. @default - they were declared */
  readonly factsFrom?: string;
  /** Clusters that were given up, each with how its apps were placed then. @default - none */
  readonly givenUp?: Readonly<Record<string, Decision>>;
}

/** Digests of what runs, by app and cluster. */
export type Releases = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The lock of a fleet that nothing has been decided for. */
export const emptyLock: FleetLock = {
  version: 1,
  decision: { apps: {} },
  releases: {},
  cost: { perHour: 0, unpriced: 0 },
};

const count = number({ min: 0, whole: true });
const app = object({ tier: count, clusters: record(labelShape, number({ min: 1, whole: true })) }, {});
const decision = object({ apps: record(labelShape, app) }, {});
const digest = text(/^sha256:[0-9a-f]{64}$/, "a digest such as sha256:9f86d0…");

const shape: Shape<FleetLock> = object(
  {
    version: oneOf(1),
    decision,
    releases: record(labelShape, record(labelShape, digest)),
    cost: object({ perHour: number({ min: 0 }), unpriced: count }, {}),
  },
  {
    factsFrom: text(/^\d{4}-\d\d-\d\dT/, "a time such as 2026-11-21T10:00:00Z"),
    givenUp: record(labelShape, decision),
  },
);

/** JSON Schema of the lock file. */
export const fleetLockSchema = shape.schema;

/**
 * A lock from the text of its file.
 *
 * @throws KEELSON_INVALID_INPUT if it is no JSON, and ProblemsError with everything that is wrong, each with its path
 */
export function parseLock(content: string): FleetLock {
  return parse(shape, parseJson(content), "read the fleet's lock file");
}

/** The text of a lock's file: equal locks have equal bytes, and a change is a few lines. */
export function serializeLock(lock: FleetLock): string {
  return `${stableJson(lock, 2)}\n`;
}

/** A lock with another decision. What runs stays as it is: releases move wave by wave. */
export function withPlan(lock: FleetLock, { decision, cost, factsFrom }: Plan): FleetLock {
  const { version, releases, givenUp } = lock;
  return {
    version,
    decision,
    releases,
    cost: cost.after,
    ...(factsFrom !== undefined && { factsFrom }),
    ...(givenUp && { givenUp }),
  };
}

/** A lock in which an app has these releases on these clusters; `null` takes it away from one. */
export function withReleases(
  lock: FleetLock,
  name: string,
  changes: Readonly<Record<string, string | null>>,
): FleetLock {
  const releases = new Map(Object.entries(lock.releases));
  const clusters = new Map(Object.entries(releases.get(name) ?? {}));
  for (const [cluster, release] of Object.entries(changes)) {
    if (release === null) clusters.delete(cluster);
    else clusters.set(cluster, release);
  }
  if (clusters.size === 0) releases.delete(name);
  else releases.set(name, Object.fromEntries(clusters));
  return { ...lock, releases: Object.fromEntries(releases) };
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    const state = content.includes("<<<<<<<") ? "it has conflict markers of a merge" : "it is not JSON";
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot read the fleet's lock file: ${state}`, { cause });
  }
}
