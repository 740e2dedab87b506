import { type FleetLock, withReleases } from "../../clusters/lock/lock.ts";
import type { AppliedSetInputs, AppliedSetOutputs } from "../../stacks/provider/resources/applied-set.ts";

/** An app on a cluster, as the state of the stack has it. */
export interface SetState {
  readonly inputs: AppliedSetInputs;
  readonly outputs: Partial<AppliedSetOutputs> & { readonly unfinished?: { readonly reason?: string } };
}

/** The sets in what `pulumi stack export` gives, by `<cluster>/<app>`. Pure. */
export function setsIn(exported: string): ReadonlyMap<string, SetState> {
  const { deployment } = JSON.parse(exported) as Export;
  const sets = (deployment?.resources ?? []).filter(({ type }) => type === "keelson:index:AppliedSet");
  return new Map(
    sets.map(({ urn, inputs, outputs }) => [urn.slice(urn.lastIndexOf("::") + 2), { inputs, outputs }]),
  );
}

/** A lock that also has what runs of apps that it does not know. Pure. */
export function withRunning(lock: FleetLock, sets: ReadonlyMap<string, SetState>): FleetLock {
  const known = new Set(Object.keys(lock.releases));
  let complete = lock;
  for (const [name, { inputs, outputs }] of sets) {
    const [cluster = "", app = ""] = name.split("/");
    const digest = outputs.applied ?? inputs.release;
    if (known.has(app) || digest === undefined) continue;
    complete = withReleases(complete, app, { [cluster]: digest });
  }
  return complete;
}

interface Export {
  readonly deployment?: {
    readonly resources?: readonly (SetState & { readonly urn: string; readonly type: string })[];
  };
}
