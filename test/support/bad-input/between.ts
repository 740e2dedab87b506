import type { App } from "cdk8s";
import type { FindingCode } from "../../../constructs/index.ts";

/** Two objects of which each is fine alone, and what is wrong with them together. */
export interface BadPair {
  readonly code: FindingCode;
  /** The construct that the finding names, and the field. */
  readonly at: readonly [constructPath: string, fieldPath: string];
  readonly bad: (app: App) => unknown;
  /** The nearest pair that is fine. */
  readonly good: (app: App) => unknown;
}

/** By what is wrong with them. */
export type BadPairs = Readonly<Record<string, BadPair>>;
