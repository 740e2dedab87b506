import type { Finding, Judged } from "../judged.ts";
import { hostsFilePath } from "./hosts-file.ts";

/** Somebody else's word about a registry is never overwritten, and never mixed with the program's. Pure. */
export function judgeRegistries({ cluster, facts }: Judged): Finding[] {
  return Object.keys(cluster.registries ?? {}).flatMap((name): Finding[] => {
    const path = hostsFilePath(name);
    const file = facts.registries?.[path];
    if (file === undefined || file.isOurs) return [];
    const message = `${path} is there already and not keelson's: remove it, or "${name}" from the program's registries`;
    return [["KEELSON_INVALID_INPUT", message]];
  });
}
