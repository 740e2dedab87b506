import { companions } from "../application/companions.ts";
import type { Context, Recipe } from "../application/recipe.ts";
import { digest } from "../core/digest.ts";
import { applyPatch } from "../core/patch.ts";
import type { Job } from "../kubernetes/types.ts";
import { isLate } from "../late.ts";
import { podLabels } from "../pod/pod-template.ts";
import type { JobProps } from "./props.ts";
import { checkRun, jobSpecOf, runProperties } from "./run.ts";

const podSpec = ["spec", "template", "spec"] as const;

/** How a job becomes objects. */
export const job: Recipe<JobProps> = {
  properties: { ...runProperties, patch: true },
  patches: {
    container: ["job", ...podSpec, "containers", "0"],
    pod: ["job", ...podSpec],
    job: ["job"],
    serviceAccount: ["serviceAccount"],
    networkPolicy: ["networkPolicy"],
  },
  longestName: 54,
  check: checkRun,
  objects: (context, props) => {
    const made = jobOf(context, props);
    return { ...companions(context, props), job: () => made };
  },
};

// A Job cannot be changed, so one that is to do something else is another one.
function jobOf(context: Context, props: JobProps): Job {
  const { name } = context.identity;
  const metadata = { name, labels: podLabels(context.identity, props) };
  const spec = jobSpecOf(context, props, "job.spec");
  const draft: Job = { apiVersion: "batch/v1", kind: "Job", metadata, spec };
  const patches = context.patches.get("job") ?? [];
  const content = textOf(patches.reduce<unknown>(applyPatch, draft));
  return { ...draft, metadata: { ...metadata, name: `${name}-${digest(content)}` } };
}

function textOf(manifest: unknown): string {
  return JSON.stringify(manifest, (_key, value: unknown) => (isLate(value) ? "late" : value));
}
