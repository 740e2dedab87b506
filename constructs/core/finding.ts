/** Every code of a finding with its severity. An error stops the synthesis; a warning is shown. */
export const findingCodes = {
  "invalid-value": "error",
  "unknown-property": "error",
  "invalid-name": "error",
  "unknown-field": "error",
  "wrong-type": "error",
  "missing-field": "error",
  "duplicate-item": "error",
  "unknown-kind": "error",
  "removed-api": "error",
  "duplicate-object": "error",
  "file-clash": "error",
  "node-port-taken": "error",
  "port-missing": "error",
  "port-undeclared": "warning",
  "selects-nothing": "warning",
  "service-twice": "warning",
  "managed-twice": "error",
  "selector-shared": "error",
  "dns-cut": "warning",
  "half-open": "warning",
  "route-taken": "error",
  "route-refused": "error",
  "grant-missing": "error",
  "monitor-unseen": "warning",
  "host-unrestricted": "warning",
  "metrics-unscraped": "warning",
  "gateway-missing": "error",
  "store-missing": "error",
  "cluster-set-missing": "error",
  "route-unsupported": "error",
  "patch-target-missing": "error",
  "patch-lost": "error",
  "patch-failed": "error",
  "late-outside-stack": "error",
  "late-secret-exposed": "error",
  "late-unwrapped": "error",
  "literal-secret": "error",
  "config-unreadable": "error",
  "storage-unserved": "error",
  "volume-contended": "error",
  "claim-mismatch": "error",
  "namespace-unknown": "error",
  "quota-exceeded": "error",
  "limits-violated": "error",
  "request-missing": "error",
  "pod-fits-nowhere": "error",
  "disruption-blocked": "error",
  "replicas-contended": "error",
  "service-not-headless": "error",
  unrenderable: "error",
  "exception-without-reason": "error",
  "image-unpinned": "error",
  "health-undeclared": "warning",
  "probes-identical": "warning",
  unreachable: "warning",
  "single-replica": "warning",
  "deprecated-api": "warning",
  "preview-api": "warning",
  "claim-missing": "warning",
  "target-missing": "warning",
  "unchecked-kind": "warning",
} as const;

export type FindingCode = keyof typeof findingCodes;

/** The findings that a construct may be excused from, with a reason. */
export type ExcusableCode = (typeof excusable)[number];

/** An exception from a rule, on purpose. */
export interface Exception {
  readonly code: ExcusableCode;
  /** Why the rule does not hold here. Must not be empty. */
  readonly reason: string;
  /** Holds for this field and what is in it alone. @default - all fields */
  readonly fieldPath?: string;
}

/** One thing that is wrong or worth knowing about a construct. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: "error" | "warning";
  /** Where the construct is in the tree, `shop/web` for example. */
  readonly constructPath: string;
  /** The property that is wrong, `health.ready` for example. Empty for the construct as a whole. */
  readonly fieldPath: string;
  /** The current state. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  /** Why it does not count: the reason of the exception that covers it. */
  readonly excuse?: string;
}

const excusable = [
  "literal-secret",
  "storage-unserved",
  "volume-contended",
  "claim-missing",
  "namespace-unknown",
  "quota-exceeded",
  "limits-violated",
  "request-missing",
  "pod-fits-nowhere",
  "disruption-blocked",
  "replicas-contended",
  "target-missing",
  "service-not-headless",
  "image-unpinned",
  "health-undeclared",
  "probes-identical",
  "unreachable",
  "single-replica",
  "port-undeclared",
  "selects-nothing",
  "service-twice",
  "dns-cut",
  "half-open",
  "route-refused",
  "grant-missing",
  "monitor-unseen",
  "host-unrestricted",
  "metrics-unscraped",
  "unknown-field",
  "unknown-kind",
  "deprecated-api",
  "preview-api",
  "unchecked-kind",
] as const satisfies readonly FindingCode[];

/** True for a code that an exception may name. */
export function isExcusable(code: string): code is ExcusableCode {
  return (excusable as readonly string[]).includes(code);
}

/** A finding as a person reads it, without the path of its construct. */
export function describeFinding({ code, fieldPath, message, fix, excuse }: Finding): string {
  const action = excuse === undefined ? fix : `Excused: ${excuse}`;
  return `${fieldPath ? `${fieldPath}: ` : ""}${message} [${code}]\n      ${action}`;
}

/** All findings as a person reads them, errors first and excused ones last, one block each. */
export function describeFindings(findings: readonly Finding[]): string {
  const rank = { error: 0, warning: 1, excused: 2 };
  return findings
    .map(
      (finding) =>
        ({ finding, weight: finding.excuse === undefined ? finding.severity : "excused" }) as const,
    )
    .toSorted((a, b) => rank[a.weight] - rank[b.weight])
    .map(({ finding, weight }) => `${weight} ${finding.constructPath} ${describeFinding(finding)}`)
    .join("\n");
}
