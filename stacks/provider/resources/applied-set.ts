import { KeelsonError, ProblemsError } from "../../../errors.ts";
import { formatPreviews } from "../../../delivery/format-previews.ts";
import type {
  Adoption,
  ApplyOptions,
  DeliveryEvent,
  DriftRule,
  IgnoredField,
  Inventory,
  KubeClient,
  TargetCluster,
} from "../../../delivery/index.ts";
import { referenceProblem } from "../../../delivery/store/open-store.ts";
import type { ReleaseStore } from "../../../delivery/store/release-store.ts";
import { accessRecord, type ClusterAccess } from "../../engine/releases.ts";
import { label } from "../checker.ts";
import { unfinishedKey } from "../state.ts";
import type { Call, Drifting, Prior, Resource } from "../resource.ts";
import { readServices, type SetServices } from "./set-services.ts";

export interface AppliedSetInputs {
  /** The cluster's name, for messages. */
  readonly cluster: string;
  /** Names the cluster for ever; how to reach it is in the release store. Unknown in the preview of a new cluster. */
  readonly clusterId?: string;
  /** The release store, without secrets. */
  readonly store: string;
  /** Digest of what is to be there. Unknown in a preview in which a value of it is. */
  readonly release?: string;
  readonly inventory: Inventory;
  readonly adopt?: Adoption;
  readonly drift?: DriftRule;
  readonly force?: boolean;
  readonly ignore?: readonly IgnoredField[];
  /** Whether Namespaces, definitions and volumes may be deleted that a new release does not have any more. */
  readonly allowRemoval?: boolean;
}

export interface AppliedSetOutputs extends Drifting {
  /** Digest of the last release that was applied as a whole. */
  readonly applied: string;
  /** What its objects say that they are: health is judged against it. */
  readonly version: string;
  readonly objects: number;
  readonly services: SetServices;
}

/** How the set is applied, and how its cluster is reached: no difference to what it is. */
const manner = new Set(["cluster", "store", "adopt", "drift", "force", "allowRemoval"]);

/** The actions that change something. */
const changing = new Set(["created", "changed", "corrected", "pruned", "kept", "terminating"]);

/** One app on one cluster. Its objects are in the release store; the cluster itself holds the inventory. */
export const appliedSet: Resource<AppliedSetInputs, AppliedSetOutputs> = {
  type: "keelson:index:AppliedSet",
  outputs: ["applied", "version", "objects", "services", "pending"],
  secretOutputs: [],
  refreshBeforeUpdate: true,
  diff: {
    ignores: ([head]) => manner.has(String(head)),
    replaces: ([head]) => head === "clusterId" || head === "inventory",
  },
  check(inputs) {
    inputs.text("cluster");
    inputs.text("clusterId");
    inputs.text("release", { matches: [/^sha256:[0-9a-f]{64}$/u, "the digest of a release"] });
    inputs.text("store");
    const problem = referenceProblem(inputs.at("store").asText ?? "file:///");
    if (problem !== undefined) inputs.at("store").refuse(problem);
    inputs.at("inventory").text("name", { matches: label });
    inputs.at("inventory").text("namespace", { matches: label });
    inputs.oneOf("adopt", ["always", "ifNoDiff", "never"], true);
    inputs.oneOf("drift", ["correct", "report", "halt"], true);
    for (const key of ["force", "allowRemoval"]) inputs.trueOrFalse(key, true);
  },
  id: ({ clusterId = "", inventory }) => `${clusterId}/${inventory.namespace}/${inventory.name}`,
  async create(call, inputs) {
    return { outputs: await deliver(call, inputs) };
  },
  async update(call, inputs, { outputs }) {
    // Who was silent is waited for once: by its own wave, or by a run that is about all clusters.
    const goesOnWaiting = !call.world.delivery.isWatched(inputs.cluster) && waitsFor(inputs, outputs);
    return goesOnWaiting ? {} : deliver(call, inputs);
  },
  read: (call, prior) => readLive(call, prior),
  async delete(call, { inputs }) {
    await onCluster(call, inputs, async (target) => {
      const { inventory } = inputs;
      const { signal } = call.operation;
      // Who deletes the resource means the app with all that it brought.
      const options = { inventory, allowRemoval: true, signal, onEvent: teller(call, inputs) };
      await call.world.delivery.remove(target, options);
    });
  },
};

