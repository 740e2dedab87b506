import { Chart } from "cdk8s";
import type { IConstruct } from "constructs";
import type { Draft } from "./draft.ts";

/** What names and selects an application. A pinned name survives renaming the construct. */
export interface Identity {
  /** RFC 1035 label, so that it can name a Service. */
  readonly name: string;
  /** What selects the pods. Exactly one label, since it can never change and tools look for it. */
  readonly selector: Readonly<Record<string, string>>;
  /** Kubernetes' recommended labels; pods and objects carry them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The label that selects the pods of an application. */
export const nameLabel = "app.kubernetes.io/name";

/**
 * The identity of an application: its pinned name, or else the ids from its chart down to it, joined by `-`.
 * A name that Kubernetes would refuse is a finding.
 */
export function identify(construct: IConstruct, draft: Draft, pinned?: string): Identity {
  const name: unknown = pinned ?? nameFromPath(construct);
  if (typeof name !== "string" || name.length > 63 || !/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    draft.find("invalid-name", pinned === undefined ? "id" : "name", {
      message: `${typeof name === "string" ? `"${name}"` : typeof name} cannot name a Service`,
      fix: "Use at most 63 lower-case letters, digits and hyphens, a letter first and no hyphen last; name pins it",
    });
  }
  return identityOf(typeof name === "string" ? name : nameFromPath(construct));
}

/** The tag of an image as a label value; undefined if there is none or it does not fit. */
export function versionOf(image: string): string | undefined {
  const tag = /:([^/:@]+)(@|$)/.exec(image)?.[1];
  return tag !== undefined && tag.length <= 63 && /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(tag)
    ? tag
    : undefined;
}

function identityOf(name: string): Identity {
  return {
    name,
    selector: { [nameLabel]: name },
    labels: {
      [nameLabel]: name,
      "app.kubernetes.io/instance": name,
      "app.kubernetes.io/managed-by": "keelson",
    },
  };
}

/** The ids from the chart of a construct down to it, joined by `-`. */
export function nameFromPath(construct: IConstruct): string {
  const scopes = construct.node.scopes;
  const chart = scopes.findLastIndex((scope) => Chart.isChart(scope));
  return scopes
    .slice(chart + 1)
    .map(({ node }) => node.id)
    .join("-");
}
