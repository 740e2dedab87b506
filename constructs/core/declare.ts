import type { IConstruct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import type { CustomResourceDefinition } from "../kubernetes/types.ts";
import { addDefinitions } from "./custom-resources.ts";
import { watch } from "./findings.ts";
import { setProfile } from "./profile.ts";

/**
 * Says for which cluster the constructs in a scope are made: objects are checked against its version of Kubernetes.
 * A Workload of `keelson/stacks` says it for its charts. Without it, the version is 1.35.
 */
export function useProfile(scope: IConstruct, profile: Profile): void {
  setProfile(scope, profile);
  watch(scope);
}

/**
 * Makes custom resources known to the app, so that objects of these kinds are checked as strictly as others. Takes the
 * definitions as they are published, parsed. Definitions that the app itself contains are known without it.
 */
export function registerCrds(scope: IConstruct, ...definitions: readonly CustomResourceDefinition[]): void {
  addDefinitions(scope, definitions);
  watch(scope);
}