/** Applies the wanted release, or says what that would do. A cluster that does not answer fails nobody. */
async function deliver(call: Call, inputs: AppliedSetInputs): Promise<Partial<AppliedSetOutputs>> {
  const { release, cluster, clusterId } = inputs;
  if (release === undefined || clusterId === undefined) {
    call.inform(`${cluster}: what would change is known once the cluster and all values are`);
    return {};
  }
  try {
    return await onCluster(call, inputs, async (target, store) => {
      const objects = await store.get(release, { signal: call.operation.signal });
      if (call.operation.preview) {
        const previews = await call.world.delivery.preview(target, objects, optionsOf(call, inputs));
        call.inform(`${cluster}: ${formatPreviews(previews)}`);
        return { applied: release, objects: objects.length, pending: [] };
      }
      const result = await call.world.delivery.apply(target, objects, optionsOf(call, inputs));
      const services = await readServices(target.client, objects, inputs.inventory.namespace);
      return { applied: release, version: result.release, objects: objects.length, services, pending: [] };
    });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const [why = ""] = error.message.split("\n");
    call.warn(`${cluster} does not answer, so it waits for its release until the next run: ${why}`);
    return call.operation.preview ? {} : { pending: [waiting(inputs)] };
  }
}

/** One list for each kind and namespace tells whether the set is still the release that was applied. */
async function readLive(
  call: Call,
  { inputs, outputs }: Prior<AppliedSetInputs, AppliedSetOutputs>,
): ReturnType<typeof appliedSet.read> {
  // A wave is about its own clusters: what others have is taken as it was.
  if (!call.world.delivery.isWatched(inputs.cluster)) return {};
  const { version, pending = [] } = outputs;
  // What was never applied is still to be applied.
  if (version === undefined || pending.length > 0) return { pending };
  const { inventory, cluster } = inputs;
  try {
    const { release } = await onCluster(call, inputs, (target) =>
      call.world.delivery.readHealth(target, { inventory, release: version, signal: call.operation.signal }),
    );
    const what = `bring back what was changed or deleted in "${inventory.namespace}/${inventory.name}"`;
    return { pending: release === version ? [] : [{ host: cluster, what }] };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    call.operation.onSilence?.(`${cluster} does not answer`);
    return "silent";
  }
}

/** Opens the way to the cluster that the release store knows, for as long as the work takes. */
async function onCluster<Result>(
  call: Call,
  { cluster, clusterId = "", store: reference }: AppliedSetInputs,
  work: (target: TargetCluster, store: Pick<ReleaseStore, "get">) => Promise<Result>,
): Promise<Result> {
  const { delivery } = call.world;
  const { signal } = call.operation;
  const silence = delivery.silences.get(clusterId);
  if (silence !== undefined) throw silence;
  const store = await delivery.openStore(reference, { signal });
  const access = (await store.readRecord(accessRecord(clusterId), { signal })) as ClusterAccess | undefined;
  if (access === undefined) {
    throw new KeelsonError(
      "KEELSON_RELEASE_MISSING",
      `Cannot reach cluster "${cluster}": the release store "${reference}" does not know how`,
    );
  }
  const client: KubeClient = await delivery.connect(access.kubeconfig);
  try {
    return await work({ name: cluster, client }, store);
  } catch (error) {
    if (isUnreachable(error)) delivery.silences.set(clusterId, error);
    throw error;
  } finally {
    client.close();
  }
}

function optionsOf(call: Call, inputs: AppliedSetInputs): ApplyOptions {
  const { inventory, adopt, drift, force, ignore, allowRemoval } = inputs;
  return {
    inventory,
    ...(adopt !== undefined && { adopt }),
    ...(drift !== undefined && { drift }),
    ...(force !== undefined && { force }),
    ...(ignore !== undefined && { ignore }),
    ...(allowRemoval !== undefined && { allowRemoval }),
    signal: call.operation.signal,
    onEvent: teller(call, inputs),
  };
}

/** Shows what happens, and notes that the cluster was touched. */
function teller(
  { operation }: Call,
  { cluster, inventory }: AppliedSetInputs,
): (event: DeliveryEvent) => void {
  return (event) => {
    if (event.type === "waiting") operation.log(cluster, event.why);
    else if (event.type === "begins") {
      const what = `change the set "${inventory.namespace}/${inventory.name}"`;
      operation.onIntent({ host: cluster, what });
    } else if (changing.has(event.action)) operation.log(cluster, `${event.action} ${event.object}`);
  };
}

function waiting({ cluster, release = "" }: AppliedSetInputs): Drifting["pending"][number] {
  return { host: cluster, what: `apply release ${release}` };
}

/** Whether silence is all that has kept the wanted release from the cluster. */
function waitsFor(inputs: AppliedSetInputs, outputs: Partial<AppliedSetOutputs>): boolean {
  const { pending = [] } = outputs;
  const { what } = waiting(inputs);
  const isWhole = !Object.hasOwn(outputs, unfinishedKey);
  return isWhole && pending.length > 0 && pending.every((each) => each.what === what);
}

/** Whether nothing but silence stood in the way. */
function isUnreachable(error: unknown): error is KeelsonError {
  if (error instanceof ProblemsError) {
    return error.problems.every(({ code }) => code === "KEELSON_API_UNAVAILABLE");
  }
  return KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE";
}
