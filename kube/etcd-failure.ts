import { KubeError } from "./errors.ts";

// Errors of etcd that pass: those of the class "unavailable", and the one for too much at once (api/v3rpc/rpctypes/error.go of
// go.etcd.io/etcd); and what its client says of a connection that breaks and of a deadline that passes.
const passing =
  /etcdserver: (?:leader changed|no leader|not capable|request timed out|server stopped|too many requests|unhealthy cluster)|rpc error: code = Unavailable|^context deadline exceeded$/u;

/**
 * Whether an API server refused because its etcd did not serve it for the moment; what was asked for may have happened. This
 * is in the server's words alone: it passes them on with a status that means something else, such as 500, or 422 for a Service
 * that gets no address (kubernetes/kubernetes#118921). Pure.
 */
export function isEtcdFailure(error: unknown): boolean {
  return error instanceof KubeError && passing.test(error.said);
}
