import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { hasStatus } from "../kube/errors.ts";
import { isDeadHere, ownerName } from "./run-owner.ts";
import type { RunOwner } from "./run-owner.ts";

const folder = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const path = `${folder}/keelson-run`;
const ownerAnnotation = "keelson.dev/run";

/** How long things take, in milliseconds. */
export interface LeaseTimes {
  /** A lease that is not renewed for so long is free. @default 30000 */
  readonly durationMs?: number;
  /** @default 10000 */
  readonly renewMs?: number;
  /** How long a run waits for another. @default 60000 */
  readonly patienceMs?: number;
  /** @default 1000 */
  readonly pauseMs?: number;
}

export interface LeaseRequest extends LeaseTimes {
  readonly client: KubeClient;
  readonly owner: RunOwner;
  /** For messages. */
  readonly clusterName: string;
  readonly signal: AbortSignal;
  readonly onWaiting: (why: string) => void;
}

/** The one lease with which a run changes a cluster. */
export interface RunLease {
  /** Aborted when somebody else has the lease: this run was away for longer than it may be. */
  readonly lost: AbortSignal;
  /** Gives the lease back. */
  release(): Promise<void>;
}

interface Lease {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly holderIdentity?: string; readonly acquireTime?: string };
}

/**
 * Takes the lease of a cluster, and renews it until it is given back. Whether another run lives is judged by whether it
 * renews, seen from here: no two clocks are compared. A run of this computer that is dead is not waited for.
 *
 * @throws KeelsonError KEELSON_LOCKED with the owner and how long it has had the lease; KEELSON_ABORTED
 */
export async function takeLease(request: LeaseRequest): Promise<RunLease> {
  const { client, signal, clusterName, durationMs = 30_000, patienceMs = 60_000, pauseMs = 1000 } = request;
  const began = Date.now();
  let seen = { version: "", since: began };
  for (;;) {
    throwIfAborted(signal, `change cluster "${clusterName}"`);
    const lease = await client.find<Lease>(path, { signal });
    const version = lease?.metadata.resourceVersion ?? "";
    if (version !== seen.version) seen = { version, since: Date.now() };
    const isSilent = Date.now() - seen.since > durationMs;
    if (lease === undefined || (await isFree(lease, isSilent))) {
      if (await write(request, lease)) return keep(request);
      continue;
    }
    request.onWaiting(`waits for ${describe(lease)}`);
    if (Date.now() - began >= patienceMs) throw locked(clusterName, lease);
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Renews from now on. The timer keeps no process alive: a lease that nobody renews ends by itself. */
function keep(request: LeaseRequest): RunLease {
  const lost = new AbortController();
  let renewing: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    renewing = renewing.then(() => renew(request, lost));
  }, request.renewMs ?? 10_000);
  timer.unref();
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer);
      await renewing;
      await giveBack(request);
    },
  };
}

/** While the API is silent nobody else can take the lease, either. */
async function renew(request: LeaseRequest, lost: AbortController): Promise<void> {
  try {
    const lease = await request.client.find<Lease>(path);
    if (lease !== undefined && runOf(lease) === request.owner.run && (await write(request, lease))) return;
    const now = await request.client.find<Lease>(path);
    if (now === undefined || runOf(now) !== request.owner.run) lost.abort();
  } catch (error) {
    if (!KeelsonError.is(error)) throw error;
  }
}

async function giveBack({ client, owner }: LeaseRequest): Promise<void> {
  const lease = await client.find<Lease>(path);
  if (lease === undefined || runOf(lease) !== owner.run) return;
  const { uid, resourceVersion } = lease.metadata;
  const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid, resourceVersion } };
  await client.request({ method: "DELETE", path, body, timeoutMs: 3000 });
}

/** Makes the lease ours, or renews it; false if somebody else wrote it in the meantime. */
async function write({ client, owner, durationMs = 30_000 }: LeaseRequest, lease?: Lease): Promise<boolean> {
  const now = new Date().toISOString().replace("Z", "000Z");
  const isOurs = lease !== undefined && runOf(lease) === owner.run;
  const acquireTime = isOurs ? (lease.spec?.acquireTime ?? now) : now;
  const version = lease && { resourceVersion: lease.metadata.resourceVersion };
  const body = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name: "keelson-run",
      namespace: "kube-system",
      ...version,
      annotations: { [ownerAnnotation]: JSON.stringify(owner) },
    },
    spec: {
      holderIdentity: ownerName(owner),
      leaseDurationSeconds: Math.max(1, Math.round(durationMs / 1000)),
      acquireTime,
      renewTime: now,
    },
  };
  try {
    await client.request(lease ? { method: "PUT", path, body } : { method: "POST", path: folder, body });
    return true;
  } catch (error) {
    if (hasStatus(error, 409) || hasStatus(error, 404)) return false;
    throw error;
  }
}

async function isFree(lease: Lease, isSilent: boolean): Promise<boolean> {
  const owner = ownerOf(lease);
  return isSilent || (owner !== undefined && (await isDeadHere(owner)));
}

function ownerOf({ metadata }: Lease): RunOwner | undefined {
  try {
    return JSON.parse(metadata.annotations?.[ownerAnnotation] ?? "") as RunOwner;
  } catch {
    return undefined;
  }
}

function runOf(lease: Lease): string | undefined {
  return ownerOf(lease)?.run;
}

/** `ann@laptop (process 4711), who has been changing the cluster for 3 min`. */
function describe({ spec = {} }: Lease): string {
  const { holderIdentity = "somebody", acquireTime } = spec;
  const seconds = acquireTime === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(acquireTime)) / 1000);
  const age = seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
  return `${holderIdentity}, who has been changing the cluster for ${age}`;
}

function locked(clusterName: string, lease: Lease): KeelsonError {
  return new KeelsonError(
    "KEELSON_LOCKED",
    `Cannot change cluster "${clusterName}": it is held by ${describe(lease)}`,
    {
      fix: "Wait for that run to finish, or end it: a run that is gone is not waited for longer than half a minute",
    },
  );
}
