import { command } from "../../remote/quote.ts";
import type { Runner } from "../../remote/runner.ts";
import { waitFor } from "../../remote/wait.ts";
import type { Plane } from "../plane.ts";
import type { Seat } from "./membership.ts";
import { askMembers } from "./wait-for-quorum.ts";

/** A little longer than a join may take. */
const longestSeconds = 330;

/** A host whose join is under way. */
export interface Joining {
  readonly seat: Seat;
  readonly runner: Runner;
}

/**
 * Waits until a host that joins is a voting member of etcd and serves reads that need a quorum, as another member confirms:
 * etcd may change again then, while the host's API server starts. The host is asked first, which costs little.
 *
 * @param seats - Who can be asked: the hosts that were whole before.
 * @throws KeelsonError KEELSON_TIMEOUT, KEELSON_ABORTED; CommandError if the host's etcd never serves
 */
export async function waitForVote(
  plane: Plane,
  { seat, runner }: Joining,
  { seats, signal }: { readonly seats: readonly Seat[]; readonly signal: AbortSignal },
): Promise<void> {
  await runner.run(command`timeout ${longestSeconds} bash -c ${untilReady}`, { signal });
  await waitFor({
    what: `the etcd of "${seat.name}" to vote`,
    deadlineMs: 60_000,
    longestPauseMs: 500,
    signal,
    probe: async () => {
      const list = await askMembers(plane, seats);
      const own = list?.members.find(({ address }) => address === seat.address);
      return list?.isConfirmed === true && own?.isHealthy === true ? true : undefined;
    },
  });
}

/** kubeadm lets etcd tell this, without a certificate, on the host alone. */
const untilReady = String.raw`until (exec 3<>/dev/tcp/127.0.0.1/2381 && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3) 2>/dev/null | grep -q ' 200 '; do sleep 0.5; done`;
