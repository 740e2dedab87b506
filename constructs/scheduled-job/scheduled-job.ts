import type { Construct } from "constructs";
import { Application } from "../application/application.ts";
import { blueprint } from "../application/recipe.ts";
import type { ScheduledJobProps } from "./props.ts";
import { scheduledJob } from "./recipe.ts";

/** A program that runs to its end again and again, at the times of a schedule. */
export class ScheduledJob extends Application {
  constructor(scope: Construct, id: string, props: ScheduledJobProps) {
    super(scope, id, blueprint(scheduledJob, props));
  }
}
