import { runChecker } from "./run.ts";

/** The checks that do not hold here, and why. CPU limits are left out by a switch of their own: they slow down idle machines. */
export const ignoredChecks: Readonly<Record<string, string>> = {
  "container-image-pull-policy":
    "wants Always; every image has a tag that is not latest or a digest, and a registry that is down must not stop a restart",
  "container-ephemeral-storage-request-and-limit":
    "all that a pod can write to is bounded by the size limits of its volumes; size.ephemeralStorage is there for more",
  "container-security-context-user-group-id":
    "wants a number above 10000; the user is the image's, and restricted sees to it that it is not root",
};

/** The critical judgements of kube-score on a set of objects, one line each. */
export async function findCritical(objects: readonly object[]): Promise<readonly string[]> {
  const documents = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const ignored = Object.keys(ignoredChecks).flatMap((id) => ["--ignore-test", id]);
  const args = ["score", "--output-format", "json", "--ignore-container-cpu-limit", ...ignored, "-"];
  const scored = JSON.parse(await runChecker("kube-score", args, documents)) as readonly Scored[];
  return scored.flatMap(({ object_name, checks }) =>
    checks
      .filter(({ grade, skipped }) => grade === critical && !skipped)
      .map(({ check, comments }) => {
        const reasons = (comments ?? []).map(({ path, summary }) => `${path} ${summary}`.trim());
        return `${object_name}: ${check.id}: ${reasons.join("; ")}`;
      }),
  );
}

const critical = 1;

interface Scored {
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}
