import type { FindingCode } from "../../../constructs/index.ts";
import type { WorkloadKind } from "../workloads.ts";

/** Properties that a workload must refuse. Written in JavaScript or behind a cast all of them get past the compiler. */
export interface BadInput {
  readonly of: WorkloadKind;
  readonly bad: object;
  /** @default "invalid-value" */
  readonly code?: FindingCode;
  /** The property that the finding names. */
  readonly at: string;
  /** The nearest input that is fine. */
  readonly good: object;
}

/** By what is wrong with them. */
export type BadInputs = Readonly<Record<string, BadInput>>;
