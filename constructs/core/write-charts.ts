import { ApiObject, Chart, DependencyGraph } from "cdk8s";
import type { IConstruct } from "constructs";

/**
 * Synthesises an app. cdk8s prepares and checks the whole app, and then does so again for every chart that it writes,
 * which takes the square of the app; in here its charts are written as they are.
 */
export function writeCharts<T>(root: IConstruct, synthesise: () => T): T {
  const charts = root.node.findAll().filter(isPlain);
  for (const chart of charts) {
    const value = (): unknown => objectsOf(chart).map((object) => object.toJson() as unknown);
    Object.defineProperty(chart, "toJson", { value, configurable: true });
  }
  try {
    return synthesise();
  } finally {
    for (const chart of charts) Reflect.deleteProperty(chart, "toJson");
  }
}

/** True for a chart whose class leaves to cdk8s how it is written. */
function isPlain(construct: IConstruct): construct is Chart {
  return Chart.isChart(construct) && construct.toJson === Chart.prototype.toJson;
}

/** The objects of a chart, without those of charts in it, in the order in which they are applied. */
function objectsOf(chart: Chart): readonly ApiObject[] {
  const all = new DependencyGraph(chart.node).topology();
  return all.filter((each) => ApiObject.isApiObject(each)).filter((object) => Chart.of(object) === chart);
}
