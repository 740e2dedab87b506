import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** When an API comes and goes, as minors of version 1; the replacement is `apiVersion Kind`. */
interface Lifecycle {
  readonly deprecated: number | undefined;
  readonly removed: number | undefined;
  readonly replacement: string | undefined;
}

/** Gone from the sources too, so that only their history tells. */
const gone = [
  "apiextensions.k8s.io/v1beta1 CustomResourceDefinition|16|22|apiextensions.k8s.io/v1 CustomResourceDefinition",
  "apiregistration.k8s.io/v1beta1 APIService|10|22|apiregistration.k8s.io/v1 APIService",
  "batch/v2alpha1 CronJob|21|21|batch/v1 CronJob",
  "extensions/v1beta1 PodSecurityPolicy|10|16|",
  "policy/v1beta1 PodSecurityPolicy|21|25|",
];

/** Every deprecated or removed API as a line `apiVersion Kind|deprecated|removed|replacement`, from the API module. */
export function readLifecycles(folder: string): readonly string[] {
  const files = globSync("*/*/{zz_generated.prerelease-,}lifecycle.go", { cwd: folder }).toSorted();
  const found = files.flatMap((file) => {
    const [group = "", version = ""] = file.split("/");
    const text = readFileSync(join(folder, file), "utf8");
    const full = groupNameOf(readFileSync(join(folder, group, version, "register.go"), "utf8"), group);
    return [...lifecyclesIn(text)]
      .filter(([kind, { deprecated }]) => deprecated !== undefined && !kind.endsWith("List"))
      .map(([kind, { deprecated, removed, replacement }]) =>
        [`${full ? `${full}/` : ""}${version} ${kind}`, deprecated, removed, replacement ?? ""].join("|"),
      );
  });
  return [...new Set([...found, ...gone])].toSorted();
}

function groupNameOf(register: string, folder: string): string {
  return /GroupName\s*=\s*"([^"]*)"/.exec(register)?.[1] ?? folder;
}

function lifecyclesIn(text: string): ReadonlyMap<string, Lifecycle> {
  const kinds = new Map<string, Lifecycle>();
  const change = (kind: string, part: Partial<Lifecycle>): void => {
    const empty = { deprecated: undefined, removed: undefined, replacement: undefined };
    kinds.set(kind, { ...(kinds.get(kind) ?? empty), ...part });
  };
  for (const [, kind = "", part = "", body = ""] of text.matchAll(
    /^func \(in \*(\w+)\) APILifecycle(Deprecated|Removed|Replacement)\(\).*\{\n(.*)\n/gm,
  )) {
    const minor = Number(/return 1, (\d+)/.exec(body)?.[1]);
    const [, group, version, name] = /Group: "(.*)", Version: "(.*)", Kind: "(.*)"/.exec(body) ?? [];
    if (part === "Deprecated") change(kind, { deprecated: minor });
    if (part === "Removed") change(kind, { removed: minor });
    if (part === "Replacement") {
      change(kind, { replacement: `${[group, version].filter(Boolean).join("/")} ${name ?? ""}` });
    }
  }
  return kinds;
}
