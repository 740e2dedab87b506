import type { Construct } from "constructs";
import { Application } from "../application/application.ts";
import { blueprint } from "../application/recipe.ts";
import type { NodeAgentProps } from "./props.ts";
import { nodeAgent } from "./recipe.ts";

/** A program that runs once on every node. */
export class NodeAgent extends Application {
  constructor(scope: Construct, id: string, props: NodeAgentProps) {
    super(scope, id, blueprint(nodeAgent, props));
  }
}
