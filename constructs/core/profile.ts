import type { IConstruct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import { defaultMinor } from "../schema/catalogue.ts";

const profileMark = Symbol.for("keelson.profile");

/** Gives a scope the profile that holds for everything in it. */
export function setProfile(scope: IConstruct, profile: Profile): void {
  Object.defineProperty(scope, profileMark, { value: profile, configurable: true });
}

/** The profile of the nearest scope that has one. @default - Kubernetes 1.35 */
export function profileOf(construct: IConstruct): Profile {
  const scopes = construct.node.scopes as readonly { [profileMark]?: Profile }[];
  return scopes.findLast((scope) => profileMark in scope)?.[profileMark] ?? standard;
}

const standard: Profile = { kubernetes: defaultMinor };
