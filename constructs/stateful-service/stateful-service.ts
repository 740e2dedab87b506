import type { Construct } from "constructs";
import { Application } from "../application/application.ts";
import { blueprint } from "../application/recipe.ts";
import type { AppReference } from "../core/access.ts";
import type { StatefulServiceProps } from "./props.ts";
import { statefulService } from "./recipe.ts";

/**
 * A program with data of its own: each of its pods keeps its name and its volumes. Callers reach any pod that is ready
 * at `name`, and one of them at `name-0.name-peers`.
 */
export class StatefulService extends Application implements AppReference {
  /** The port of the pods, and of the service. */
  declare readonly port: number;

  constructor(scope: Construct, id: string, props: StatefulServiceProps) {
    super(scope, id, blueprint(statefulService, props));
  }
}
