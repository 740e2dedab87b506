import type { HttpProbe } from "../../clusters/waves/probes.ts";
import type { TargetCluster } from "../../delivery/index.ts";
import { KeelsonError } from "../../errors.ts";
import { KubeError } from "../../kube/errors.ts";

/** How long an answer of what stands behind a Service may take. */
const answerMs = 5000;

/** Asks a Service through the API server; gives why the answer is no success. The API server itself has just answered. */
export async function probeHttp(
  { client }: TargetCluster,
  namespace: string,
  { service, port, path }: HttpProbe,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const way = `${servicePath(namespace, service, port)}${path}`;
    await client.request({ path: way, timeoutMs: answerMs, signal });
    return [];
  } catch (error) {
    const why = whyNot(error);
    if (why === undefined) throw error;
    return [`${service}:${port}${path} ${why}`];
  }
}

/** The path of a Service behind the API server. */
export function servicePath(namespace: string, service: string, port: number | string): string {
  const name = [service, port].map(encodeURIComponent).join(":");
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${name}/proxy`;
}

// A Service that takes its time is no cluster that says nothing.
function whyNot(error: unknown): string | undefined {
  // The API server says why it found nothing behind a Service; what an app says is its own.
  if (error instanceof KubeError)
    return `answers with ${error.status}${error.reason === "" ? "" : `: ${error.said}`}`;
  return KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE" ? "does not answer" : undefined;
}
