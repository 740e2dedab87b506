import type { Finding } from "../core/finding.ts";
import type { Rendered } from "../core/rendered.ts";
import { findSharedSelectors } from "./controllers.ts";
import { Inventory } from "./inventory.ts";
import { findInMonitors } from "./monitors.ts";
import { findInNetwork, Network } from "./network.ts";
import { findInReferences } from "./references.ts";
import { findInRoutes } from "./routes.ts";
import { findInServices } from "./services.ts";

/** What is wrong between objects of an app, whoever made them. Takes all of the app: what is missing may stand in another chart. */
export function findInRelations(rendered: readonly Rendered[]): readonly Finding[] {
  const inventory = new Inventory(rendered);
  const network = new Network(inventory);
  return [
    ...findInServices(inventory),
    ...findSharedSelectors(inventory),
    ...findInNetwork(network),
    ...findInReferences(inventory),
    ...findInRoutes(inventory, network),
    ...findInMonitors(inventory),
  ];
}
