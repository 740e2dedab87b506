import { isDeepStrictEqual } from "node:util";
import type { KubeletSettings } from "../../clusters/settings/kubelet.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * In words, how a living kubelet's configuration differs from what is wanted of it; empty if it does not. Fields that the
 * program neither wants nor wanted before are the host's, or somebody else's. Pure.
 *
 * @param noted what the program wanted when the configuration was last made
 */
export function kubeletDifferences(
  wanted: KubeletSettings,
  { live, noted }: { readonly live: Fields; readonly noted: Fields },
): readonly string[] {
  const changed = Object.entries(wanted).flatMap(([key, value]) => {
    if (contains(live[key], value) && isDeepStrictEqual(noted[key], value)) return [];
    const before = contains(live[key], value) ? undefined : live[key];
    return [`${key}=${short(value)}${before === undefined ? "" : ` (was ${short(before)})`}`];
  });
  const gone = Object.keys(noted).filter((key) => !(key in wanted));
  return [...changed, ...gone.map((key) => `no ${key}`)];
}

/** Whether a value has what a merge patch of another one would give it. */
function contains(has: unknown, wanted: unknown): boolean {
  if (!isRecord(wanted)) return isDeepStrictEqual(has, wanted);
  return isRecord(has) && Object.entries(wanted).every(([key, value]) => contains(has[key], value));
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
