/** Annotation of a Service that is exported to the clusters of a set by a port of the nodes. */
export const exportedAnnotation = "keelson.dev/exported";

/** The namespace that holds, in every cluster of a set, what leads to the services of the others. */
export const clusterSetNamespace = "keelson-clusterset";

/** A service of a set: the same name and namespace mean the same service in every cluster. */
export interface ClusterSetService {
  readonly name: string;
  readonly namespace: string;
}

/** Where a service answers in every cluster of its set. */
export function clusterSetHost({ name, namespace }: ClusterSetService): string {
  return `${name}.${namespace}.svc.clusterset.local`;
}

/** The Service that leads there, in `keelson-clusterset`. Its name begins with a letter, which one of a namespace need not. */
export function derivedName({ name, namespace }: ClusterSetService): string {
  return `${name}--${namespace}`;
}
