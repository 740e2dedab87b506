import type { KubeClient } from "../../delivery/index.ts";

/** How long a client that nobody uses keeps its connections, in milliseconds. */
const lingerMs = 30_000;

interface Open {
  readonly client: Promise<KubeClient>;
  users: number;
  end?: NodeJS.Timeout;
}

/**
 * Clients that stay connected for a while after they were closed, by their kubeconfig: a run looks at a set and, a moment
 * later, applies it, and a connection costs as much as ten requests.
 */
export function lingering(
  open: (kubeconfig: string) => Promise<KubeClient>,
  idleMs: number = lingerMs,
): (kubeconfig: string) => Promise<KubeClient> {
  const all = new Map<string, Open>();
  return async (kubeconfig) => {
    const used: Open = all.get(kubeconfig) ?? { client: open(kubeconfig), users: 0 };
    all.set(kubeconfig, used);
    used.users += 1;
    clearTimeout(used.end);
    const client = await used.client.catch((error: unknown) => {
      all.delete(kubeconfig);
      throw error;
    });
    let isClosed = false;
    const close = (): void => {
      if (isClosed) return;
      isClosed = true;
      used.users -= 1;
      if (used.users > 0) return;
      used.end = setTimeout(() => {
        all.delete(kubeconfig);
        client.close();
      }, idleMs).unref();
    };
    return { ...client, close };
  };
}
