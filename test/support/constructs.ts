import assert from "node:assert/strict";
import { App, Chart, type ChartProps } from "cdk8s";
import type { Construct } from "constructs";
import {
  type Application,
  type Finding,
  findingsOf,
  WebService,
  type WebServiceProps,
} from "../../constructs/index.ts";
import type {
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  StatefulSet,
} from "../../constructs/kubernetes/types.ts";

/** Properties of a web service without a finding. */
export const soundProps = {
  image: "ghcr.io/acme/web:1.4.2",
  port: 8080,
  health: { ready: "/readyz" },
  access: { from: ["namespace"] },
} as const satisfies WebServiceProps;

/** A chart "shop" in an app of its own. */
export function newChart(props: ChartProps = { namespace: "shop" }): Chart {
  return new Chart(new App(), "shop", props);
}

/** A web service "web", alone in a chart unless one is given. Takes properties that the compiler would refuse. */
export function webService(props: object = {}, chart = newChart()): WebService {
  return new WebService(chart, "web", { ...soundProps, ...props });
}

/** All findings of the app that holds the construct. */
export function findingsAround(service: Construct): readonly Finding[] {
  return findingsOf(service.node.root);
}

/** The app that holds a construct. */
export function appOf(construct: Construct): App {
  return App.of(construct);
}

interface Kinds {
  readonly CronJob: CronJob;
  readonly DaemonSet: DaemonSet;
  readonly Deployment: Deployment;
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  readonly Job: Job;
  readonly NetworkPolicy: NetworkPolicy;
  readonly PodDisruptionBudget: PodDisruptionBudget;
  readonly Service: Service;
  readonly StatefulSet: StatefulSet;
}

/** The kinds of the objects of the app that holds the construct. */
export function kindsAround(service: Construct): readonly string[] {
  return objectsAround(service).map(({ kind }) => kind);
}

/** The one object of a kind that a service makes, as cdk8s renders it. */
export function objectOf<K extends keyof Kinds>(service: Application, kind: K): Kinds[K] {
  const found = objectsAround(service).filter(
    (each) => each.kind === kind && each.metadata.name === service.name,
  );
  assert.equal(found.length, 1, `there must be one ${kind}`);
  return found[0] as unknown as Kinds[K];
}

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

function objectsAround(service: Construct): readonly Rendered[] {
  return appOf(service).charts.flatMap((chart) => chart.toJson() as Rendered[]);
}
