import type { FleetLock } from "../../clusters/lock/lock.ts";
import type { HttpProbe, PrometheusProbe } from "../../clusters/waves/probes.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";
import type { AppOffer } from "../../stacks/components/set-workload.ts";

/** What a cluster is after an update of the stack. */
export type Outcome =
  /** It has what the lock says; `version` is what its objects say that they are. */
  | { readonly state: "applied"; readonly version: string }
  /** The app is not there, as the lock says. */
  | { readonly state: "gone" }
  | { readonly state: "silent" }
  | { readonly state: "failed"; readonly reason: string };

/** What stands at the gate of a wave. */
export interface GateKeeper {
  /** Resolves when the app is healthy, has failed or is silent, at the latest at the deadline. */
  verify(app: string, cluster: string, request: GateRequest): Promise<Verdict>;
}

export interface GateRequest {
  /** What its objects are to say. */
  readonly version: string;
  readonly deadlineMs: number;
  /** How long it must stay healthy, in milliseconds. */
  readonly soakMs: number;
  /** What must answer, beside its health. @default [] */
  readonly http?: readonly HttpProbe[];
  /** What Prometheus must say, beside its health. @default [] */
  readonly prometheus?: readonly PrometheusProbe[];
  /** Ends the wait: its result decides on nothing any more. */
  readonly signal: AbortSignal;
}

export type Verdict =
  | { readonly state: "verified" }
  | { readonly state: "silent" }
  | { readonly state: "failed"; readonly reason: string };

/** Everything outside the driver: files, the release store, Pulumi and the clusters. Tests give one of their own. */
export interface FleetWorld extends GateKeeper {
  readonly readLock: () => Promise<FleetLock>;
  readonly writeLock: (lock: FleetLock) => Promise<void>;
  /** The last rollout of an app, as it was saved. */
  readonly readRollout: (app: string) => Promise<Rollout | undefined>;
  readonly writeRollout: (rollout: Rollout) => Promise<void>;
  /** Lets the program render, and gives what it would have its clusters run, by app. */
  readonly render: () => Promise<ReadonlyMap<string, AppOffer>>;
  /**
   * Brings the stack to the lock: an ordinary `pulumi up`. Gives what became of the clusters of an app. Where nothing new is
   * wanted, only the clusters of `touched` are looked at. @default - all
   */
  readonly update: (app: string, touched?: readonly string[]) => Promise<Update>;
  /** Milliseconds that go on evenly, for waits. */
  readonly now: () => number;
  /** The time of day, in milliseconds since 1970. */
  readonly clock: () => number;
}

/** An update of the stack, seen from one app. */
export interface Update {
  /** Of a cluster of the app, whether it is in the lock or not. */
  readonly of: (cluster: string) => Promise<Outcome>;
}
