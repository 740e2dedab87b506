import type { FleetLock } from "../../clusters/lock/lock.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";
import type { ReleaseStore } from "../../delivery/index.ts";
import type { AppOffer } from "../../stacks/components/set-workload.ts";

/**
 * Throws old releases away that nothing refers to: neither the lock, nor what is offered, nor a rollout, which may have to
 * go back. Gives their number. Whoever shares the store has records in it, too, so theirs are kept as well.
 */
export async function collectReleases(
  store: ReleaseStore,
  lock: FleetLock,
  signal: AbortSignal,
): Promise<number> {
  const records = async <Value>(prefix: string): Promise<readonly Value[]> => {
    const names = await store.listRecords(prefix, { signal });
    return Promise.all(names.map(async (name) => (await store.readRecord(name, { signal })) as Value));
  };
  const used = [
    ...Object.values(lock.releases).flatMap((clusters) => Object.values(clusters)),
    ...(await records<AppOffer>("apps/")).flatMap(({ clusters }) =>
      Object.values(clusters).map((offer) => offer.release),
    ),
    ...(await records<Rollout>("rollouts/")).flatMap(({ targets }) =>
      Object.values(targets).flatMap(({ from, to }) => [from, to].filter((digest) => digest !== null)),
    ),
  ];
  return (await store.collect({ used: new Set(used) }, { signal })).removed.length;
}
