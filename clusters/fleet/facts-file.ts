import { list, number, object, oneOf, parse, record, text } from "../data/shape.ts";
import type { Shape } from "../data/shape.ts";
import type { ClusterFacts } from "./fleet.ts";

/** The file that holds gathered facts: what was read of each cluster, and when. */
export interface FleetFacts {
  readonly version: 1;
  /** ISO 8601 in UTC, `2026-11-21T10:00:00Z` for example. */
  readonly gatheredAt: string;
  /** By name. */
  readonly clusters: Readonly<Record<string, ClusterFacts>>;
}

/** A lower-case name as Kubernetes takes it for most things. */
export const labelShape = text(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "a lower-case label of at most 63 characters",
);

const word = text(
  /^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
  "a word of at most 63 letters, digits, - _ and .",
);
const key = text(
  /^([a-z0-9][-.a-z0-9]{0,252}\/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
  "the key of a label",
);
const version = text(/^\d+\.\d+\.\d+$/, "a version such as 1.35.4");
const amount = number({ min: 0 });
const count = number({ min: 0, whole: true });
const taint = object(
  { key, effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute") },
  { value: text(/^[-._A-Za-z0-9]{0,63}$/, "the value of a taint") },
);

/** How the facts of one cluster must look. */
export const clusterFactsShape: Shape<ClusterFacts> = object(
  {},
  {
    labels: record(key, text(/^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/, "the value of a label")),
    provider: word,
    region: word,
    zone: word,
    kubernetes: version,
    arch: oneOf("amd64", "arm64"),
    capacity: object({ cpu: amount, memoryGib: amount }, { pods: count, gpu: count }),
    price: object({ cpuHour: amount, gibHour: amount }, { gpuHour: amount }),
    taints: list(taint),
  },
);

const factsFile: Shape<FleetFacts> = object(
  {
    version: oneOf(1),
    gatheredAt: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, "a time such as 2026-11-21T10:00:00Z"),
    clusters: record(labelShape, clusterFactsShape),
  },
  {},
);

/** JSON Schema of the facts file. */
export const fleetFactsSchema = factsFile.schema;

/**
 * The content of a facts file, checked.
 *
 * @throws ProblemsError with everything that is wrong, each with its path
 */
export function parseFleetFacts(content: unknown): FleetFacts {
  return parse(factsFile, content, "read the facts of the fleet");
}
