import { companions } from "../application/companions.ts";
import type { Context, Recipe } from "../application/recipe.ts";
import { checkInteger, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { checkRun, jobSpecOf, runProperties } from "../job/run.ts";
import type { CronJob } from "../kubernetes/types.ts";
import { podLabels } from "../pod/pod-template.ts";
import type { ScheduledJobProps } from "./props.ts";
import { isSchedule } from "./schedule.ts";

const jobSpec = ["spec", "jobTemplate", "spec"] as const;
const podSpec = [...jobSpec, "template", "spec"] as const;

/** How a scheduled job becomes objects. */
export const scheduledJob: Recipe<ScheduledJobProps> = {
  properties: {
    ...runProperties,
    schedule: true,
    timeZone: true,
    overlap: true,
    lateSeconds: true,
    suspend: true,
    patch: true,
  },
  patches: {
    container: ["cronJob", ...podSpec, "containers", "0"],
    pod: ["cronJob", ...podSpec],
    cronJob: ["cronJob"],
    serviceAccount: ["serviceAccount"],
    networkPolicy: ["networkPolicy"],
  },
  longestName: 52,
  check: checkScheduledJob,
  objects: (context, props) => {
    const made = cronJobOf(context, props);
    return { ...companions(context, props), cronJob: () => made };
  },
};

const policies = { forbid: "Forbid", replace: "Replace", allow: "Allow" } as const;

function cronJobOf(context: Context, props: ScheduledJobProps): CronJob {
  const { draft, identity } = context;
  const { schedule, timeZone, overlap, lateSeconds, suspend } = props;
  const labels = podLabels(identity, props);
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: identity.name, labels },
    spec: {
      schedule,
      timeZone: draft.fill("timeZone", timeZone, "Etc/UTC", "the same everywhere, and without summer time"),
      concurrencyPolicy:
        policies[draft.fill("overlap", overlap, "forbid" as const, "two runs would do the same work")],
      startingDeadlineSeconds: draft.fill(
        "lateSeconds",
        lateSeconds,
        300,
        "a run that was missed is made up for, unless the next is near",
      ),
      ...(suspend !== undefined && { suspend }),
      ...draft.fill(
        "cronJob.spec",
        undefined,
        { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 3 },
        "the logs of the last failures stay",
      ),
      jobTemplate: {
        metadata: { labels },
        spec: jobSpecOf(context, props, ["cronJob", ...jobSpec].join(".")),
      },
    },
  };
}

function checkScheduledJob(draft: Draft, props: ScheduledJobProps): void {
  checkRun(draft, props);
  const { schedule, timeZone, overlap, lateSeconds, suspend } = props;
  if (!isSchedule(schedule)) {
    draft.find("invalid-value", "schedule", {
      message: `${show(schedule)} is not a schedule`,
      fix: 'Use minute, hour, day, month and day of the week, "15 3 * * 1-5" for example',
    });
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    draft.find("invalid-value", "timeZone", {
      message: `${show(timeZone)} is not a time zone`,
      fix: 'Use a name of the tz database, "Europe/Oslo" for example',
    });
  }
  if (overlap !== undefined && !Object.hasOwn(policies, overlap)) {
    draft.find("invalid-value", "overlap", {
      message: `${show(overlap)} is not a way to treat a run that has not ended`,
      fix: 'Use "forbid", "replace" or "allow"',
    });
  }
  // The controller looks every ten seconds, and a busy one less often.
  if (lateSeconds !== undefined) checkInteger(draft, "lateSeconds", lateSeconds, [60, 86_400]);
  if (suspend !== undefined && typeof suspend !== "boolean") {
    draft.find("invalid-value", "suspend", {
      message: `${show(suspend)} is neither true nor false`,
      fix: "Use true or false",
    });
  }
}

function isTimeZone(name: unknown): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: String(name) }));
  } catch {
    return false;
  }
}
