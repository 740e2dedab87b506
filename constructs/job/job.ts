import type { Construct } from "constructs";
import { Application } from "../application/application.ts";
import { blueprint } from "../application/recipe.ts";
import type { JobProps } from "./props.ts";
import { job } from "./recipe.ts";

/**
 * A program that runs to its end once: a migration or an import. Its Kubernetes Job carries a digest of what it does in
 * its name, so that a changed program runs again and an unchanged one does not.
 */
export class Job extends Application {
  constructor(scope: Construct, id: string, props: JobProps) {
    super(scope, id, blueprint(job, props));
  }
}
