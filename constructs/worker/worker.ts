import type { Construct } from "constructs";
import { Application } from "../application/application.ts";
import { blueprint } from "../application/recipe.ts";
import type { WorkerProps } from "./props.ts";
import { worker } from "./recipe.ts";

/**
 * A program that nobody calls: it takes its work from a queue or a database. It has all that a `WebService` has except
 * for the service.
 */
export class Worker extends Application {
  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id, blueprint(worker, props));
  }
}
