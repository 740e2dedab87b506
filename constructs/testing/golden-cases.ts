import type { Chart } from "cdk8s";
import { KeelsonError } from "../../errors.ts";
import type { FindingCode } from "../core/finding.ts";
import type { Expected } from "./mismatches.ts";
import { render, type RenderOptions } from "./render.ts";

/** An input, and what must come of it: objects by kind (those that are named, in the fields that are named), or findings. */
export interface GoldenCase<Input> {
  readonly input: Input;
  /** By kind. @default - nothing is asked of the objects */
  readonly objects?: Readonly<Record<string, Expected>>;
  /** Every finding must be of one of these codes, and each must occur. @default - no findings */
  readonly findings?: readonly FindingCode[];
}

/** A case, ready to be run by any test runner: `it(title, run)`. */
export interface Case {
  readonly title: string;
  /** @throws KeelsonError if the case does not hold */
  readonly run: () => void;
}

/**
 * Cases of a construct as data, by title. One whose title begins with `error_` must name its findings, so that a
 * refusal is never forgotten.
 */
export function goldenCases<Input>(
  cases: Readonly<Record<string, GoldenCase<Input>>>,
  build: (chart: Chart, input: Input) => unknown,
  options: RenderOptions = {},
): readonly Case[] {
  return Object.entries(cases).map(([title, { input, objects = {}, findings = [] }]) => ({
    title,
    run: () => {
      const rendering = render((chart) => build(chart, input), options);
      if (title.startsWith("error_") && findings.length === 0) {
        throw new KeelsonError(
          "KEELSON_INVALID_CONSTRUCT",
          `Cannot run case "${title}": it names no findings`,
        );
      }
      rendering.expectFindings(...findings);
      for (const [kind, expected] of Object.entries(objects)) rendering.expect(kind, expected);
    },
  }));
}
