import { type Finding, type FindingCode, findingCodes } from "./finding.ts";

/** A document in the Static Analysis Results Interchange Format, version 2.1.0. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: "2.1.0";
  readonly runs: readonly SarifRun[];
}

/** One run of the checks. */
export interface SarifRun {
  readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly SarifRule[] } };
  readonly results: readonly SarifResult[];
}

/** A code of findings. */
export interface SarifRule {
  readonly id: FindingCode;
  readonly defaultConfiguration: { readonly level: Finding["severity"] };
}

/** A finding. */
export interface SarifResult {
  readonly ruleId: FindingCode;
  readonly ruleIndex: number;
  readonly level: Finding["severity"];
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
  /** Keeps a finding the same from run to run. */
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions?: readonly { readonly kind: "inSource"; readonly justification: string }[];
}

/**
 * Findings as SARIF 2.1.0, which code hosts show beside a change. `program` is the file that they are shown at, relative
 * to the repository. Those that an exception covers are marked as suppressed, with the reason.
 */
export function toSarif(findings: readonly Finding[], { program }: { readonly program: string }): SarifLog {
  const codes = [...new Set(findings.map(({ code }) => code))].toSorted();
  const rules = codes.map((id) => ({ id, defaultConfiguration: { level: findingCodes[id] } }));
  const results = findings.map((finding): SarifResult => {
    const { code, severity, constructPath, fieldPath, message, fix, excuse } = finding;
    const place = [constructPath, fieldPath].filter(Boolean).join(" ");
    return {
      ruleId: code,
      ruleIndex: codes.indexOf(code),
      level: severity,
      message: { text: `${place ? `${place}: ` : ""}${message}\n${fix}` },
      locations: [locationOf(finding, program)],
      partialFingerprints: { "keelson/v1": `${code} ${place}` },
      ...(excuse !== undefined && { suppressions: [{ kind: "inSource", justification: excuse }] }),
    };
  });
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "keelson", rules } }, results }],
  };
}

function locationOf({ constructPath, fieldPath }: Finding, program: string): object {
  return {
    physicalLocation: { artifactLocation: { uri: encodeURI(program) }, region: { startLine: 1 } },
    logicalLocations: [
      {
        name: fieldPath || constructPath,
        fullyQualifiedName: `${constructPath}:${fieldPath}`,
        kind: "member",
      },
    ],
  };
}
