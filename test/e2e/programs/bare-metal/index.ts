import { readFileSync } from "node:fs";
import { BareMetalCluster, type BareMetalClusterArgs } from "../../../../stacks/library.ts";

/** What the test writes into the file that TEST_SETTINGS names; nobody else may read it. */
export interface Settings extends BareMetalClusterArgs {
  /** A text that is no secret and shows where secrets would be seen. */
  readonly canary: string;
}

const { canary: planted, ...args } = JSON.parse(
  readFileSync(process.env["TEST_SETTINGS"] ?? "", "utf8"),
) as Settings;

export const kubeconfig = new BareMetalCluster("metal", args).kubeconfig;
export const canary = planted;
