import type { Construct } from "constructs";
import { Application } from "../application/application.ts";
import { blueprint } from "../application/recipe.ts";
import type { AppReference } from "../core/access.ts";
import type { WebServiceProps } from "./props.ts";
import { webService } from "./recipe.ts";

/**
 * A program that answers HTTP requests, with what production asks of it: Pod Security *restricted*, requests and
 * limits, probes, a disruption budget, spread, a network policy and an account of its own.
 * Wrong properties are findings that the synthesis shows all at once.
 */
export class WebService extends Application implements AppReference {
  /** The port of the pods. */
  declare readonly port: number;
  /** Where the service answers inside the cluster. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: WebServiceProps) {
    super(scope, id, blueprint(webService, props));
    this.url = `http://${this.namespace === undefined ? this.name : `${this.name}.${this.namespace}`}`;
  }
}
