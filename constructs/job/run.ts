import type { Context } from "../application/recipe.ts";
import { checkInteger, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import type { JobSpec } from "../kubernetes/types.ts";
import { podProperties } from "../pod/check.ts";
import { podTemplateOf } from "../pod/pod-template.ts";
import type { RunProps } from "./props.ts";

/** The properties of everything that runs to its end. */
export const runProperties = {
  ...podProperties,
  retries: true,
  timeoutSeconds: true,
  keepSeconds: true,
  completions: true,
  parallelism: true,
  access: true,
} as const satisfies Readonly<Record<keyof RunProps, true>>;

/** Checks how a program runs to its end. */
export function checkRun(draft: Draft, props: RunProps): void {
  const bounds = {
    retries: [0, 1000],
    timeoutSeconds: [1, 31_536_000],
    keepSeconds: [0, 31_536_000],
    completions: [1, 100_000],
    parallelism: [1, 100_000],
  } as const;
  for (const [key, range] of Object.entries(bounds)) {
    const value = props[key as keyof typeof bounds];
    if (value !== undefined) checkInteger(draft, key, value, range);
  }
  const { parallelism = 1, completions = 1 } = props;
  if (parallelism > completions) {
    draft.find("invalid-value", "parallelism", {
      message: `${show(parallelism)} pods at once are more than the ${show(completions)} that have to succeed`,
      fix: "Raise completions, or lower parallelism",
    });
  }
}

/** The spec of a Job. `path` is where it stands in its object, `job.spec` for example. */
export function jobSpecOf({ draft, identity, ports }: Context, props: RunProps, path: string): JobSpec {
  const { timeoutSeconds, completions = 1, parallelism } = props;
  const isDisrupted = [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  ] as const;
  return {
    backoffLimit: draft.fill("retries", props.retries, 3, "a failure that lasts is told, not tried for ever"),
    ttlSecondsAfterFinished: draft.fill("keepSeconds", props.keepSeconds, 86_400, "a day to read the logs"),
    ...(timeoutSeconds !== undefined && { activeDeadlineSeconds: timeoutSeconds }),
    ...(completions > 1 && { completions, completionMode: "Indexed" }),
    ...(parallelism !== undefined && { parallelism }),
    ...draft.fill(
      path,
      undefined,
      { podFailurePolicy: { rules: isDisrupted } },
      "a pod that a drain ended has not failed",
    ),
    template: podTemplateOf(
      {
        draft,
        identity,
        path: `${path}.template.spec`,
        ports,
        probes: {},
        drains: false,
        extra: { restartPolicy: "Never" },
      },
      props,
    ),
  };
}
